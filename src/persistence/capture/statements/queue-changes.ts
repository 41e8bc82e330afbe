import { ValidationError } from '../../../model/errors/errors.ts';
import { enqueueMany, type Queueable } from '../../outbox/enqueue-many.ts';
import { readQueues } from '../../outbox/outbox-rows.ts';
import type { RawRow, Session } from '../../sql/session.ts';
import type { Tables } from '../../sql/written-tables.ts';
import { captureSwitch, quoted, type BeforeRow, type CapturedTable } from '../entities/captured-table.ts';
import { describeChange, type RowChange, type Stamp } from './describe-change.ts';
import type { Snapshot } from '../entities/loaded-snapshots.ts';
import { followForeignKeys, hasDeletedParents } from './follow-foreign-keys.ts';
import type { Increments } from './understand-statement.ts';

export interface ChangesToQueue {
  /** Parents before children. */
  readonly tables: readonly CapturedTable[];
  readonly seenOf: (table: CapturedTable) => ReadonlyMap<string, Snapshot>;
  readonly increments?: Increments | undefined;
  /** Lower-case SQL names of the tables that the statements name. Triggers and foreign keys may reach others. */
  readonly named: Tables;
  readonly opId: () => string;
  /** Epoch ms. */
  readonly now: number;
}

const rowsAtOnce = 500;
const slicesAtOnce = 3;

/**
 * Queues the changes of the transaction since the last call, one operation per row: creations and edits of parents
 * first, deletions of children first. Restores server-owned columns. Leaves the recording tables empty. Throws
 * `ValidationError` for a row that cannot be sent.
 */
export async function queueChanges(session: Session, changes: ChangesToQueue): Promise<void> {
  const { tables } = changes;
  const stamp: Stamp = { opId: changes.opId, at: new Date(changes.now).toISOString() };
  let noted = await readNoted(session, tables, changes.named);
  if (noted.hasDeletedParents && (await followForeignKeys(session, tables, stamp.at)))
    noted = await readNoted(session, tables, changes.named);
  const deletions: { readonly table: CapturedTable; readonly list: readonly Queueable[] }[] = [];
  for (const table of noted.tables) {
    const deleted: Queueable[] = [];
    for (let slice = noted.slices.get(table); ; slice = undefined) {
      slice ??= await readSlice(session, table);
      const last = slice.noted.at(-1)?.synchart_n;
      if (last === undefined) break;
      const queueable = await queueSlice(session, slice, changes, stamp);
      await enqueueMany(
        session,
        table.replica,
        queueable.filter(({ op }) => op.type === 'upsert'),
        changes.now,
      );
      deleted.push(...queueable.filter(({ op }) => op.type === 'delete'));
      await session.later(`DELETE FROM temp.${table.before} WHERE "synchart_n" <= ?`, [last]);
      if (slice.noted.length < rowsAtOnce) break;
    }
    deletions.unshift({ table, list: deleted });
  }
  for (const { table, list } of deletions) await enqueueMany(session, table.replica, list, changes.now);
}

/** What the triggers recorded. */
interface Noted {
  /** The tables of recorded rows, parents before children. */
  readonly tables: readonly CapturedTable[];
  /** The first slices of some of them. */
  readonly slices: ReadonlyMap<CapturedTable, Slice>;
  readonly hasDeletedParents: boolean;
}

/**
 * Reads the records and the first rows of the named tables. Sends all queries at once, because a database in another
 * thread adds latency to each.
 */
async function readNoted(session: Session, tables: readonly CapturedTable[], named: Tables): Promise<Noted> {
  const likely = named === 'all' ? [] : tables.filter(({ name }) => named.has(name.toLowerCase()));
  const asked = likely.slice(0, slicesAtOnce);
  const [found, deletedParents, slices] = await Promise.all([
    touchedTables(
      session,
      tables.filter((table) => !asked.includes(table)),
    ),
    hasDeletedParents(session, tables),
    Promise.all(asked.map((table) => readSlice(session, table))),
  ]);
  const filled = slices.filter(({ noted }) => noted.length > 0);
  const touched = new Set([...found, ...filled.map(({ table }) => table.index)]);
  return {
    tables: tables.filter(({ index }) => touched.has(index)),
    slices: new Map(filled.map((slice) => [slice.table, slice])),
    hasDeletedParents: deletedParents,
  };
}

interface AfterRow extends RawRow {
  readonly synchart_n: null;
}

async function touchedTables(session: Session, tables: readonly CapturedTable[]): Promise<readonly number[]> {
  if (tables.length === 0) return [];
  const noted = tables
    .map((table) => `SELECT ${table.index} AS "table" WHERE EXISTS (SELECT 1 FROM temp.${table.before})`)
    .join(' UNION ALL ');
  return (await session.query<{ table: number }>(noted)).map((row) => row.table);
}

