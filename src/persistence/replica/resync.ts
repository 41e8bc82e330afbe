import { fullResyncKind } from '../../model/cursor.ts';
import type { UnprovenRows } from '../../model/ports.ts';
import type { Kinds } from '../../model/run.ts';
import { forgetAllRemoved } from './removed-rows.ts';
import { forgetSeen } from './resync-marks.ts';
import { listOf, type Session } from '../sql/session.ts';
import { numberOr } from '../sql/stored-shape.ts';
import { tableOf, type StoreContext } from '../database/store-context.ts';
import { listedId, unlistedIds } from './unlisted-rows.ts';

interface ResyncRow {
  readonly kind: string;
  readonly lastResyncAt: number | string | null;
  readonly lastPullAt: number | string | null;
  readonly retentionMs: number | string | null;
  readonly ts: string | null;
  readonly generation: number | string;
  readonly open: number;
  readonly marking: number;
  readonly received: number;
  readonly fetched: number;
}

export const readResync = async (session: Session, kinds: Kinds): Promise<ReadonlyMap<string, ResyncRow>> => {
  const rows = await session.query<ResyncRow>(
    `SELECT "kind", "last_resync_at" AS "lastResyncAt", "last_pull_at" AS "lastPullAt", "tombstone_retention_ms" AS "retentionMs", "ts",
       "resync_generation" AS "generation", "resync_open" AS "open",
       "resync_marking" AS "marking", "resync_rows" AS "received", "resync_fetched" AS "fetched" FROM "sync_cursors" WHERE ${session.dialect.inList('"kind"')}`,
    [listOf(kinds)],
  );
  return new Map(rows.map((row) => [row.kind, row]));
};

/**
 * Kinds whose full resync is due, each by its own time (F-45): never done, older than `fullResyncIntervalMs`,
 * interrupted, or last pulled longer ago than the server keeps tombstones. A time in the future stems from a wrong
 * clock and counts as long ago (F-67).
 */
export async function dueForResync(session: Session, context: StoreContext, kinds: Kinds): Promise<Kinds> {
  const now = context.unit.clock.now();
  const interval = context.config.fullResyncIntervalMs;
  const rows = await readResync(session, [...kinds, fullResyncKind]);
  const passed = (at: number | string | null | undefined): number => {
    const ms = at === null || at === undefined ? Number.NaN : Number(at);
    return Number.isNaN(ms) || ms > now + 60_000 ? Infinity : now - ms;
  };
  const all = passed(rows.get(fullResyncKind)?.lastResyncAt);
  return kinds.filter((kind) => {
    const row = rows.get(kind);
    if (row?.open === 1) return true;
    const sinceResync = Math.min(all, passed(row?.lastResyncAt));
    if (interval !== Infinity && sinceResync >= interval) return true;
    const retention = row?.retentionMs === null || row?.retentionMs === undefined ? Infinity : Number(row.retentionMs);
    return row?.lastPullAt !== null && row?.lastPullAt !== undefined && passed(row.lastPullAt) > retention;
  });
}

/**
 * Kinds without a complete pull. They count until their first generation is swept, even if it is completely fetched, so
 * that an interrupted first pull continues as a first pull.
 */
export async function neverPulled(session: Session, kinds: Kinds): Promise<Kinds> {
  const rows = await readResync(session, kinds);
  return kinds.filter((kind) => {
    const row = rows.get(kind);
    if (row === undefined) return true;
    if (row.lastResyncAt !== null) return false;
    if (row.open === 1 && row.fetched === 1) return Number(row.generation) === 1;
    return row.lastPullAt === null && row.ts === null;
  });
}

/** Opens a generation if none is open. Decides once whether it marks rows; an empty table has nothing to sweep. */
export async function openResync(session: Session, context: StoreContext, kinds: Kinds): Promise<void> {
  const rows = await readResync(session, kinds);
  for (const kind of kinds) {
    if (rows.get(kind)?.open === 1) continue;
    const marking = context.config.sweepOnFullResync && (await tableOf(context, kind).rows.hasRows(session)) ? 1 : 0;
    await forgetSeen(session, kind);
    // Earlier removals must not exclude rows, because a restored server lists older rows.
    await forgetAllRemoved(session, kind);
    await session.run(
      `INSERT INTO "sync_cursors" ("kind", "resync_generation", "resync_open", "resync_marking") VALUES (?, 1, 1, ?)
       ON CONFLICT ("kind") DO UPDATE SET "resync_generation" = "sync_cursors"."resync_generation" + 1, "resync_open" = 1, "resync_marking" = excluded."resync_marking",
         "resync_fetched" = 0, "resync_rows" = 0, "resync_ts" = NULL, "resync_last_id" = NULL, "resync_token" = NULL, "resync_token_ts" = NULL, "resync_token_last_id" = NULL`,
      [kind, marking],
    );
  }
}

