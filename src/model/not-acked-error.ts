import { SyncOperationError } from './errors/errors.ts';
import type { DiscardReason } from './events.ts';

/**
 * Why the server does not have a write. `rejected`: the server refused it; it stays queued and the next run retries it.
 * `stuck`: the server refused it too often. `ambiguous`: it was sent, and its result is unknown. `conflict`: it waits
 * for a decision. `discarded`: it was dropped; `discardReason` says why.
 */
export type NotAckedReason = 'rejected' | 'stuck' | 'ambiguous' | 'conflict' | 'discarded';

interface NotAckedOptions extends ErrorOptions {
  readonly kind: string;
  readonly entityId: string;
  readonly discardReason?: DiscardReason | undefined;
}

/**
 * A write with `await: 'acked'` did not reach the server, and further waiting would not help. `cause` is the server's
 * refusal.
 */
export class NotAckedError extends SyncOperationError {
  override readonly name: string = 'NotAckedError';
  readonly kind: string;
  readonly entityId: string;
  readonly discardReason: DiscardReason | undefined;

  constructor(
    message: string,
    opId: string,
    readonly reason: NotAckedReason,
    { kind, entityId, discardReason, ...options }: NotAckedOptions,
  ) {
    super(message, 'push', opId, options);
    this.kind = kind;
    this.entityId = entityId;
    this.discardReason = discardReason;
  }
}
