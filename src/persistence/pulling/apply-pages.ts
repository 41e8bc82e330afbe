import type { SyncFact } from '../../model/events.ts';
import { SyncStepError } from '../../model/errors/failure.ts';
import type { JsonObject } from '../../model/values/json.ts';
import type { AbsenceProof, AppliedPage, PageToApply } from '../../model/ports.ts';
import { classifyDatabaseError } from '../sql/database-failure.ts';
import { checkReferencesAtOnce } from '../tables/deferred-references.ts';
import type { PageWork } from './page-work.ts';
import { applyPending, nothingPending } from './pending-rows.ts';
import { readSituation, writePosition } from '../replica/pull-positions.ts';
import {
  keptAs,
  quarantine,
  releaseFromQuarantine,
  unusableRow,
  type Announcement,
  type BadRow,
} from '../replica/quarantine.ts';
import { forgetRemoved, noteRemoved } from '../replica/removed-rows.ts';
import type { ReplicaTable } from '../tables/replica-table.ts';
import { withoutKnown } from '../replica/reread-rows.ts';
import { markSeen } from '../replica/resync-marks.ts';
import { countReceived, noteTokens } from '../replica/resync.ts';
import { chunked, type Session } from '../sql/session.ts';
import { readStale, type Hold } from '../replica/stale-rows.ts';
import { tableOf, type StoreContext } from '../database/store-context.ts';
import { storeRows } from '../replica/store-rows.ts';
import { forgetWireValues } from '../columns/wire-values.ts';
import { yieldTurn } from '../../model/platform/yield-turn.ts';
import { sweepThese } from '../replica/unlisted-rows.ts';

interface AppliedRows {
  readonly upserts: number;
  readonly deletes: number;
  readonly accepted: readonly string[];
  /**
   * Number of accepted rows without effect: the server row is known, or it is the tombstone of a row that never existed
   * here.
   */
  readonly unchanged: number;
  /** Skipped rows that are older than the known version (F-157). */
  readonly stale: readonly string[];
  readonly facts: readonly SyncFact[];
}

/**
 * Applies fetched pages, several per transaction, each with its position (I6). Commits early if a caller waits at the
 * gate or the signal aborts. Pages that are not applied are fetched again.
 */
export async function applyPages(
  context: StoreContext,
  kind: string,
  pages: readonly PageToApply[],
  options: { readonly signal?: AbortSignal | undefined; readonly totalDone: number },
): Promise<readonly AppliedPage[]> {
  const applied: AppliedPage[] = [];
  let totalDone = options.totalDone;
  while (applied.length < pages.length && options.signal?.aborted !== true) {
    const rest = pages.slice(applied.length);
    const attempt = (strict: boolean): Promise<readonly AppliedPage[]> =>
      applyInOneTransaction(context, kind, rest, { ...options, totalDone, strict });
    let done: readonly AppliedPage[];
    try {
      done = await attempt(false);
    } catch (error) {
      // A foreign key checked at commit names no row, so the rows are checked one by one.
      if (!(error instanceof SyncStepError) || classifyDatabaseError(error.failure.cause) !== 'constraint') throw error;
      done = await attempt(true);
    }
    applied.push(...done);
    totalDone += done.reduce((sum, page) => sum + page.pulled, 0);
  }
  return applied;
}

function applyInOneTransaction(
  context: StoreContext,
  kind: string,
  pages: readonly PageToApply[],
  options: { readonly signal?: AbortSignal | undefined; readonly totalDone: number; readonly strict: boolean },
): Promise<readonly AppliedPage[]> {
  return context.unit.fenced(async (session) => {
    const table = tableOf(context, kind);
    const opened = await openWork(session, context, table, {
      strict: options.strict,
      announcement: 'atEndOfPull',
      hold: 'known',
    });
    // A table that was empty at the start of the resync contains only rows of this resync.
    const isFirstLoad = !opened.marking && context.config.sweepOnFullResync;
    const work: PageWork =
      pages[0]?.next.resync === true ? { ...opened, hold: isFirstLoad ? 'loaded' : 'seen' } : opened;
    const done: AppliedPage[] = [];
    let totalDone = options.totalDone;
    for (const page of pages) {
      const result = await applyPage(work, page, totalDone);
      done.push(result);
      totalDone += result.pulled;
      await letOthersIn(work.table);
      if (context.unit.waiting > 0 || options.signal?.aborted === true) break;
    }
    await movePosition(work, pages.slice(0, done.length));
    return done;
  });
}

async function openWork(
  session: Session,
  context: StoreContext,
  table: ReplicaTable,
  how: { readonly strict: boolean; readonly announcement: Announcement; readonly hold: Hold },
): Promise<PageWork> {
  if (how.strict) await checkReferencesAtOnce(session);
  else if (session.dialect.name === 'sqlite') await session.run('PRAGMA defer_foreign_keys = ON');
  return { session, context, table, ...how, ...(await readSituation(session, table.kind)) };
}