/** Counts received rows, because a scheduled resync without a single row must not empty a table. */
export const countReceived = (session: Session, kind: string, rows: number): Promise<void> =>
  session.run('UPDATE "sync_cursors" SET "resync_rows" = "resync_rows" + ? WHERE "kind" = ? AND "resync_open" = 1', [
    rows,
    kind,
  ]);

/**
 * Records that the listing followed tokens. It may have skipped rows while others moved, so unlisted rows are not
 * proven absent (F-156): {@link readUnproven}.
 */
export const noteTokens = (session: Session, kind: string): Promise<void> =>
  session.run(
    'UPDATE "sync_cursors" SET "resync_marking" = 2 WHERE "kind" = ? AND "resync_open" = 1 AND "resync_marking" = 1',
    [kind],
  );

/**
 * A few rows that the sweep would remove and whose absence must be proven first. `control` was listed, so the server
 * must have it.
 */
export async function readUnproven(
  session: Session,
  context: StoreContext,
  kind: string,
  requested: boolean,
): Promise<UnprovenRows> {
  const row = (await readResync(session, [kind])).get(kind);
  if (row?.open !== 1 || row.fetched !== 1 || row.marking !== 2 || (row.received === 0 && !requested))
    return { ids: [] };
  const table = tableOf(context, kind);
  const ids = await unlistedIds(session, table, provenAtOnce);
  return ids.length === 0 ? { ids } : { ids, control: await listedId(session, table) };
}

/** Maximum number of rows requested in one step of the chart. */
const provenAtOnce = 100;

/**
 * Adopts the cursor of a completely fetched resync. Only here may the cursor move backwards: the clock of a restored
 * server may have gone back. An older cursor lists rows twice; a newer one would never list them (I6, F-161).
 */
export async function completeFetch(session: Session, kind: string): Promise<void> {
  const row = await session.one<{
    ts: string | null;
    lastId: string | null;
    resyncTs: string | null;
    resyncLastId: string | null;
  }>(
    'SELECT "ts", "last_id" AS "lastId", "resync_ts" AS "resyncTs", "resync_last_id" AS "resyncLastId" FROM "sync_cursors" WHERE "kind" = ?',
    [kind],
  );
  const seen = row?.resyncTs != null;
  await session.run(
    `UPDATE "sync_cursors" SET "resync_fetched" = 1, "ts" = ?, "last_id" = ?, "token" = NULL, "token_ts" = NULL, "token_last_id" = NULL WHERE "kind" = ?`,
    [seen ? row.resyncTs : (row?.ts ?? null), seen ? row.resyncLastId : (row?.lastId ?? null), kind],
  );
}

/** Records the complete pull of a kind, and how long its server keeps tombstones. */
export async function notePullCompleted(
  session: Session,
  kind: string,
  now: number,
  tombstoneRetentionMs: number | undefined,
): Promise<void> {
  await session.run(
    `INSERT INTO "sync_cursors" ("kind", "last_pull_at", "tombstone_retention_ms") VALUES (?, ?, ?)
     ON CONFLICT ("kind") DO UPDATE SET "last_pull_at" = excluded."last_pull_at", "tombstone_retention_ms" = COALESCE(excluded."tombstone_retention_ms", "sync_cursors"."tombstone_retention_ms")`,
    [kind, now, tombstoneRetentionMs === undefined ? null : Math.trunc(tombstoneRetentionMs)],
  );
}

/** The time of each kind's last complete pull, epoch ms. */
export async function readPulledAt(session: Session, kinds: Kinds): Promise<ReadonlyMap<string, number>> {
  const rows = await readResync(session, kinds);
  return new Map(
    [...rows.values()].flatMap(({ kind, lastPullAt }) =>
      numberOr(lastPullAt, undefined) === undefined ? [] : [[kind, Number(lastPullAt)] as const],
    ),
  );
}
