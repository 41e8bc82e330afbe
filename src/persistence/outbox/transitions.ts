import { DatabaseError } from '../../model/errors/errors.ts';
import { grouped } from '../../rules/values/grouped.ts';
import { OutboxState, type ParkedFor } from '../database/entities.ts';
import { chunked, listOf, type Session, type SqlType } from '../sql/session.ts';
import { operationTransitions, type State, type TransitionName } from './transition-table.ts';
import { damagedCode, newerSchemaCode, upgradeFailedCode, waitingForCode } from './error-codes.ts';
import { outboxColumns, type RawOutboxRow, type StoredOp } from './outbox-rows.ts';

/**
 * The state machine of a queued operation. No other file updates or deletes rows of `sync_outbox`. Each function
 * performs the transition of its name in `transition-table.ts`. Where the caller names the operations, one that is in
 * another state than the transition starts from is a `DatabaseError`, and the transaction is undone: the caller has
 * misread the queue.
 */

const { behind, ready, waiting, parked, inFlight } = OutboxState;

/** One state is compared with `=`, for which the partial indexes are made. */
const isIn = (states: readonly State[]): string => {
  const numbers = states.map((state) => OutboxState[state]);
  return numbers.length === 1 ? `= ${numbers.join()}` : `IN (${numbers.join(', ')})`;
};
const startsFrom = (name: TransitionName): string => `"sync_outbox"."state" ${isIn(operationTransitions[name].from)}`;
const seqIn = (session: Session): string => session.dialect.inList('"seq"');

/**
 * Changes the named operations by a transition. Throws `DatabaseError` where it does not start from the state of one of
 * them.
 */
async function move(
  session: Session,
  name: TransitionName,
  seqs: readonly number[],
  set: string,
  parameters: readonly unknown[] = [],
): Promise<void> {
  if (seqs.length === 0) return;
  const changed = await session.changed(
    `UPDATE "sync_outbox" SET ${set} WHERE ${seqIn(session)} AND ${startsFrom(name)}`,
    [...parameters, listOf(seqs)],
  );
  if (changed !== new Set(seqs).size) await refuse(session, name, seqs);
}

async function refuse(session: Session, name: TransitionName, seqs: readonly number[]): Promise<void> {
  const { from, to } = operationTransitions[name];
  const rows = await session.query<{ seq: number | string; opId: string; state: number }>(
    `SELECT "seq", "op_id" AS "opId", "state" FROM "sync_outbox" WHERE ${seqIn(session)}`,
    [listOf(seqs)],
  );
  const nameOf = (state: number): string =>
    Object.entries(OutboxState).find(([, number]) => number === state)?.[0] ?? `state ${state}`;
  const states = rows.map(({ opId, state }) => ({ opId, state: nameOf(state) }));
  // Those that were changed are in a state that the transition leads to.
  const others = states.filter(({ state }) => !(to as readonly string[]).includes(state));
  const told = (others.length > 0 ? others : states).map(({ opId, state }) => `${opId} is ${state}`);
  const known = new Set(rows.map(({ seq }) => Number(seq)));
  const missing = seqs.filter((seq) => !known.has(seq)).map((seq) => `the operation of seq ${seq} is gone`);
  throw new DatabaseError(
    `The outbox does not allow '${name}': it starts from ${from.join(' or ')}, but ${[...told, ...missing].join(', ')}`,
  );
}

/** A head whose tries are used up is parked, any other is ready. Takes the limit twice as parameters. */
const readyOrStuck = (tries = '"try_count"'): string =>
  `"state" = CASE WHEN ${tries} >= ? THEN ${parked} ELSE ${ready} END, "parked" = CASE WHEN ${tries} >= ? THEN 'stuck' ELSE NULL END`;

// ── Taking ──────────────────────────────────────────────────────────────────────────────────────────────────────────

