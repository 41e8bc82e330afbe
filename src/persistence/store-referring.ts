import type { ForeignKeyMetadata } from 'typeorm/metadata/ForeignKeyMetadata.js';
import type { SyncFact } from '../model/events.ts';
import type { JsonObject } from '../model/json.ts';
import { applyQuarantined } from './apply-pages.ts';
import { classifyDatabaseError } from './database-failure.ts';
import { quoted } from './quoted-name.ts';
import { readQuarantine } from './quarantine.ts';
import type { ReplicaTable } from './replica-table.ts';
import type { Session } from './session.ts';
import type { StoreContext } from './store-context.ts';

/** A row in quarantine, and the rows that it refers to and that are not here. */
interface WaitingRow {
  readonly name: string;
  readonly table: ReplicaTable;
  readonly id: string;
  readonly row: JsonObject;
  /** Their names, by the column that refers to them. */
  readonly needs: ReadonlyMap<string, string>;
}

const nameOf = (kind: string, id: string): string => `${kind}/${id}`;

/**
 * Stores rows in quarantine that refer to each other, in one table or in several: each alone is refused, because the others are not there (F-160). First come
 * rows whose references have all arrived, then whole rings: every row is put there without the references that may be NULL, and then stored as it is. A row
 * that is refused for a reason of its own holds back those that need it, and no others. Returns what became of the tables.
 */
export async function storeReferring(session: Session, context: StoreContext, table: ReplicaTable): Promise<readonly SyncFact[]> {
  const changes = new Map<string, { upserts: number; deletes: number }>();
  const note = (kind: string, done: { readonly upserts: number; readonly deletes: number }): void => {
    const before = changes.get(kind) ?? { upserts: 0, deletes: 0 };
    changes.set(kind, { upserts: before.upserts + done.upserts, deletes: before.deletes + done.deletes });
  };
  const refused = new Set<string>();
  for (;;) {
    const waiting = (await readWaiting(session, context, table)).filter(({ name }) => !refused.has(name));
    const ready = waiting.filter(({ needs }) => needs.size === 0);
    for (const [owner, rows] of byTable(ready)) {
      note(
        owner.kind,
        await applyQuarantined(
          session,
          context,
          owner,
          rows.map(({ row }) => row),
        ),
      );
    }
    // Tried once each: what is still there has a reason of its own.
    for (const { name } of ready) refused.add(name);
    if (ready.length > 0) continue;
    const group = closed(waiting);
    if (group.length === 0) break;
    const culprit = await storeTogether(session, context, group, note);
    if (culprit === 'all') break;
    if (culprit !== undefined) refused.add(culprit);
  }
  return [...changes].flatMap(([kind, done]) => (done.upserts + done.deletes === 0 ? [] : [{ type: 'cache.updated' as const, kind, ...done }]));
}

/** Of these rows, those whose needs are met by the others. */
function closed(waiting: readonly WaitingRow[]): readonly WaitingRow[] {
  let group = waiting;
  for (let left = Infinity; group.length < left; ) {
    left = group.length;
    const names = new Set(group.map(({ name }) => name));
    group = group.filter(({ needs }) => [...needs.values()].every((need) => names.has(need)));
  }
  return group;
}

/** Stores the group or nothing of it. Returns the name of a row that is refused, `all` where no row is to blame, or undefined. */
async function storeTogether(
  session: Session,
  context: StoreContext,
  group: readonly WaitingRow[],
  note: (kind: string, done: { readonly upserts: number; readonly deletes: number }) => void,
): Promise<string | undefined> {
  await session.run('SAVEPOINT "synchart_group"');
  let at: string | undefined;
  try {
    await checkReferencesLater(session);
    for (const { name, table, row, needs } of group) {
      at = name;
      await table.upsert(session, [withoutNullable(table, row, needs)], { keepDeletedLocally: true });
    }
    at = undefined;
    const done = new Map<string, { readonly upserts: number; readonly deletes: number }>();
    for (const [table, rows] of byTable(group))
      done.set(
        table.kind,
        await applyQuarantined(
          session,
          context,
          table,
          rows.map(({ row }) => row),
        ),
      );
    const left = await stillThere(session, group);
    if (left === undefined && !(await lacksReferences(session, context, group))) {
      await session.run('RELEASE SAVEPOINT "synchart_group"');
      for (const [kind, counts] of done) note(kind, counts);
      return undefined;
    }
    at = left;
  } catch (error) {
    const failure = classifyDatabaseError(error);
    if (failure !== 'constraint' && failure !== 'other') throw error;
  }
  await session.run('ROLLBACK TO SAVEPOINT "synchart_group"');
  return at ?? 'all';
}

/** Of a group that is stored, a row that is refused all the same. */
async function stillThere(session: Session, group: readonly WaitingRow[]): Promise<string | undefined> {
  for (const [table, rows] of byTable(group)) {
    const left = new Set((await readQuarantine(session, table.kind)).map(({ entityId }) => entityId));
    const refused = rows.find(({ id }) => left.has(id));
    if (refused !== undefined) return refused.name;
  }
  return undefined;
}

/** Whether a stored row of the group refers to nothing after all, as one with a pending edit might: SQLite would refuse the whole transaction. */
async function lacksReferences(session: Session, context: StoreContext, group: readonly WaitingRow[]): Promise<boolean> {
  for (const [table, rows] of byTable(group)) {
    const stored = await table.read(
      session,
      rows.map(({ id }) => id),
    );
    const needs = await needsOf(session, context, table, stored);
    if ([...needs.values()].some((each) => each.size > 0)) return true;
  }
  return false;
}

