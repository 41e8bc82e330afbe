import { type SyncError, syncErrorInfo } from '../../model/errors/errors.ts';
import type { SyncFact } from '../../model/events.ts';
import type { Outcome } from '../../model/outcome.ts';
import { outcomeEffects, willRetry, type OutcomeEffects } from '../../rules/answers/outcome-effects.ts';
import { OutboxState } from '../database/outbox-columns.ts';
import type { StoredOp } from '../outbox/outbox-rows.ts';
import type { SettledOperation } from '../outbox/transitions/settle-operations.ts';
import { storedReason } from '../sql/stored-reason.ts';
import type { Settling, Tally } from './settling.ts';

/**
 * Settles an outcome that leaves the operations queued, according to {@link outcomeEffects}. `dueInMs`: the operation's
 * own wait.
 */
export function settleUnapplied(
  { context, changes, request: taken, group, tally }: Settling,
  outcome: Exclude<Outcome, { type: 'applied' | 'conflict' }>,
  dueInMs: number | undefined,
): void {
  const { config, unit } = context;
  const { error } = outcome;
  const { request, countsTry, head: becomes, isFailure } = outcomeEffects[outcome.type];
  const countTry = countsTry === 'always';
  const tries = Math.max(...group.map((op) => op.tryCount)) + (countTry ? 1 : 0);
  const isStuck = countTry && tries >= config.maxOutboxTryCount;
  const shared = {
    error: storedReason(error.message, syncErrorInfo(error).fields),
    code: outcome.type === 'rejected' ? outcome.code : outcome.type,
    dueAt: dueInMs === undefined ? undefined : unit.clock.now() + dueInMs,
    countTry,
    close: request !== 'open',
  };
  const head = changes.queueOf(taken.entityId)[0];
  for (const op of group)
    changes.transition({
      ...shared,
      seq: op.seq,
      reuseKey: request === 'neverSent' && op.requestId !== undefined,
      ...(op.seq === head?.seq ? stateOf(isStuck ? 'stuck' : becomes) : {}),
    });
  if (isFailure) tellFailed(group, error, willRetry(outcome.type, tries, config.maxOutboxTryCount), tally);
  if (isStuck || becomes === 'ambiguous') tellStuck(group, error, countTry ? 1 : 0, tally);
}

function stateOf(becomes: OutcomeEffects['head'] | 'stuck'): Pick<SettledOperation, 'state' | 'parked'> {
  switch (becomes) {
    case 'ready':
      return { state: OutboxState.ready };
    case 'waiting':
      return { state: OutboxState.waiting };
    case 'stuck':
    case 'ambiguous':
    case 'conflict':
      return { state: OutboxState.parked, parked: becomes };
    case 'gone':
      return {};
  }
}

function tellFailed(group: readonly StoredOp[], error: SyncError, willRetry: boolean, tally: Tally): void {
  tally.errors += group.length;
  tally.facts.push(
    ...group.map(
      (op): SyncFact => ({
        type: 'op.failed',
        opId: op.opId,
        kind: op.kind,
        entityId: op.entityId,
        error,
        errorInfo: syncErrorInfo(error),
        willRetry,
      }),
    ),
  );
}

function tellStuck(group: readonly StoredOp[], error: SyncError, more: number, tally: Tally): void {
  tally.facts.push(
    ...group.map(
      (op): SyncFact => ({
        type: 'op.stuck',
        opId: op.opId,
        kind: op.kind,
        entityId: op.entityId,
        tryCount: op.tryCount + more,
        error,
        errorInfo: syncErrorInfo(error),
      }),
    ),
  );
}