/** What a request that is about to leave says, on the newest of its operations. */
export interface FrozenRequest {
  readonly seq: number;
  readonly requestId: string;
  /** Null: as the operation has it. */
  readonly body: string | null;
  readonly base: string | undefined;
  /** The operation is also the head of its line. */
  readonly isHead: boolean;
}

/** Key of the next request: the operation's own id, then `#2`, `#3`… for other bodies (I2, F-32, F-133). */
export const nextRequestId = (op: Pick<StoredOp, 'opId' | 'attempt'>): string =>
  op.attempt === 0 ? op.opId : `${op.opId}#${op.attempt + 1}`;

const frozenTypes: readonly SqlType[] = ['integer', 'text', 'text', 'text', 'integer'];

/**
 * Heads that go out as they are stored: all of the request is in the row already. The key is that of `nextRequestId`.
 */
export const takePlainly = (session: Session, seqs: readonly number[], now: number): Promise<void> =>
  move(
    session,
    'take',
    seqs,
    `"request_id" = CASE WHEN "attempt" = 0 THEN "op_id" ELSE "op_id" || '#' || CAST("attempt" + 1 AS text) END, "frozen_body" = NULL,
       "frozen_base" = NULLIF("base_updated_at", ''), "first_sent_at" = ?, "attempt" = "attempt" + 1, "state" = ${inFlight}, "due_at" = NULL`,
    [Math.trunc(now)],
  );

/** Freezes requests on the newest operation of each. The heads among them are taken with that. */
export async function freezeRequests(session: Session, requests: readonly FrozenRequest[], now: number): Promise<void> {
  for (const part of chunked(requests, 500)) {
    const changed = await session.changed(
      `UPDATE "sync_outbox" SET "request_id" = "f"."column2", "frozen_body" = "f"."column3", "frozen_base" = "f"."column4", "first_sent_at" = ?, "attempt" = "attempt" + 1,
         "state" = CASE WHEN "f"."column5" = 1 THEN ${inFlight} ELSE "state" END, "due_at" = NULL
       FROM (${session.dialect.values(frozenTypes, part.length)}) AS "f" WHERE "sync_outbox"."seq" = "f"."column1" AND ("f"."column5" = 0 OR ${startsFrom('take')})`,
      [
        Math.trunc(now),
        ...part.flatMap(({ seq, requestId, body, base, isHead }) => [
          seq,
          requestId,
          body,
          base ?? null,
          isHead ? 1 : 0,
        ]),
      ],
    );
    const seqs = part.map(({ seq }) => seq);
    if (changed !== seqs.length) await refuse(session, 'take', seqs);
  }
}

/** Heads of which the request is frozen already, or stands on a later operation. */
export const takeHeads = (session: Session, seqs: readonly number[]): Promise<void> =>
  move(session, 'take', seqs, `"state" = ${inFlight}, "due_at" = NULL`);

/** A request that somebody let go out again: its time begins anew. */
export async function renewRequests(session: Session, seqs: readonly number[], now: number): Promise<void> {
  if (seqs.length > 0)
    await session.run(`UPDATE "sync_outbox" SET "first_sent_at" = ? WHERE ${seqIn(session)}`, [
      Math.trunc(now),
      listOf(seqs),
    ]);
}

/** The base that was found by looking at the server's row, before the first byte leaves. */
export const confirmFrozenBase = (
  session: Session,
  of: { readonly kind: string; readonly entityId: string; readonly requestId: string },
  base: string,
): Promise<void> =>
  session.run('UPDATE "sync_outbox" SET "frozen_base" = ? WHERE "kind" = ? AND "entity_id" = ? AND "request_id" = ?', [
    base,
    of.kind,
    of.entityId,
    of.requestId,
  ]);

// ── Waiting for others ──────────────────────────────────────────────────────────────────────────────────────────────

