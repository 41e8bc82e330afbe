import type { Answer } from '../../model/ports.ts';
import type { ConflictOutcome, ConflictRef, SettleReport } from '../../model/run.ts';
import { outcomeEffects } from '../../rules/answers/outcome-effects.ts';
import type { StoreContext } from '../database/store-context.ts';
import { markConflict, readConflict, removeConflicts, type ConflictRecord } from '../outbox/conflict-rows.ts';
import { parkAgain } from '../outbox/transitions/resolve.ts';
import type { Session } from '../sql/session.ts';
import { boundedError } from '../sql/stored-reason.ts';
import { settleAnswers } from './settle.ts';

/**
 * Settles the answer to the request of a resolution. A new conflict is stored with the fresh server row for the next
 * round. An answer that closes the request without a verdict leaves the conflict unchanged. A definite refusal parks it
 * with the reason (F-03).
 */
export async function settleResolution(
  session: Session,
  context: StoreContext,
  ref: ConflictRef,
  answer: Answer,
): Promise<ConflictOutcome> {
  const { outcome } = answer;
  const record = await readConflict(session, ref.kind, ref.entityId);
  const report = await settleAnswers(session, context, [answer]);
  switch (outcome.type) {
    case 'applied':
      return { type: 'resolved', ...toldOf(report) };
    case 'conflict': {
      // Announced once; the following round decides on fresh data.
      const facts = report.facts.filter((fact) => fact.type !== 'conflict.detected');
      return { type: 'again', ...toldOf(report), facts };
    }
    default: {
      const { request, head } = outcomeEffects[outcome.type];
      // The same request is sent again, and the conflict stays visible.
      if (request === 'open') return { type: 'left', ...toldOf(report) };
      if (head === 'waiting') return leaveRefused(session, context, { record, report, refusal: outcome.error });
      if (record) await repark(session, context, record, record.reason);
      return { type: 'again', ...toldOf(report) };
    }
  }
}

const toldOf = ({ pushed, errors, facts }: SettleReport): Omit<ConflictOutcome, 'type'> => ({ pushed, errors, facts });

interface Refused {
  readonly record: ConflictRecord | undefined;
  readonly report: SettleReport;
  readonly refusal: Error;
}

async function leaveRefused(
  session: Session,
  context: StoreContext,
  { record, report, refusal }: Refused,
): Promise<ConflictOutcome> {
  if (!record) return { type: 'left', ...toldOf(report) };
  const { conflict, state } = record;
  const reason = boundedError(refusal.message);
  const isStuck = report.facts.some((fact) => fact.type === 'op.stuck');
  if (isStuck) await removeConflicts(session, conflict.kind, [conflict.entityId]);
  // A refused decision of a person is not sent again automatically.
  else await repark(session, context, { ...record, state: state === 'decided' ? 'awaiting' : state }, reason);
  return {
    type: 'left',
    ...toldOf(report),
    facts: [...report.facts, { type: 'conflict.unresolved', conflict, reason }],
  };
}

async function repark(
  session: Session,
  context: StoreContext,
  { conflict: { kind, entityId }, state, resolution, decidedOn }: ConflictRecord,
  reason: string | undefined,
): Promise<void> {
  await parkAgain(session, kind, entityId);
  const decided = state === 'decided' ? { resolution, decidedOn } : {};
  await markConflict(session, kind, entityId, { state, reason, ...decided }, context.unit.clock.now());
}
