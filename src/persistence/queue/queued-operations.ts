import type { QueuedOperation } from '../../model/queue.ts';
import type { StoreContext } from '../database/store-context.ts';
import { waitingForCode } from '../outbox/error-codes.ts';
import type { StoredOp } from '../outbox/outbox-rows.ts';
import { stateNameOf } from '../outbox/queue-state-names.ts';
import { closedRings } from '../taking/waiting-rings.ts';

/**
 * Converts operations to the port's form. `ops` are in outbox order. What an operation waits for is included if `ops`
 * contain it. `refused` are kinds that a newer release of the app has used.
 */
export function toQueuedOperations(
  context: StoreContext,
  ops: readonly StoredOp[],
  refused: ReadonlySet<string>,
): readonly QueuedOperation[] {
  const previous = new Map<string, string>();
  const rings = closedRings(context, ops);
  return ops.map((op): QueuedOperation => {
    const entity = `${op.kind}\n${op.entityId}`;
    const waitingFor = previous.get(entity) ?? (op.errorCode === waitingForCode ? op.lastError : undefined);
    previous.set(entity, op.opId);
    return {
      opId: op.opId,
      kind: op.kind,
      entityId: op.entityId,
      type: op.type,
      state: stateNameOf(op.state),
      parkedFor: op.parked,
      waitingFor,
      ...(rings.has(op.seq) ? { ring: rings.get(op.seq) } : {}),
      dueAt: op.dueAt,
      tryCount: op.tryCount,
      lastError: op.damaged ?? op.lastError,
      ...(op.damaged === undefined && op.errorFields !== undefined ? { errorFields: op.errorFields } : {}),
      errorCode: op.damaged === undefined ? op.errorCode : 'damaged',
      enqueuedAt: op.enqueuedAt,
      ...(refused.has(op.kind) ? { newerSchema: true } : {}),
    };
  });
}