/** Moves the positions over the applied pages, once for all and in their transaction (I6). */
async function movePosition({ session, table }: PageWork, pages: readonly PageToApply[]): Promise<void> {
  // A full resync has its own position beside the usual one.
  for (const resync of [false, true]) {
    const last = pages.findLast(({ next }) => next.resync === resync);
    if (last !== undefined) await writePosition(session, table.kind, last.next);
  }
  const received = pages.reduce((sum, { page, next }) => sum + (next.resync ? page.items.length : 0), 0);
  if (received > 0) await countReceived(session, table.kind, received);
  if (pages.some(({ next }) => next.resync && next.sequence !== undefined)) await noteTokens(session, table.kind);
}

async function applyPage(
  work: PageWork,
  { page, items: given, rereadUntil }: PageToApply,
  totalDone: number,
): Promise<AppliedPage> {
  const { session, table } = work;
  const { items, known } =
    rereadUntil === undefined ? { items: given, known: [] } : await withoutKnown(session, table, given, rereadUntil);
  if (work.marking) await markSeen(session, table.kind, known);
  const { upserts, deletes, accepted, unchanged, stale, facts } = await applyRows(work, items);
  if (page.items.length === 0) return { pageSize: 0, pulled: 0, ignored: stale.length, facts };
  const done = totalDone + accepted.length;
  return {
    pageSize: page.items.length,
    pulled: accepted.length - (rereadUntil === undefined ? 0 : unchanged),
    ignored: stale.length,
    facts: [
      ...facts,
      ...(stale.length === 0
        ? []
        : [{ type: 'rows.ignored' as const, kind: table.kind, count: stale.length, ids: stale.slice(0, namedAtMost) }]),
      ...(known.length > 0 && items.length === 0
        ? []
        : [{ type: 'cache.updated' as const, kind: table.kind, upserts, deletes }]),
      { type: 'page.pulled', kind: table.kind, pageSize: page.items.length, totalDone: done },
      {
        type: 'sync.progress',
        phase: 'pull',
        kind: table.kind,
        done,
        ...(page.total === undefined ? {} : { total: page.total }),
      },
    ],
  };
}

/** Maximum number of ignored rows that an event names. */
const namedAtMost = 20;

/** If statements run on another thread, awaiting one lets other work run. */
const letOthersIn = (table: ReplicaTable): Promise<void> | undefined => (table.blocksLoop ? yieldTurn() : undefined);

/** Stores server rows slice by slice, so that timers and input run in between (F-147). */
async function applyRows(work: PageWork, items: readonly JsonObject[]): Promise<AppliedRows> {
  let done: AppliedRows = { upserts: 0, deletes: 0, accepted: [], unchanged: 0, stale: [], facts: [] };
  for (const slice of chunked(items, work.table.rowsPerSlice)) {
    await letOthersIn(work.table);
    const { upserts, deletes, accepted, unchanged, stale, facts } = await applySlice(work, slice);
    done = {
      upserts: done.upserts + upserts,
      deletes: done.deletes + deletes,
      accepted: done.accepted.concat(accepted),
      unchanged: done.unchanged + unchanged,
      stale: done.stale.concat(stale),
      facts: done.facts.concat(facts),
    };
  }
  return done;
}

/** Stores server rows within the caller's transaction; bad ones go to the quarantine. */
export const applyRowsOf = async (
  session: Session,
  context: StoreContext,
  table: ReplicaTable,
  rows: readonly JsonObject[],
  hold: Hold = 'known',
): Promise<{ readonly upserts: number; readonly deletes: number; readonly facts: readonly SyncFact[] }> =>
  applyRows(await openWork(session, context, table, { strict: false, announcement: 'now', hold }), rows);

/**
 * Like {@link applyRowsOf} for quarantined rows, one by one. Rows that stay bad are not announced again, and none
 * counts as listed.
 */
export const applyQuarantined = async (
  session: Session,
  context: StoreContext,
  table: ReplicaTable,
  rows: readonly JsonObject[],
): Promise<{ readonly upserts: number; readonly deletes: number }> =>
  applyRows(
    {
      ...(await openWork(session, context, table, { strict: true, announcement: 'asBefore', hold: 'none' })),
      marking: false,
    },
    rows,
  );

/**
 * Applies the server's answers about rows that a resync did not list: rows that it has count as listed, the others are
 * removed (F-156).
 */
export async function applyProof(
  session: Session,
  context: StoreContext,
  kind: string,
  proof: AbsenceProof,
): Promise<readonly SyncFact[]> {
  const table = tableOf(context, kind);
  const { upserts, facts } = await applyRowsOf(session, context, table, proof.found, 'seen');
  await markSeen(session, kind, proof.present);
  const deletes = await sweepThese(session, table, proof.absent, context.unit.clock.now());
  return upserts + deletes === 0 ? facts : [...facts, { type: 'cache.updated', kind, upserts, deletes }];
}

