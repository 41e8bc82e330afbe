import type { JsonObject } from '../../model/values/json.ts';
import { applyQuarantined } from './apply-pages.ts';
import { blockedRows, type BlockedRows } from './blocked-rows.ts';
import { makeRoom } from './make-room.ts';
import { readQuarantine } from '../replica/quarantine.ts';
import type { ReplicaTable } from '../tables/replica-table.ts';
import type { Session } from '../sql/session.ts';
import type { StoreContext } from '../database/store-context.ts';

interface Stored {
  readonly upserts: number;
  readonly deletes: number;
}
const nothing: Stored = { upserts: 0, deletes: 0 };
const sum = (a: Stored, b: Stored): Stored => ({ upserts: a.upserts + b.upserts, deletes: a.deletes + b.deletes });

/**
 * Retries quarantined rows while one of them makes room for another, then those that swap UNIQUE values together
 * (F-160).
 */
export async function retryQuarantined(session: Session, context: StoreContext, table: ReplicaTable): Promise<Stored> {
  let total = nothing;
  for (;;) {
    total = sum(total, await retryOneByOne(session, context, table));
    const waiting = await rowsIn(session, table);
    const blocked = await blockedRows(session, table, waiting);
    let swapped = nothing;
    for (const ring of blocked.rings)
      swapped = sum(swapped, await storeTogether(session, context, table, blocked, ring));
    total = sum(total, swapped);
    if (swapped.upserts + swapped.deletes === 0) return total;
  }
}

/** Retries all rows, or these. */
async function retryOneByOne(
  session: Session,
  context: StoreContext,
  table: ReplicaTable,
  among?: readonly string[],
): Promise<Stored> {
  let total = nothing;
  for (
    let waiting = await rowsIn(session, table, among), left = Infinity;
    waiting.length > 0 && waiting.length < left;
    waiting = await rowsIn(session, table, among)
  ) {
    left = waiting.length;
    total = sum(total, await applyQuarantined(session, context, table, waiting));
  }
  return total;
}

async function rowsIn(
  session: Session,
  table: ReplicaTable,
  among?: readonly string[],
): Promise<readonly JsonObject[]> {
  const rows = await readQuarantine(session, table.kind);
  return rows.flatMap(({ entityId, row }) => (among === undefined || among.includes(entityId) ? [row] : []));
}

/**
 * Stores rows that swap UNIQUE values, all or none: each releases its value before the first is written. Excludes a row
 * that the database refuses for another reason, and tries the rest without it. On failure, restores every value.
 */
async function storeTogether(
  session: Session,
  context: StoreContext,
  table: ReplicaTable,
  { rows }: BlockedRows,
  ring: readonly string[],
): Promise<Stored> {
  for (let group = ring, left = Infinity; group.length > 1 && group.length < left; ) {
    left = group.length;
    await session.run('SAVEPOINT "synchart_ring"');
    if (await giveWay(session, table, rows, group)) {
      const stored = await retryOneByOne(session, context, table, group);
      if (stored.upserts + stored.deletes === group.length) {
        await session.run('RELEASE SAVEPOINT "synchart_ring"');
        return stored;
      }
      const refused = new Set((await rowsIn(session, table, group)).map((row) => table.readId(row)));
      group = group.filter((id) => !refused.has(id));
    }
    await session.run('ROLLBACK TO SAVEPOINT "synchart_ring"');
  }
  return nothing;
}

async function giveWay(
  session: Session,
  table: ReplicaTable,
  rows: BlockedRows['rows'],
  group: readonly string[],
): Promise<boolean> {
  for (const id of group)
    for (const holder of rows.get(id)?.waitsFor ?? [])
      if (group.includes(holder.id) && !(await makeRoom(session, table, holder))) return false;
  return true;
}