/** The head waits until the operation of the named row, `kind/id`, has left. */
export const waitFor = (session: Session, seq: number, name: string): Promise<void> =>
  move(
    session,
    'waitFor',
    [seq],
    `"state" = ${waiting}, "due_at" = NULL, "error_code" = '${waitingForCode}', "last_error" = ?`,
    [name],
  );

const stoppedWaiting = `"state" = ${ready}, "error_code" = NULL, "last_error" = NULL`;

/** The head waits for nobody any more. */
export const stopWaiting = (session: Session, seq: number): Promise<void> =>
  move(session, 'stopWaiting', [seq], stoppedWaiting);

/** All heads that wait for operations of these rows, named `kind/id`. */
export const stopWaitingFor = (session: Session, names: readonly string[]): Promise<void> =>
  session.run(
    `UPDATE "sync_outbox" SET ${stoppedWaiting} WHERE ${startsFrom('stopWaiting')} AND "error_code" = '${waitingForCode}' AND ${session.dialect.inList('"last_error"')}`,
    [listOf(names)],
  );

/** Marks a queued operation as one that belongs behind another row's: it does not fold into those before it. */
export const markAsWaitingFor = (session: Session, opId: string, name: string): Promise<void> =>
  session.run(`UPDATE "sync_outbox" SET "error_code" = '${waitingForCode}', "last_error" = ? WHERE "op_id" = ?`, [
    name,
    opId,
  ]);

/** Heads that a newer release of the app has queued wait for that release. */
export const leaveToNewer = (session: Session, seqs: readonly number[], reason: string): Promise<void> =>
  move(
    session,
    'leaveToNewer',
    seqs,
    `"state" = ${waiting}, "due_at" = NULL, "error_code" = '${newerSchemaCode}', "last_error" = ?`,
    [reason],
  );

// ── Runs ────────────────────────────────────────────────────────────────────────────────────────────────────────────

/** What a dead run left in flight is ready again; the request stays open. */
export const takeBack = (session: Session): Promise<void> =>
  session.run(`UPDATE "sync_outbox" SET "state" = ${ready}, "due_at" = NULL WHERE ${startsFrom('takeBack')}`);

/**
 * Heads whose wait is over. `dueBetween`: only those without a time, due by the first (epoch ms), or later than the
 * second, which no wait can reach.
 */
export const fallDue = (session: Session, dueBetween?: readonly [number, number]): Promise<void> =>
  session.run(
    `UPDATE "sync_outbox" SET "state" = ${ready}, "due_at" = NULL WHERE ${startsFrom('fallDue')}${dueBetween === undefined ? '' : ' AND ("due_at" IS NULL OR "due_at" <= ? OR "due_at" > ?)'}`,
    dueBetween ?? [],
  );

/** Counts a try of what failed alone since a time; gives these operations back as they are now. */
export const countTries = (
  session: Session,
  of: { readonly kinds: readonly string[]; readonly since: number; readonly maxTryCount: number },
): Promise<readonly RawOutboxRow[]> =>
  session.query<RawOutboxRow>(
    `UPDATE "sync_outbox" SET "try_count" = "try_count" + 1,
       "state" = CASE WHEN "try_count" + 1 >= ? THEN ${parked} ELSE "state" END, "parked" = CASE WHEN "try_count" + 1 >= ? THEN 'stuck' ELSE NULL END
     WHERE ${startsFrom('countTry')} AND "error_code" = 'retryLater' AND "last_tried_at" >= ? AND ${session.dialect.inList('"kind"')} RETURNING ${outboxColumns}`,
    [of.maxTryCount, of.maxTryCount, of.since, listOf(of.kinds)],
  );

/**
 * Heads with as many tries as are allowed now: the limit may have been higher when they were counted. Found by the
 * index of those that were tried.
 */
export const parkExhausted = (session: Session, maxTryCount: number): Promise<void> =>
  session.run(
    `UPDATE "sync_outbox" SET "state" = ${parked}, "parked" = 'stuck' WHERE "try_count" > 0 AND "try_count" >= ? AND ${startsFrom('parkExhausted')}`,
    [maxTryCount],
  );