/** Rows recorded by the triggers, in the order of their first write. */
interface Slice {
  readonly table: CapturedTable;
  readonly noted: readonly BeforeRow[];
  /** The current rows; deleted ones are missing. */
  readonly after: readonly RawRow[];
}

/** A single statement for both: rows before the transaction come before current rows. */
async function readSlice(session: Session, table: CapturedTable): Promise<Slice> {
  const id = quoted(table.id);
  const { conditions } = table.replica;
  const columnsOf = (alias: string): string =>
    `${table.columns.map((name) => `${alias}.${name}`).join(', ')}${conditions.exactColumns(alias)}`;
  const first = `SELECT * FROM temp.${table.before} ORDER BY "synchart_n" LIMIT ${rowsAtOnce}`;
  const rows = await session.query<BeforeRow | AfterRow>(
    `SELECT b."synchart_n", b."synchart_absent", ${columnsOf('b')} FROM (${first}) b
     UNION ALL SELECT NULL, NULL, ${columnsOf('t')} FROM main.${quoted(table.name)} t WHERE t.${id} IN (SELECT f.${id} FROM (${first}) f)`,
  );
  return {
    table,
    noted: rows.filter((row) => row.synchart_n !== null).sort((a, b) => a.synchart_n - b.synchart_n),
    after: rows.filter((row) => row.synchart_n === null),
  };
}

async function queueSlice(
  session: Session,
  { table, noted, after: rows }: Slice,
  changes: ChangesToQueue,
  stamp: Stamp,
): Promise<readonly Queueable[]> {
  const { replica } = table;
  const id = quoted(table.id);
  const after = new Map<string, RawRow>();
  for (const row of rows) after.set(String(row[table.id]), row);
  const seen = changes.seenOf(table);
  const increments = changes.increments?.table === table ? changes.increments.by : undefined;
  const returningWhole = await withoutPendingDeleteAlone(session, table, noted);
  const toHide: string[] = [];
  const toPutBack: { readonly id: string; readonly updatedAt: unknown; readonly deletedAt: unknown }[] = [];
  const queueable: Queueable[] = [];
  for (const row of noted) {
    const entityId = String(row[table.id]);
    const change: RowChange = {
      table,
      id: entityId,
      before: row.synchart_absent === 1 ? undefined : row,
      after: after.get(entityId),
      seen: seen.get(entityId),
      returnsWhole: returningWhole.has(entityId),
      increments,
    };
    const { queue, hide, server } = describe(change, stamp);
    if (queue !== undefined) queueable.push(queue);
    if (hide) toHide.push(entityId);
    if (server !== undefined) toPutBack.push({ id: entityId, ...server });
  }
  // The following writes are not the app's.
  if (toHide.length + toPutBack.length > 0) await session.later(`UPDATE temp.${captureSwitch} SET "on" = 0`);
  await replica.rows.markDeletedLocally(session, toHide, stamp.at);
  for (const row of toPutBack) {
    await session.run(
      `UPDATE main.${quoted(table.name)} SET ${quoted(table.updatedAt)} = ?, ${quoted(table.deletedAt)} = ? WHERE ${id} = ?`,
      [row.updatedAt, row.deletedAt, row.id],
    );
  }
  return queueable;
}

/** A mapping of the app may throw anything. */
function describe(change: RowChange, stamp: Stamp): ReturnType<typeof describeChange> {
  try {
    return describeChange(change, stamp);
  } catch (cause) {
    if (cause instanceof ValidationError) throw cause;
    throw new ValidationError(
      `${change.table.replica.kind}/${change.id}: the row cannot be mapped: ${cause instanceof Error ? cause.message : String(cause)}; nothing was written`,
      { cause },
    );
  }
}

/**
 * From rows that were hidden before: those that must be restored as a whole. Edits folded into a delete are never sent
 * alone, and a server that executed the deletion without a tombstone has no other fields. Only a single pending
 * deletion leaves the server's row unchanged.
 */
async function withoutPendingDeleteAlone(
  session: Session,
  table: CapturedTable,
  noted: readonly BeforeRow[],
): Promise<ReadonlySet<string>> {
  const hidden = noted.filter((row) => row.synchart_absent === 0 && table.isHidden(row));
  if (hidden.length === 0) return new Set();
  const idOf = (row: BeforeRow): string => String(row[table.id]);
  const queues = await readQueues(session, table.replica.kind, hidden.map(idOf));
  return new Set(
    hidden
      .filter((row) => {
        const queue = queues.get(idOf(row)) ?? [];
        const isTombstone = (row[table.deletedAt] ?? null) !== null;
        return queue.length === 0 ? !isTombstone : queue.some((op) => op.type === 'upsert');
      })
      .map(idOf),
  );
}