/** Pending operations stay on top; bad rows go to the quarantine. */
async function applySlice(work: PageWork, items: readonly JsonObject[]): Promise<AppliedRows> {
  const { session, table, context } = work;
  const unfit: BadRow[] = [];
  const rows = new Map<string, JsonObject>();
  for (const given of items) {
    const row =
      table.isDeleted(given) && table.mapping.complaintAbout(given) !== undefined ? bareTombstone(table, given) : given;
    const id = table.readId(row);
    const complaint =
      id === undefined
        ? `it has no id under '${table.keys.id}'`
        : table.readUpdatedAt(row) === undefined
          ? `it has no timestamp under '${table.keys.updatedAt}'`
          : table.mapping.complaintAbout(row);
    if (id === undefined || complaint !== undefined)
      unfit.push({ id, row, error: unusableRow(table.kind, id, complaint ?? 'it has no id') });
    else rows.set(id, row);
  }
  const seen = [...rows.keys(), ...unfit.map(keptAs)];
  const pending = work.hasBases ? await applyPending(work, rows) : nothingPending;
  const settled = [...rows].filter(([id]) => !pending.ids.has(id));
  const unreadable = unfit.flatMap(({ id, row }) =>
    id === undefined || table.readUpdatedAt(row) === undefined ? [] : [[id, row] as const],
  );
  const older = await readStale(work, [...settled, ...unreadable]);
  const stale = [...pending.stale, ...older];
  const free = older.size === 0 ? settled : settled.filter(([id]) => !older.has(id));
  const tombstones = free.filter(([, row]) => table.isDeleted(row));
  const live = tombstones.length === 0 ? free : free.filter(([, row]) => !table.isDeleted(row));
  const bad = [
    ...unfit.filter(({ id }) => id === undefined || !older.has(id)),
    ...pending.bad,
    ...(await upsertRows(work, live)),
  ];
  if (work.hasRemoved)
    await forgetRemoved(
      session,
      table.kind,
      live.map(([id]) => id),
    );
  const buried = await applyTombstones(work, tombstones);
  bad.push(...buried.bad);
  if (work.marking) await markSeen(session, table.kind, seen);
  const leftOut = new Set<string | undefined>([...bad.map(({ id }) => id), ...stale]);
  const accepted = [...rows.keys()].filter((id) => !leftOut.has(id));
  if (work.hasQuarantine) await releaseFromQuarantine(session, table.kind, accepted);
  if (bad.length > 0) work.hasQuarantine = true;
  const facts = await quarantine(session, table.kind, bad, context.unit.clock.now(), work.announcement);
  return {
    upserts: live.filter(([id]) => !leftOut.has(id)).length + pending.written,
    deletes: tombstones.filter(([id]) => !leftOut.has(id)).length + pending.hidden,
    accepted,
    unchanged: pending.unchanged + buried.ignored,
    stale,
    facts: [...pending.facts, ...facts],
  };
}

/**
 * A tombstone whose other fields cannot be stored, such as fields emptied by the server. It deletes the row all the
 * same.
 */
function bareTombstone(table: ReplicaTable, row: JsonObject): JsonObject {
  const bare = {
    [table.keys.id]: table.readId(row) ?? null,
    [table.keys.updatedAt]: table.readUpdatedAt(row) ?? null,
    [table.keys.deletedAt]: table.mapping.readDeletedAt(row) ?? null,
  };
  return table.mapping.complaintAbout(bare) === undefined ? bare : row;
}

const upsertRows = (work: PageWork, rows: readonly (readonly [string, JsonObject])[]): Promise<readonly BadRow[]> =>
  storeRows(
    work.session,
    work.table,
    rows.map(([id, row]) => ({ id, row, server: row })),
    { oneByOne: work.strict, wireValues: work.wireValues },
  );

interface AppliedTombstones {
  readonly bad: readonly BadRow[];
  /** Tombstones of rows that never existed here. */
  readonly ignored: number;
}

async function applyTombstones(
  work: PageWork,
  rows: readonly (readonly [string, JsonObject])[],
): Promise<AppliedTombstones> {
  const { session, table } = work;
  if (rows.length === 0) return { bad: [], ignored: 0 };
  const ids = rows.map(([id]) => id);
  if (table.tombstones === 'remove') {
    const kept = await table.rows.irremovable(session, ids);
    const existing = await table.rows.existing(session, ids);
    await noteRemoved(
      session,
      table.kind,
      // A row may also exist only in the quarantine.
      rows.flatMap(([id, row]) =>
        existing.has(id) || work.hasQuarantine ? [{ id, version: table.readUpdatedAt(row) ?? '' }] : [],
      ),
      work.context.unit.clock.now(),
    );
    work.hasRemoved = true;
    const gone = ids.filter((id) => !kept.has(id));
    await table.rows.remove(session, gone);
    if (work.wireValues.exist) await forgetWireValues(session, table.kind, gone);
    if (kept.size === 0) return { bad: [], ignored: 0 };
    const keptRows = rows.filter(([id]) => kept.has(id));
    return { bad: await upsertRows(work, keptRows), ignored: 0 };
  }
  const existing = await table.rows.existing(session, ids);
  // The tombstone of a row that never existed here is only kept if it is a complete row (PULL-09).
  const taken = rows.filter(
    ([id, row]) => existing.has(id) || table.codecs.every((codec) => row[codec.wireKey] !== undefined),
  );
  return { bad: await upsertRows(work, taken), ignored: rows.length - taken.length };
}