/** Puts right the states that do not follow from the operations themselves. Reads all operations of these kinds. */
export const repairStates = (session: Session, kinds: readonly string[], maxTryCount: number): Promise<void> =>
  session.run(
    `UPDATE "sync_outbox" SET "state" = "right"."state", "parked" = CASE WHEN "right"."state" = ${parked} THEN COALESCE("parked", 'stuck') ELSE "parked" END FROM (
       SELECT "seq", CASE
         WHEN EXISTS (SELECT 1 FROM "sync_outbox" o WHERE o."kind" = q."kind" AND o."entity_id" = q."entity_id" AND o."seq" < q."seq") THEN ${behind}
         WHEN "parked" IS NOT NULL OR "try_count" >= ? THEN ${parked}
         WHEN "state" IN (${waiting}, ${inFlight}) THEN "state" ELSE ${ready} END AS "state"
       FROM "sync_outbox" q WHERE ${session.dialect.inList('"kind"')}) AS "right"
     WHERE "sync_outbox"."seq" = "right"."seq" AND "sync_outbox"."state" <> "right"."state"`,
    [maxTryCount, listOf(kinds)],
  );

// ── Settling ────────────────────────────────────────────────────────────────────────────────────────────────────────

/** What an answer, or a decision on a conflict, changes of one operation that stays. */
export interface SettledOperation {
  readonly seq: number;
  /** The transition of its state; `settle` unless told. */
  readonly by?: 'settle' | 'keepParked';
  /** Undefined: as it is. */
  readonly state?: OutboxState | undefined;
  readonly parked?: ParkedFor | undefined;
  readonly dueAt?: number | undefined;
  readonly countTry?: boolean;
  readonly error?: string | undefined;
  readonly code?: string | undefined;
  /** Closes the request: it had a definite answer, or was never dispatched. */
  readonly close?: boolean;
  /** The key was never on the wire and may be used again. */
  readonly reuseKey?: boolean;
}

const settledTypes: readonly SqlType[] = [
  'integer',
  'integer',
  'text',
  'bigint',
  'integer',
  'text',
  'text',
  'integer',
  'integer',
];

export async function settleOperations(
  session: Session,
  operations: readonly SettledOperation[],
  now: number,
): Promise<void> {
  for (const [name, group] of grouped(operations, ({ by }) => by ?? 'settle'))
    for (const part of chunked(group, 500)) await settlePart(session, name, part, now);
}

async function settlePart(
  session: Session,
  name: 'settle' | 'keepParked',
  part: readonly SettledOperation[],
  now: number,
): Promise<void> {
  const changed = await session.changed(
    `UPDATE "sync_outbox" SET "state" = COALESCE("t"."column2", "state"), "parked" = "t"."column3", "due_at" = "t"."column4", "try_count" = "try_count" + "t"."column5",
         "last_error" = "t"."column6", "error_code" = "t"."column7", "last_tried_at" = ?,
         "request_id" = CASE WHEN "t"."column8" = 1 THEN NULL ELSE "request_id" END, "frozen_body" = CASE WHEN "t"."column8" = 1 THEN NULL ELSE "frozen_body" END,
         "frozen_version" = CASE WHEN "t"."column8" = 1 THEN NULL ELSE "frozen_version" END,
         "frozen_base" = CASE WHEN "t"."column8" = 1 THEN NULL ELSE "frozen_base" END, "first_sent_at" = CASE WHEN "t"."column8" = 1 THEN NULL ELSE "first_sent_at" END,
         "force" = CASE WHEN "t"."column8" = 1 THEN 0 ELSE "force" END, "attempt" = "attempt" - "t"."column9"
       FROM (${session.dialect.values(settledTypes, part.length)}) AS "t"
       WHERE "sync_outbox"."seq" = "t"."column1" AND ("t"."column2" IS NULL OR ${startsFrom(name)})`,
    [
      now,
      ...part.flatMap(({ seq, state, parked: reason, dueAt, countTry, error, code, close, reuseKey }) => [
        seq,
        state ?? null,
        reason ?? null,
        dueAt ?? null,
        countTry ? 1 : 0,
        error ?? null,
        code ?? null,
        close ? 1 : 0,
        reuseKey ? 1 : 0,
      ]),
    ],
  );
  const seqs = part.map(({ seq }) => seq);
  if (changed !== seqs.length) await refuse(session, name, seqs);
}

