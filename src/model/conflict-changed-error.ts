import type { Conflict } from './conflict.ts';
import type { SyncErrorCode } from './errors/error-codes.ts';
import { ConflictError } from './errors/errors.ts';

/** The rows of a conflict have changed since the decision. Nothing was decided: show `conflict` and ask again. */
export class ConflictChangedError extends ConflictError {
  override readonly name: string = 'ConflictChangedError';
  override readonly code: SyncErrorCode = 'CONFLICT_CHANGED';

  constructor(
    message: string,
    /** The current state of the conflict. */
    readonly conflict: Conflict,
    options?: ErrorOptions,
  ) {
    super(message, conflict.kind, conflict.entityId, conflict.localData, conflict.serverData, options);
  }
}
