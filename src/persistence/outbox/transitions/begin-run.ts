import { OutboxState } from '../../database/outbox-columns.ts';
import { listOf, type Session } from '../../sql/session.ts';
import { outboxSelection, type RawOutboxRow } from '../outbox-rows.ts';
import { startsFrom } from './move.ts';

const { behind, ready, waiting, parked, inFlight } = OutboxState;

/** Makes operations that a dead run left in flight ready again. Their request stays open. */
export const takeBack = (session: Session): Promise<void> =>
  session.run(`UPDATE "sync_outbox" SET "state" = ${ready}, "due_at" = NULL WHERE ${startsFrom('takeBack')}`);

/**
 * Heads whose wait is over. `dueBetween`: only those without a time, due by the first (epoch ms), or later than the
 * second, which no real wait exceeds.
 */
export const fallDue = (session: Session, dueBetween?: readonly [number, number]): Promise<void> =>
  session.run(
    `UPDATE "sync_outbox" SET "state" = ${ready}, "due_at" = NULL WHERE ${startsFrom('fallDue')}${dueBetween === undefined ? '' : ' AND ("due_at" IS NULL OR "due_at" <= ? OR "due_at" > ?)'}`,
    dueBetween ?? [],
  );

/** Counts an attempt of operations that failed alone since a time, and returns them. */
export const countTries = (
  session: Session,
  of: { readonly kinds: readonly string[]; readonly since: number; readonly maxTryCount: number },
): Promise<readonly RawOutboxRow[]> =>
  session.query<RawOutboxRow>(
    `UPDATE "sync_outbox" SET "try_count" = "try_count" + 1,
       "state" = CASE WHEN "try_count" + 1 >= ? THEN ${parked} ELSE "state" END, "parked" = CASE WHEN "try_count" + 1 >= ? THEN 'stuck' ELSE NULL END
     WHERE ${startsFrom('countTry')} AND "error_code" = 'retryLater' AND "last_tried_at" >= ? AND ${session.dialect.inList('"kind"')} RETURNING ${outboxSelection}`,
    [of.maxTryCount, of.maxTryCount, of.since, listOf(of.kinds)],
  );

/**
 * Heads that have reached the current limit of attempts; the limit may have been higher before. Uses the index of
 * attempted operations.
 */
export const parkExhausted = (session: Session, maxTryCount: number): Promise<void> =>
  session.run(
    `UPDATE "sync_outbox" SET "state" = ${parked}, "parked" = 'stuck' WHERE "try_count" > 0 AND "try_count" >= ? AND ${startsFrom('parkExhausted')}`,
    [maxTryCount],
  );

/** Repairs states that do not follow from the operations themselves. Reads all operations of these kinds. */
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