/** Operations leave, whatever their state. */
export async function leave(session: Session, seqs: readonly number[]): Promise<void> {
  if (seqs.length > 0) await session.run(`DELETE FROM "sync_outbox" WHERE ${seqIn(session)}`, [listOf(seqs)]);
}

/** As {@link leave}, by operation id; unknown ids are ignored. Gives back what left. */
export const leaveById = (
  session: Session,
  opIds: readonly string[],
): Promise<readonly { readonly kind: string; readonly entityId: string; readonly payload: string | null }[]> =>
  session.query(
    `DELETE FROM "sync_outbox" WHERE ${session.dialect.inList('"op_id"')} RETURNING "kind", "entity_id" AS "entityId", "payload"`,
    [listOf(opIds)],
  );

/** The first operations of what is left lead their lines now. Those that lead already stay as they are. */
export async function promote(session: Session, seqs: readonly number[], maxTryCount: number): Promise<void> {
  if (seqs.length === 0) return;
  await session.run(`UPDATE "sync_outbox" SET ${readyOrStuck()} WHERE ${startsFrom('promote')} AND ${seqIn(session)}`, [
    maxTryCount,
    maxTryCount,
    listOf(seqs),
  ]);
}

/** As {@link promote}, of all that is left of these entities. */
export const promoteHeads = (
  session: Session,
  kind: string,
  entityIds: readonly string[],
  maxTryCount: number,
): Promise<void> =>
  session.run(
    `UPDATE "sync_outbox" SET ${readyOrStuck()} WHERE ${startsFrom('promote')}
       AND "seq" IN (SELECT MIN("seq") FROM "sync_outbox" WHERE "kind" = ? AND ${session.dialect.inList('"entity_id"')} GROUP BY "entity_id")`,
    [maxTryCount, maxTryCount, kind, listOf(entityIds)],
  );

/**
 * As {@link promote}, where the server has no row any more that these could change: the first of what is left creates
 * it.
 */
export const promoteToCreations = (session: Session, seqs: readonly number[]): Promise<void> =>
  move(
    session,
    'promote',
    seqs,
    `"state" = ${ready}, "creates" = CASE WHEN "op" = 'upsert' THEN 1 ELSE 0 END, "base_updated_at" = NULL, "changed_fields" = NULL, "deltas" = NULL`,
  );

// ── Conflicts ───────────────────────────────────────────────────────────────────────────────────────────────────────

/** Freezes the request that resolves a conflict on the newest of its operations, and takes their head. */
export async function takeResolution(
  session: Session,
  { head, newest }: { readonly head: number; readonly newest: number },
  request: {
    readonly requestId: string;
    readonly body: string | null;
    readonly base: string | undefined;
    readonly force: boolean;
    readonly now: number;
  },
): Promise<void> {
  await session.run(
    `UPDATE "sync_outbox" SET "request_id" = ?, "frozen_body" = ?, "frozen_base" = ?, "force" = ?, "first_sent_at" = ?, "attempt" = "attempt" + 1 WHERE "seq" = ?`,
    [request.requestId, request.body, request.base ?? null, request.force ? 1 : 0, request.now, newest],
  );
  await move(session, 'resolve', [head], `"state" = ${inFlight}, "parked" = NULL`);
}

