import type { PendingReason } from '../../model/pending-operation.ts';
import type { QueuedOperation } from '../../model/queue.ts';
import { isRefusalCode } from '../answers/refusal-code.ts';

/** A queued operation with its reason, as `explain()` finds it. */
export interface ExplainedOperation extends QueuedOperation {
  readonly reason: PendingReason;
  /** Epoch ms. */
  readonly retryAt?: number | undefined;
}

/** Operations that wait for the same reason. */
export interface QueueGroup {
  readonly count: number;
  /** Only a sample of the queue was read: more than `count` may wait so. */
  readonly isAtLeast: boolean;
  /** The oldest of them. */
  readonly first: {
    readonly opId: string;
    readonly kind: string;
    readonly entityId: string;
    readonly lastError?: string | undefined;
    /** The server's reasons by wire key. */
    readonly errorFields?: Readonly<Record<string, string>> | undefined;
  };
  /** The earliest time at which one of them is tried again, epoch ms. */
  readonly retryAt?: number | undefined;
}

/** A reason of `explain()`, divided where something else helps. */
export type QueueGroupName = PendingReason | 'unsendable' | 'rejected' | 'ring';

export type QueueDigest = Readonly<Partial<Record<QueueGroupName, QueueGroup>>>;

/** Sums operations up by what holds them. `isSample`: not all of the queue was read. */
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

/** The server gave a definite answer to it. Whatever else waits may pass. */
const isRefused = ({ state, errorCode }: ExplainedOperation): boolean =>
  state === 'waiting' && isRefusalCode(errorCode);
