import { SyncOperationError } from './errors/errors.ts';
import type { DiscardReason } from './events.ts';

/**
 * Why the server does not have a write. `rejected`: it refused it for now; it stays queued and is tried with the next
 * run. `stuck`: refused too often. `ambiguous`: sent, and nobody knows what came of it. `conflict`: a decision is
 * awaited. `discarded`: given up, `discardReason` says how.
 */
export type NotAckedReason = 'rejected' | 'stuck' | 'ambiguous' | 'conflict' | 'discarded';

interface NotAckedOptions extends ErrorOptions {
  readonly kind: string;
  readonly entityId: string;
  readonly discardReason?: DiscardReason | undefined;
}

/**
 * A write that was awaited with `await: 'acked'` did not reach the server, and waiting longer would not help. `cause`
 * is the server's refusal.
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