/** The conflict of this entity stays: its head is parked again. */
export const parkAgain = (session: Session, kind: string, entityId: string): Promise<void> =>
  session.run(
    `UPDATE "sync_outbox" SET "state" = ${parked}, "parked" = 'conflict', "due_at" = NULL WHERE "kind" = ? AND "entity_id" = ? AND ${startsFrom('parkAgain')}`,
    [kind, entityId],
  );

// ── What cannot be read or upgraded ─────────────────────────────────────────────────────────────────────────────────

/** The head waits for a person, with the reason. */
export const parkUnreadable = (
  session: Session,
  seq: number,
  code: typeof damagedCode | typeof upgradeFailedCode,
  reason: string,
): Promise<void> =>
  move(
    session,
    'parkUnreadable',
    [seq],
    `"state" = ${parked}, "parked" = 'stuck', "due_at" = NULL, "error_code" = '${code}', "last_error" = ?`,
    [reason],
  );

/**
 * Operations parked for an unknown reason, as ranges of the index, so that the query skips those with a known reason.
 */
const unknownReasons = [
  `"parked" IS NULL`,
  `"parked" < 'ambiguous'`,
  `"parked" > 'ambiguous' AND "parked" < 'conflict'`,
  `"parked" > 'conflict' AND "parked" < 'stuck'`,
  `"parked" > 'stuck'`,
]
  .map((range) => `SELECT "seq" FROM "sync_outbox" WHERE "state" = ${parked} AND ${range}`)
  .join(' UNION ALL ');

const hasConflict = `EXISTS (SELECT 1 FROM "sync_conflicts" c WHERE c."kind" = "sync_outbox"."kind" AND c."entity_id" = "sync_outbox"."entity_id")`;

/**
 * Gives operations with an unknown parking reason one that commands find: `conflict` where a conflict waits, else
 * `stuck`.
 */
export async function repairParkedReasons(session: Session): Promise<void> {
  const isUnknown = `"seq" IN (${unknownReasons})`;
  await session.run(`UPDATE "sync_outbox" SET "parked" = 'conflict' WHERE ${isUnknown} AND ${hasConflict}`);
  await session.run(
    `UPDATE "sync_outbox" SET "parked" = 'stuck', "error_code" = '${damagedCode}',
       "last_error" = 'row seq ' || "seq" || ' of sync_outbox is damaged: "parked" is no known reason; retry or drop the operation' WHERE ${isUnknown}`,
  );
}

/** An operation in today's shape of its table, as JSON texts. */
export interface UpgradedOperation {
  readonly seq: number;
  readonly payload: string;
  readonly changedFields: string | null;
  readonly deltas: string | null;
}

const rewrittenTypes: readonly SqlType[] = ['integer', 'text', 'text', 'text'];

/** Rewrites operations in another shape. What an open request has sent under its key stays in `frozen_body` (I2). */
export async function rewriteUpgraded(session: Session, operations: readonly UpgradedOperation[]): Promise<void> {
  if (operations.length === 0) return;
  await session.run(
    `UPDATE "sync_outbox" SET
       "frozen_body" = CASE WHEN "request_id" IS NOT NULL THEN COALESCE("frozen_body", "payload") ELSE "frozen_body" END,
       "frozen_version" = CASE WHEN "request_id" IS NOT NULL THEN COALESCE("frozen_version", "schema_version") ELSE NULL END,
       "payload" = "u"."column2", "changed_fields" = "u"."column3", "deltas" = "u"."column4"
     FROM (${session.dialect.values(rewrittenTypes, operations.length)}) AS "u" WHERE "sync_outbox"."seq" = "u"."column1"`,
    operations.flatMap(({ seq, payload, changedFields, deltas }) => [seq, payload, changedFields, deltas]),
  );
}

/**
 * Records that operations have the shape of a version. Entities that an earlier release could not upgrade have their
 * turn again, once nothing of them is left behind.
 */
