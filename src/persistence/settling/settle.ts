import type { SyncFact } from '../../model/events.ts';
import type { Outcome } from '../../model/outcome.ts';
import type { Answer } from '../../model/ports.ts';
import type { SettleReport } from '../../model/run.ts';
import { grouped } from '../../rules/values/grouped.ts';
import { tableOf, type StoreContext } from '../database/store-context.ts';
import { readConflictsOf, removeConflicts } from '../outbox/conflict-rows.ts';
import { markSettled } from '../replica/resync-marks.ts';
import type { Session } from '../sql/session.ts';
import type { ReplicaTable } from '../tables/replica-table.ts';
import { releaseDependents } from '../taking/dependencies.ts';
import { EntityChanges } from './entity-changes.ts';
import { plainlyApplied, type PlainDeparture } from './plainly-applied.ts';
import { resolvedFacts } from './resolved-facts.ts';
import { settleApplied } from './settle-applied.ts';
import { settleConflict } from './settle-conflict.ts';
import { settleUnapplied } from './settle-unapplied.ts';
import { tellPushed, type Settling, type Tally } from './settling.ts';
import { writeChanges } from './write-changes.ts';

/** Settles the answers of a batch within one transaction. Facts follow the order of the answers. */
export async function settleAnswers(
  session: Session,
  context: StoreContext,
  answers: readonly Answer[],
): Promise<SettleReport> {
  const tally: Tally = { pushed: 0, errors: 0, conflicts: [], facts: [] };
  const changesByKind = new Map<string, EntityChanges>();
  const plain = new Map<Answer, PlainDeparture>();
  for (const [kind, group] of grouped(answers, (answer) => answer.request.kind)) {
    const table = tableOf(context, kind);
    for (const [answer, departure] of await plainlyApplied(session, table, group)) plain.set(answer, departure);
    const others = group.filter((answer) => !plain.has(answer)).map((answer) => answer.request.entityId);
    changesByKind.set(kind, await EntityChanges.load(session, table, others));
  }
  const applied = new Map<string, string[]>();
  for (const answer of answers) {
    const changes = changesByKind.get(answer.request.kind);
    if (!changes) continue;
    const departure = plain.get(answer);
    if (departure !== undefined) {
      changes.leavePlainly(answer.request.entityId, departure);
      tellPushed(departure.ops, tally);
    } else if (!(await settleOne({ session, context, changes, tally }, answer))) continue;
    const ids = applied.get(answer.request.kind);
    if (ids) ids.push(answer.request.entityId);
    else applied.set(answer.request.kind, [answer.request.entityId]);
  }
  for (const changes of changesByKind.values()) tally.facts.push(...(await writeChanges(session, context, changes)));
  for (const [kind, ids] of applied) {
    await markSettled(session, kind, ids);
    tally.facts.push(...(await closeConflicts(session, kind, ids, answers)));
    await releaseDependents(session, context, kind, ids);
  }
  return {
    batchSize: answers.reduce((sum, { request }) => sum + request.opIds.length, 0),
    pushed: tally.pushed,
    errors: tally.errors,
    conflicts: tally.conflicts,
    facts: tally.facts,
  };
}

/** Removes the conflicts of entities whose request the server accepted. The facts report their resolution. */
async function closeConflicts(
  session: Session,
  kind: string,
  ids: readonly string[],
  answers: readonly Answer[],
): Promise<readonly SyncFact[]> {
  const records = await readConflictsOf(session, kind, ids);
  if (records.length === 0) return [];
  await removeConflicts(session, kind, ids);
  return records.flatMap((record) => {
    const answer = answers.find(
      ({ request }) => request.kind === kind && request.entityId === record.conflict.entityId,
    );
    if (record.resolution === undefined || answer?.outcome.type !== 'applied') return [];
    const { op } = answer.request;
    return resolvedFacts(
      record,
      record.resolution,
      op.type === 'upsert' ? { ...op.payload, ...answer.outcome.row } : undefined,
    );
  });
}

/** Settles one answer. Returns whether the operations left as applied. */
async function settleOne(
  parts: Omit<Settling, 'request' | 'group'>,
  { request, outcome: answered, dueInMs }: Answer,
): Promise<boolean> {
  const { changes } = parts;
  const members = new Set(request.opIds);
  const group = changes.queueOf(request.entityId).filter((op) => members.has(op.opId));
  // Dropped or purged while in flight, so the answer has nothing to settle.
  if (group.length === 0) return false;
  const settling: Settling = { ...parts, request, group };
  const outcome = judged(answered, request.op.type, changes.table);
  switch (outcome.type) {
    case 'applied':
      settleApplied(settling, outcome.row);
      return true;
    case 'conflict':
      await settleConflict(settling, outcome);
      return false;
    default:
      settleUnapplied(settling, outcome, dueInMs);
      return false;
  }
}

/** Accepted, but the row is still deleted on the server: the edit has not arrived (F-120). */
const judged = (outcome: Outcome, type: 'upsert' | 'delete', table: ReplicaTable): Outcome =>
  outcome.type === 'applied' && type === 'upsert' && outcome.row !== undefined && table.isDeleted(outcome.row)
    ? { type: 'conflict', current: outcome.row, deleted: true, serverTimestamp: table.readUpdatedAt(outcome.row) ?? '' }
    : outcome;