async function checkReferencesLater(session: Session): Promise<void> {
  await session.run(session.dialect.name === 'sqlite' ? 'PRAGMA defer_foreign_keys = ON' : 'SET CONSTRAINTS ALL DEFERRED');
}

function withoutNullable(table: ReplicaTable, row: JsonObject, needs: ReadonlyMap<string, string>): JsonObject {
  const nullable = table.codecs.filter(({ column, name }) => needs.has(name) && column.isNullable);
  return nullable.length === 0 ? row : { ...row, ...Object.fromEntries(nullable.map(({ wireKey }) => [wireKey, null])) };
}

/** The quarantined rows of the tables that hang together with this one by foreign keys, itself included. */
async function readWaiting(session: Session, context: StoreContext, table: ReplicaTable): Promise<readonly WaitingRow[]> {
  const kinds = new Set((await session.query<{ kind: string }>('SELECT DISTINCT "kind" AS "kind" FROM "sync_quarantine"')).map(({ kind }) => kind));
  const tables = linkedTo(
    table,
    [...context.registry.values()].filter(({ kind }) => kinds.has(kind)),
  );
  const waiting: WaitingRow[] = [];
  for (const owner of tables) {
    const rows = new Map((await readQuarantine(session, owner.kind)).flatMap(({ row }) => idIn(owner, row).map((id) => [id, row] as const)));
    const needs = await needsOf(session, context, owner, rows);
    for (const [id, row] of rows) waiting.push({ name: nameOf(owner.kind, id), table: owner, id, row, needs: needs.get(id) ?? new Map() });
  }
  return waiting;
}

/** The id of a row that its table could store. */
function idIn(table: ReplicaTable, row: JsonObject): readonly string[] {
  const id = table.readId(row);
  return id === undefined || table.readUpdatedAt(row) === undefined || table.unstorable(row) !== undefined ? [] : [id];
}

/** Of these tables, the ones that a path of foreign keys joins to `table`, in either direction. */
function linkedTo(table: ReplicaTable, among: readonly ReplicaTable[]): readonly ReplicaTable[] {
  const linked = new Set<ReplicaTable>([table]);
  const isLinked = (a: ReplicaTable, b: ReplicaTable): boolean => refersTo(a, b) || refersTo(b, a);
  for (let size = 0; size < linked.size; ) {
    size = linked.size;
    for (const other of among) if ([...linked].some((each) => isLinked(each, other))) linked.add(other);
  }
  return [...linked].filter((each) => among.includes(each));
}

const refersTo = (a: ReplicaTable, b: ReplicaTable): boolean =>
  a.metadata.foreignKeys.some(({ referencedEntityMetadata }) => referencedEntityMetadata === b.metadata);

/** What each of these rows refers to and is not here: names of rows, by the first column of the reference. One statement for each reference to ids. */
async function needsOf(
  session: Session,
  context: StoreContext,
  table: ReplicaTable,
  rows: ReadonlyMap<string, JsonObject>,
): Promise<ReadonlyMap<string, ReadonlyMap<string, string>>> {
  const needs = new Map([...rows.keys()].map((id) => [id, new Map<string, string>()]));
  const columns = new Map([...rows].map(([id, row]) => [id, table.columnsOf(row)]));
  for (const key of table.metadata.foreignKeys) {
    const first = key.columns[0]?.databaseName ?? '';
    const targets = new Map([...columns].flatMap(([id, values]) => (isFilled(key, values) ? [[id, values] as const] : [])));
    if (targets.size === 0) continue;
    const parent = [...context.registry.values()].find(({ metadata }) => metadata === key.referencedEntityMetadata);
    const byId = parent !== undefined && key.columns.length === 1 && quoted(key.referencedColumns[0]?.databaseName ?? '') === parent.id;
    const valueOf = (values: ReadonlyMap<string, unknown>): string => String(values.get(first));
    const existing = byId ? await parent.existing(session, [...new Set([...targets.values()].map(valueOf))]) : undefined;
    for (const [id, values] of targets) {
      const isHere = existing === undefined ? await exists(session, key, values) : existing.has(valueOf(values));
      if (!isHere) needs.get(id)?.set(first, byId ? nameOf(parent.kind, valueOf(values)) : `a row of ${key.referencedEntityMetadata.tableName}`);
    }
  }
  return needs;
}

const isFilled = ({ columns }: ForeignKeyMetadata, values: ReadonlyMap<string, unknown>): boolean =>
  columns.every(({ databaseName }) => (values.get(databaseName) ?? null) !== null);

async function exists(
  session: Session,
  { columns, referencedColumns, referencedEntityMetadata }: ForeignKeyMetadata,
  values: ReadonlyMap<string, unknown>,
): Promise<boolean> {
  const path = [referencedEntityMetadata.schema, referencedEntityMetadata.tableName].flatMap((name) => (name === undefined ? [] : [quoted(name)])).join('.');
  const conditions = referencedColumns.map(({ databaseName }) => `${quoted(databaseName)} = ?`).join(' AND ');
  return (
    (await session.one(
      `SELECT 1 AS "found" FROM ${path} WHERE ${conditions}`,
      columns.map(({ databaseName }) => values.get(databaseName)),
    )) !== undefined
  );
}

function byTable(rows: readonly WaitingRow[]): ReadonlyMap<ReplicaTable, readonly WaitingRow[]> {
  const grouped = new Map<ReplicaTable, WaitingRow[]>();
  for (const row of rows) grouped.set(row.table, [...(grouped.get(row.table) ?? []), row]);
  return grouped;
}