export async function markUpgraded(
  session: Session,
  of: {
    readonly kind: string;
    readonly entityIds: readonly string[];
    readonly seqs: readonly number[];
    readonly version: number;
  },
): Promise<void> {
  await session.run(`UPDATE "sync_outbox" SET "schema_version" = ? WHERE ${seqIn(session)}`, [
    of.version,
    listOf(of.seqs),
  ]);
  await session.run(
    `UPDATE "sync_outbox" SET "state" = CASE WHEN ${hasConflict} THEN ${parked} ELSE ${ready} END,
       "parked" = CASE WHEN ${hasConflict} THEN 'conflict' ELSE NULL END, "error_code" = NULL, "last_error" = NULL
     WHERE "kind" = ? AND ${session.dialect.inList('"entity_id"')} AND "error_code" = '${upgradeFailedCode}' AND ${startsFrom('unparkUpgraded')}
       AND NOT EXISTS (SELECT 1 FROM "sync_outbox" o WHERE o."kind" = "sync_outbox"."kind" AND o."entity_id" = "sync_outbox"."entity_id" AND o."schema_version" <> ?)`,
    [of.kind, listOf(of.entityIds), of.version],
  );
}

// ── Repairs ─────────────────────────────────────────────────────────────────────────────────────────────────────────

/**
 * All operations of these entities begin anew, those parked for a person are ready (F-49). `unproven`: entities whose
 * open request goes out as if for the first time.
 */
export async function retryEntities(
  session: Session,
  kind: string,
  entityIds: readonly string[],
  unproven: readonly string[],
): Promise<void> {
  const isOne = session.dialect.inList('"entity_id"');
  await session.run(
    `UPDATE "sync_outbox" SET "try_count" = 0, "due_at" = NULL, "parked" = NULL, "state" = CASE WHEN "state" = ${parked} THEN ${ready} ELSE "state" END
     WHERE "kind" = ? AND ${isOne}`,
    [kind, listOf(entityIds)],
  );
  await session.run(
    `UPDATE "sync_outbox" SET "first_sent_at" = NULL WHERE "kind" = ? AND "request_id" IS NOT NULL AND ${isOne}`,
    [kind, listOf(unproven)],
  );
}

/**
 * Tries begin anew; heads that wait are ready. An open request, and what is parked for another reason than its tries,
 * stay as they are.
 */
export const retryOperations = (session: Session, seqs: readonly number[]): Promise<void> =>
  session.run(
    `UPDATE "sync_outbox" SET "try_count" = 0, "last_error" = NULL, "error_code" = NULL, "last_tried_at" = NULL, "due_at" = NULL, "parked" = NULL,
       "state" = CASE WHEN ${startsFrom('retry')} THEN ${ready} ELSE "state" END
     WHERE COALESCE("parked", 'stuck') = 'stuck' AND ${seqIn(session)}`,
    [listOf(seqs)],
  );

/** Keeps the error of a try that the app itself has made, at a time (epoch ms). */
export const recordFailure = (session: Session, opId: string, error: string, triedAt: number): Promise<void> =>
  session.run('UPDATE "sync_outbox" SET "last_error" = ?, "last_tried_at" = ? WHERE "op_id" = ?', [
    error,
    triedAt,
    opId,
  ]);

/**
 * Sets the tries of operations to zero, or counts one more. Heads at the limit are stuck then, others below it are
 * ready.
 */
export async function changeTries(
  session: Session,
  opIds: readonly string[],
  change: 'countOne' | 'reset',
  maxTryCount: number,
): Promise<void> {
  const isOne = session.dialect.inList('"op_id"');
  await session.run(
    `UPDATE "sync_outbox" SET "try_count" = ${change === 'reset' ? '0' : '"try_count" + 1'} WHERE ${isOne}`,
    [listOf(opIds)],
  );
  await session.run(
    `UPDATE "sync_outbox" SET ${readyOrStuck()} WHERE ${isOne} AND ${startsFrom('followTries')} AND COALESCE("parked", 'stuck') = 'stuck'`,
    [maxTryCount, maxTryCount, listOf(opIds)],
  );
}

