import type { JsonObject } from '../../model/values/json.ts';
import type { Answer } from '../../model/ports.ts';
import { readSurpassed } from '../outbox/base-rows.ts';
import type { StoredOp } from '../outbox/outbox-rows.ts';
import type { ReplicaTable } from '../tables/replica-table.ts';
import { listOf, type Session } from '../sql/session.ts';
import { takenOperations } from '../outbox/taken-operations.ts';

/** An accepted upsert that needs no decision: these operations leave, and this row is written. */
export interface PlainDeparture {
  readonly ops: readonly StoredOp[];
  readonly row: JsonObject;
  /** Sent values are stored beside rows of the kind. */
  readonly hasWireValues: boolean;
}

interface Candidate extends Omit<PlainDeparture, 'hasWireValues'> {
  readonly answer: Answer;
}

/**
 * The accepted upserts among these answers to one kind that have nothing else pending, and whose answer is the whole
 * row and not older than the known version. Their queue is empty afterwards, and nothing of base or payload shows
 * through the row. Two index lookups in the settling transaction suffice; the rows were read when they were taken.
 */
export async function plainlyApplied(
  session: Session,
  table: ReplicaTable,
  answers: readonly Answer[],
): Promise<ReadonlyMap<Answer, PlainDeparture>> {
  const candidates = answers.flatMap((answer): Candidate[] => {
    const { request, outcome } = answer;
    const ops = takenOperations(request);
    if (ops === undefined || outcome.type !== 'applied' || request.op.type !== 'upsert' || outcome.row === undefined)
      return [];
    const { row } = outcome;
    if (table.isDeleted(row) || table.readUpdatedAt(row) === undefined || !table.mapping.isComplete(row)) return [];
    const { id, deletedAt } = table.keys;
    const isFull = row[id] === request.entityId && Object.hasOwn(row, deletedAt);
    // The row lives, otherwise the server would not have accepted the edit.
    return [
      {
        answer,
        ops,
        row: isFull ? row : { ...row, [id]: row[id] ?? request.entityId, [deletedAt]: row[deletedAt] ?? null },
      },
    ];
  });
  const ids = new Set(answers.map(({ request }) => request.entityId));
  if (candidates.length === 0 || ids.size < answers.length) return new Map();
  const entities = candidates.map(({ answer }) => answer.request.entityId);
  const seqs = candidates.flatMap(({ ops }) => ops.map(({ seq }) => seq));
  const { inList } = session.dialect;
  const queued = await session.one<{ all: number | string; taken: number | string; hasWireValues: number | boolean }>(
    `SELECT COUNT(*) AS "all", SUM(CASE WHEN ${inList('"seq"')} THEN 1 ELSE 0 END) AS "taken",
       EXISTS (SELECT 1 FROM "sync_wire_values" WHERE "kind" = ?) AS "hasWireValues" FROM "sync_outbox" WHERE "kind" = ? AND ${inList('"entity_id"')}`,
    [listOf(seqs), table.kind, table.kind, listOf(entities)],
  );
  const hasWireValues = Boolean(queued?.hasWireValues);
  // Some were dropped or purged while in flight. Their answer has nothing to settle.
  if (Number(queued?.taken) !== seqs.length) return new Map();
  const followedIds =
    Number(queued?.all) === seqs.length ? new Set<string>() : await readFollowed(session, table.kind, entities, seqs);
  const surpassed = await readSurpassed(session, table.kind, entities);
  return new Map(
    candidates
      .filter(({ answer: { request } }) => !followedIds.has(request.entityId) && !surpassed.has(request.entityId))
      .map(({ answer, ops, row }) => [answer, { ops, row, hasWireValues }]),
  );
}

/** Filters these entities to those with further operations. */
async function readFollowed(
  session: Session,
  kind: string,
  entityIds: readonly string[],
  seqs: readonly number[],
): Promise<ReadonlySet<string>> {
  const { inList } = session.dialect;
  const rows = await session.query<{ entityId: string }>(
    `SELECT "entity_id" AS "entityId" FROM "sync_outbox" WHERE "kind" = ? AND ${inList('"entity_id"')} AND NOT (${inList('"seq"')})`,
    [kind, listOf(entityIds), listOf(seqs)],
  );
  return new Set(rows.map(({ entityId }) => entityId));
}
