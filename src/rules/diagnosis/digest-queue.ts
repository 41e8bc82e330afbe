import type { PendingReason } from '../../model/pending-operation.ts';
import type { QueuedOperation } from '../../model/queue.ts';
import { isRefusalCode } from '../answers/refusal-code.ts';

/** A queued operation with the reason that `explain()` finds. */
export interface ExplainedOperation extends QueuedOperation {
  readonly reason: PendingReason;
  /** Epoch ms. */
  readonly retryAt?: number | undefined;
}

/** Operations that wait for the same reason. */
export interface QueueGroup {
  readonly count: number;
  /** The queue was only sampled, so more than `count` operations may wait for this reason. */
  readonly isAtLeast: boolean;
  /** The oldest operation of the group. */
  readonly first: {
    readonly opId: string;
    readonly kind: string;
    readonly entityId: string;
    readonly lastError?: string | undefined;
    /** The server's reasons by wire key. */
    readonly errorFields?: Readonly<Record<string, string>> | undefined;
  };
  /** The earliest next attempt of the group, epoch ms. */
  readonly retryAt?: number | undefined;
}

/** A reason of `explain()`, split where the remedies differ. */
export type QueueGroupName = PendingReason | 'unsendable' | 'rejected' | 'ring';

export type QueueDigest = Readonly<Partial<Record<QueueGroupName, QueueGroup>>>;

/** Groups operations by their reason to wait. `isSample`: only part of the queue was read. */
export function digestQueue(operations: readonly ExplainedOperation[], isSample: boolean): QueueDigest {
  const groups: Partial<Record<QueueGroupName, QueueGroup>> = {};
  for (const operation of operations)
    for (const name of groupsOf(operation)) {
      const known = groups[name];
      const { opId, kind, entityId, lastError, errorFields } = operation;
      const retryAt = Math.min(known?.retryAt ?? Infinity, operation.retryAt ?? Infinity);
      groups[name] = {
        count: (known?.count ?? 0) + 1,
        isAtLeast: isSample,
        first: known?.first ?? {
          opId,
          kind,
          entityId,
          ...(lastError === undefined ? {} : { lastError }),
          ...(errorFields === undefined ? {} : { errorFields }),
        },
        ...(retryAt === Infinity ? {} : { retryAt }),
      };
    }
  return groups;
}

function groupsOf(operation: ExplainedOperation): readonly QueueGroupName[] {
  const { reason, errorCode, ring } = operation;
  const cannotBeSent = errorCode === 'upgradeFailed' || errorCode === 'damaged';
  const own: QueueGroupName =
    reason === 'stuck' && cannotBeSent ? 'unsendable' : isRefused(operation) ? 'rejected' : reason;
  return ring === undefined ? [own] : [own, 'ring'];
}

/** The server gave it a definite answer. Other failures may be temporary. */
const isRefused = ({ state, errorCode }: ExplainedOperation): boolean =>
  state === 'waiting' && isRefusalCode(errorCode);
