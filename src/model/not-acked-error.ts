import type { SyncErrorCode } from './errors/error-codes.ts';
import { SyncOperationError } from './errors/errors.ts';
import type { DiscardReason } from './events.ts';

/**
 * Why the server does not have a write. `rejected`: the server refused it; it stays queued and the next run retries it.
 * `stuck`: the server refused it too often. `ambiguous`: it was sent, and its result is unknown. `conflict`: it waits
 * for a decision. `discarded`: it was dropped; `discardReason` says why.
 */
export type NotAckedReason = 'rejected' | 'stuck' | 'ambiguous' | 'conflict' | 'discarded';

const codes: Readonly<Record<NotAckedReason, SyncErrorCode>> = {
  rejected: 'NOT_ACKED_REJECTED',
  stuck: 'NOT_ACKED_STUCK',
  ambiguous: 'NOT_ACKED_AMBIGUOUS',
  conflict: 'NOT_ACKED_CONFLICT',
  discarded: 'NOT_ACKED_DISCARDED',
};

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
  override readonly code: SyncErrorCode;
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
    this.code = codes[reason];
    this.kind = kind;
    this.entityId = entityId;
    this.discardReason = discardReason;
  }
}
