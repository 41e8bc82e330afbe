import type { SyncFact } from '../../model/events.ts';
import type { JsonObject } from '../../model/values/json.ts';
import { overlay } from '../../rules/pending/overlay.ts';
import { saysAll } from '../../rules/answers/own-echo.ts';
import { compareTimestamps } from '../../rules/values/timestamp.ts';
import { newestKnown, type BaseRecord } from '../outbox/base-rows.ts';
import { refreshConflict } from '../outbox/conflict-rows.ts';
import { EntityChanges } from '../settling/entity-changes.ts';
import type { PageWork } from './page-work.ts';
import type { BadRow } from '../replica/quarantine.ts';
import type { ReplicaTable } from '../tables/replica-table.ts';
import { seenOf } from '../replica/resync-marks.ts';
import { listOf } from '../sql/session.ts';
import { flushChanges } from '../settling/write-changes.ts';

export interface PendingRows {
  readonly ids: ReadonlySet<string>;
  readonly written: number;
  readonly hidden: number;
  /** Server rows that are known already. */
  readonly unchanged: number;
  /** Server rows that are older than the known version. */
  readonly stale: readonly string[];
  readonly bad: readonly BadRow[];
  /** Reports of damaged data. */
  readonly facts: readonly SyncFact[];
}
export const nothingPending: PendingRows = {
  ids: new Set(),
  written: 0,
  hidden: 0,
  unchanged: 0,
  stale: [],
  bad: [],
  facts: [],
};

/**
 * Rows with pending operations: stores the newest server row; the local row is that row with the operations applied
 * (I4, F-21).
 */
export async function applyPending(work: PageWork, rows: ReadonlyMap<string, JsonObject>): Promise<PendingRows> {
  const { session, table, context } = work;
  const found = await session.query<{ id: string }>(
    `SELECT "entity_id" AS "id" FROM "sync_base" WHERE "kind" = ? AND ${session.dialect.inList('"entity_id"')}`,
    [table.kind, listOf([...rows.keys()])],
  );
  if (found.length === 0) return nothingPending;
  const changes = await EntityChanges.load(
    session,
    table,
    found.map(({ id }) => id),
  );
  const ids = new Set<string>();
  const written = new Set<string>();
  const hidden = new Set<string>();
  const stale: string[] = [];
  let unchanged = 0;
  const seen = work.hold === 'seen' ? await seenOf(session, table.kind, [...rows.keys()]) : undefined;
  const isHeld = (id: string): boolean => work.hold === 'known' || work.hold === 'loaded' || seen?.has(id) === true;
  for (const { id } of found) {
    const row = rows.get(id);
    if (!row) continue;
    const queue = changes.queueOf(id);
    if (queue.length === 0) {
      if (isHeld(id) && isBeforeLastWrite(table, row, changes.baseOf(id))) {
        ids.add(id);
        stale.push(id);
        continue;
      }
      // Only the version was unknown; this row contains it.
      changes.forget(id);
      continue;
    }
    ids.add(id);
    const version = table.readUpdatedAt(row) ?? '';
    const known = newestKnown(changes.baseOf(id));
    // A full resync accepts an older row, unless the row was settled or listed since the resync began, because a
    // restored server has older rows (F-161). A quarantined row is known but not stored. A row in an older format is
    // known without its new columns.
    const newer = known.version === undefined ? 1 : compareTimestamps(version, known.version);
    const isTaken = newer < 0 ? work.hold === 'seen' && !isHeld(id) : newer > 0 || work.strict || work.anew;
    if (!isTaken) {
      if (newer < 0) stale.push(id);
      else unchanged += 1;
      continue;
    }
    const deleted = table.isDeleted(row);
    changes.refresh(id, { row, version, deleted }, { pulled: true });
    if (newer !== 0 || work.strict)
      await refreshConflict(session, table.kind, id, { row, version, deleted }, context.unit.clock.now());
    const local = overlay(row, queue, table.keys);
    if (local.row === undefined) continue;
    changes.writeRow({ id, row: local.row, server: row }, local.deletedLocally);
    (deleted ? hidden : written).add(id);
  }
  const bad = await flushChanges(session, context, changes);
  for (const { id } of bad) if (id !== undefined && !written.delete(id)) hidden.delete(id);
  return { ids, written: written.size, hidden: hidden.size, unchanged, stale, bad, facts: changes.damage };
}

/**
 * The server accepted our last write without reporting the version, so it is unknown. A row older than the base of that
 * write precedes it. So does a row of that very version without our changes, because each write creates a new version
 * (F-157).
 */
function isBeforeLastWrite(table: ReplicaTable, row: JsonObject, base: BaseRecord | undefined): boolean {
  const before = base?.baseRow === undefined ? undefined : table.readUpdatedAt(base.baseRow);
  if (before === undefined || base?.lastSent === undefined) return false;
  const order = compareTimestamps(table.readUpdatedAt(row) ?? '', before);
  return order < 0 || (order === 0 && !table.isDeleted(row) && !saysAll(row, base.lastSent, table.keys));
}