// ── What an operation says ──────────────────────────────────────────────────────────────────────────────────────────

/** What an operation is after those before it have left, or a server row came under it. */
export interface RebuiltOperation {
  readonly seq: number;
  /** JSON text; null: a delete. */
  readonly payload: string | null;
  readonly base: string | undefined;
  readonly creates: boolean;
}

const rebuiltTypes: readonly SqlType[] = ['integer', 'text', 'text', 'integer'];

export async function rebuildOperations(session: Session, operations: readonly RebuiltOperation[]): Promise<void> {
  for (const part of chunked(operations, 500)) {
    await session.run(
      `UPDATE "sync_outbox" SET "payload" = "r"."column2", "base_updated_at" = "r"."column3", "creates" = "r"."column4"
       FROM (${session.dialect.values(rebuiltTypes, part.length)}) AS "r" WHERE "sync_outbox"."seq" = "r"."column1"`,
      part.flatMap(({ seq, payload, base, creates }) => [seq, payload, base ?? null, creates ? 1 : 0]),
    );
  }
}

/** Replaces what an unsent operation writes, all as JSON texts. */
export const amendOperation = (
  session: Session,
  { seq, payload, changedFields, deltas }: UpgradedOperation,
): Promise<void> =>
  session.run('UPDATE "sync_outbox" SET "payload" = ?, "changed_fields" = ?, "deltas" = ? WHERE "seq" = ?', [
    payload,
    changedFields,
    deltas,
    seq,
  ]);

/** Replaces the row that an unsent operation writes, as JSON text. */
export const replacePayload = (session: Session, seq: number, payload: string): Promise<void> =>
  session.run('UPDATE "sync_outbox" SET "payload" = ? WHERE "seq" = ?', [payload, seq]);

/** What a saved file knows of an operation beside what it says. Absent parts stay as they are. */
export interface RestoredOperation {
  readonly tryCount?: number | undefined;
  readonly attempt?: number | undefined;
  readonly request?:
    | {
        readonly requestId: string;
        readonly body: string;
        readonly base: string | undefined;
        readonly firstSentAt: number;
      }
    | undefined;
  readonly parked?:
    | { readonly reason: ParkedFor; readonly error: string | undefined; readonly code: string | undefined }
    | undefined;
}

/** Gives a queued operation the past that a saved file tells of it. */
export async function restoreOperation(
  session: Session,
  opId: string,
  { tryCount, attempt, request, parked: stop }: RestoredOperation,
): Promise<void> {
  const sets: readonly (readonly [string, readonly unknown[]])[] = [
    ...(tryCount === undefined ? [] : ([['"try_count" = ?', [tryCount]]] as const)),
    ...(attempt === undefined ? [] : ([['"attempt" = ?', [attempt]]] as const)),
    ...(request === undefined
      ? []
      : ([
          [
            '"request_id" = ?, "frozen_body" = ?, "frozen_base" = ?, "first_sent_at" = ?',
            [request.requestId, request.body, request.base ?? null, request.firstSentAt],
          ],
        ] as const)),
    ...(stop === undefined
      ? []
      : ([
          [
            `"state" = ${parked}, "parked" = ?, "last_error" = ?, "error_code" = ?`,
            [stop.reason, stop.error ?? null, stop.code ?? null],
          ],
        ] as const)),
  ];
  if (sets.length === 0) return;
  await session.run(`UPDATE "sync_outbox" SET ${sets.map(([sql]) => sql).join(', ')} WHERE "op_id" = ?`, [
    ...sets.flatMap(([, values]) => values),
    opId,
  ]);
}
