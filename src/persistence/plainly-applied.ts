import type { JsonObject } from '../model/json.ts';
import type { Answer } from '../model/ports.ts';
import { readSurpassed } from './base-rows.ts';
import type { StoredOp } from './outbox-rows.ts';
import type { ReplicaTable } from './replica-table.ts';
import { listOf, type Session } from './session.ts';
import { takenOperations } from './taken-operations.ts';

/** What is left of settling an accepted upsert when there is nothing to decide: these operations leave, and this row is written. */
export interface PlainDeparture {
  readonly ops: readonly StoredOp[];
  readonly row: JsonObject;
}

interface Candidate extends PlainDeparture {
  readonly answer: Answer;
}

/**
 * Of these answers to one kind, the accepted upserts of entities with nothing else pending, whose answer is the whole row and not older than what
 * is known: the queue is empty afterwards, and nothing of base or payload shows through that row. Everything is looked up in the settling
 * transaction, by three looks into indexes; the rows themselves were read when they were taken.
 */
export async function plainlyApplied(session: Session, table: ReplicaTable, answers: readonly Answer[]): Promise<ReadonlyMap<Answer, PlainDeparture>> {
  const candidates = answers.flatMap((answer): Candidate[] => {
    const { request, outcome } = answer;
    const ops = takenOperations(request);
    if (ops === undefined || outcome.type !== 'applied' || request.op.type !== 'upsert' || outcome.row === undefined) return [];
    const { row } = outcome;
    if (table.isDeleted(row) || table.readUpdatedAt(row) === undefined || !table.isComplete(row)) return [];
    // It lives, else the edit would not have been accepted.
    return [{ answer, ops, row: { [table.keys.id]: request.entityId, [table.keys.deletedAt]: null, ...row } }];
  });
  const ids = new Set(answers.map(({ request }) => request.entityId));
  if (candidates.length === 0 || ids.size < answers.length) return new Map();
  const entities = candidates.map(({ answer }) => answer.request.entityId);
  const seqs = candidates.flatMap(({ ops }) => ops.map(({ seq }) => seq));
  const { inList } = session.dialect;
  const present = await session.one<{ count: number | string }>(`SELECT COUNT(*) AS "count" FROM "sync_outbox" WHERE ${inList('"seq"')}`, [listOf(seqs)]);
  // Some were dropped or purged while they were under way: their answer has nothing to settle.
  if (Number(present?.count) !== seqs.length) return new Map();
  const followed = await session.query<{ entityId: string }>(
    `SELECT "entity_id" AS "entityId" FROM "sync_outbox" WHERE "kind" = ? AND ${inList('"entity_id"')} AND NOT (${inList('"seq"')})`,
    [table.kind, listOf(entities), listOf(seqs)],
  );
  const surpassed = await readSurpassed(session, table.kind, entities);
  const followedIds = new Set(followed.map(({ entityId }) => entityId));
  return new Map(
    candidates
      .filter(({ answer: { request } }) => !followedIds.has(request.entityId) && !surpassed.has(request.entityId))
      .map(({ answer, ops, row }) => [answer, { ops, row }]),
  );
}
