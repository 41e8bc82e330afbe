import type { ForeignKeyMetadata } from 'typeorm/metadata/ForeignKeyMetadata.js';
import type { SyncFact } from '../../model/events.ts';
import type { JsonObject } from '../../model/values/json.ts';
import { applyQuarantined } from './apply-pages.ts';
import { classifyDatabaseError } from '../sql/database-failure.ts';
import { quoted } from '../sql/quoted-name.ts';
import { readQuarantine } from '../replica/quarantine.ts';
import type { ReplicaTable } from '../tables/replica-table.ts';
import type { Session } from '../sql/session.ts';
import type { StoreContext } from '../database/store-context.ts';

/** A quarantined row, and the missing rows that it references. */
interface WaitingRow {
  readonly name: string;
  readonly table: ReplicaTable;
  readonly id: string;
  readonly row: JsonObject;
  /** Names of the missing rows, by the referencing column. */
  readonly needs: ReadonlyMap<string, string>;
}

const nameOf = (kind: string, id: string): string => `${kind}/${id}`;

/**
 * Stores quarantined rows that reference each other, in one or several tables; each alone is refused, because the
 * others are missing (F-160). First stores rows whose references have arrived, then whole rings: inserts every row
 * without its nullable references, then updates it. A row refused for another reason holds back only the rows that need
 * it. Call it after `retryQuarantined`. Returns the results by table.
 */
export async function storeReferring(
  session: Session,
  context: StoreContext,
  table: ReplicaTable,
): Promise<readonly SyncFact[]> {
  const changes = new Map<string, { upserts: number; deletes: number }>();
  const note = (kind: string, done: { readonly upserts: number; readonly deletes: number }): void => {
    const before = changes.get(kind) ?? { upserts: 0, deletes: 0 };
    changes.set(kind, { upserts: before.upserts + done.upserts, deletes: before.deletes + done.deletes });
  };
  const refused = new Set<string>();
  for (let isFirst = true; ; isFirst = false) {
    const waiting = (await readWaiting(session, context, table)).filter(({ name }) => !refused.has(name));
    const ready = waiting.filter(({ needs }) => needs.size === 0);
    for (const [owner, rows] of byTable(ready)) {
      // The caller has just tried the rows of this table one by one.
      if (isFirst && owner === table) continue;
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
    // Each is tried once. Rows that remain have another reason.
    for (const { name } of ready) refused.add(name);
    if (ready.length > 0) continue;
    const group = closed(waiting);
    if (group.length === 0) break;
    const culprits = await storeTogether(session, context, group, note);
    // No single row is at fault, and they cannot be stored. The next pull tries again.
    if (culprits === 'unknown') break;
    for (const name of culprits) refused.add(name);
    if (culprits.size === 0) for (const { name } of group) refused.add(name);
  }
  return [...changes].flatMap(([kind, done]) =>
    done.upserts + done.deletes === 0 ? [] : [{ type: 'cache.updated' as const, kind, ...done }],
  );
}

/** Filters these rows to those whose references are satisfied by the others. */
function closed(waiting: readonly WaitingRow[]): readonly WaitingRow[] {
  let group = waiting;
  for (let left = Infinity; group.length < left; ) {
    left = group.length;
    const names = new Set(group.map(({ name }) => name));
    group = group.filter(({ needs }) => [...needs.values()].every((need) => names.has(need)));
  }
  return group;
}

/**
 * Stores the whole group or nothing. Returns the names of refused rows; empty if it is stored. `unknown`: no single row
 * is at fault.
 */
async function storeTogether(
  session: Session,
  context: StoreContext,
  group: readonly WaitingRow[],
  note: (kind: string, done: { readonly upserts: number; readonly deletes: number }) => void,
): Promise<ReadonlySet<string> | 'unknown'> {
  await session.run('SAVEPOINT "synchart_group"');
  let culprits: ReadonlySet<string> | 'unknown' = 'unknown';
  try {
    await checkReferencesLater(session);
    culprits = await putThere(session, group);
    if (culprits.size === 0) {
      const done = new Map<string, { readonly upserts: number; readonly deletes: number }>();
      for (const [table, rows] of byTable(group)) {
        done.set(
          table.kind,
          await applyQuarantined(
            session,
            context,
            table,
            rows.map(({ row }) => row),
          ),
        );
      }
      culprits = new Set([...(await stillThere(session, group)), ...(await withoutParent(session, group))]);
      if (culprits.size === 0) {
        await session.run('RELEASE SAVEPOINT "synchart_group"');
        for (const [kind, counts] of done) note(kind, counts);
        return culprits;
      }
    }
  } catch (error) {
    if (!isRefusal(error)) throw error;
  }
  await session.run('ROLLBACK TO SAVEPOINT "synchart_group"');
  return culprits;
}

const isRefusal = (error: unknown): boolean => ['constraint', 'other'].includes(classifyDatabaseError(error));

/** Inserts the rows without their nullable references. Returns the names of those that the table refuses. */
async function putThere(session: Session, group: readonly WaitingRow[]): Promise<ReadonlySet<string>> {
  const refused = new Set<string>();
  for (const { name, table, row, needs } of group) {
    await session.run('SAVEPOINT "synchart_referring"');
    try {
      await table.rows.upsert(session, [withoutNullable(table, row, needs)], { keepDeletedLocally: true });
    } catch (error) {
      if (!isRefusal(error)) throw error;
      await session.run('ROLLBACK TO SAVEPOINT "synchart_referring"');
      refused.add(name);
    }
    await session.run('RELEASE SAVEPOINT "synchart_referring"');
  }
  return refused;
}

/** The refused rows of a stored group. */
async function stillThere(session: Session, group: readonly WaitingRow[]): Promise<readonly string[]> {
  const names: string[] = [];
  for (const [table, rows] of byTable(group)) {
    const left = new Set((await readQuarantine(session, table.kind)).map(({ entityId }) => entityId));
    for (const { id, name } of rows) if (left.has(id)) names.push(name);
  }
  return names;
}

/**
 * Rows of the group whose reference has no target, because of a pending edit or a foreign key missing in the entity.
 * SQLite would refuse the whole transaction because of them. PostgreSQL has checked them by now.
 */
async function withoutParent(session: Session, group: readonly WaitingRow[]): Promise<readonly string[]> {
  if (session.dialect.name !== 'sqlite') return [];
  const names: string[] = [];
  for (const [table, rows] of byTable(group)) {
    const faults = await session.query<{ id: string | number | null }>(
      `SELECT t.${table.id} AS "id" FROM pragma_foreign_key_check(?) f LEFT JOIN ${table.table} t ON t.rowid = f.rowid`,
      [table.metadata.tableName],
    );
    const lacking = new Set(faults.map(({ id }) => (id === null ? '' : String(id))));
    for (const { id, name } of rows) if (lacking.has(id) || lacking.has('')) names.push(name);
  }
  return names;
}

async function checkReferencesLater(session: Session): Promise<void> {
  await session.run(
    session.dialect.name === 'sqlite' ? 'PRAGMA defer_foreign_keys = ON' : 'SET CONSTRAINTS ALL DEFERRED',
  );
}

function withoutNullable(table: ReplicaTable, row: JsonObject, needs: ReadonlyMap<string, string>): JsonObject {
  const nullable = table.codecs.filter(({ column, name }) => needs.has(name) && column.isNullable);
  return nullable.length === 0
    ? row
    : { ...row, ...Object.fromEntries(nullable.map(({ wireKey }) => [wireKey, null])) };
}

/** The quarantined rows of this table and of all tables connected to it by foreign keys. */
async function readWaiting(
  session: Session,
  context: StoreContext,
  table: ReplicaTable,
): Promise<readonly WaitingRow[]> {
  const kinds = new Set(
    (await session.query<{ kind: string }>('SELECT DISTINCT "kind" AS "kind" FROM "sync_quarantine"')).map(
      ({ kind }) => kind,
    ),
  );
  const tables = linkedTo(
    table,
    [...context.registry.values()].filter(({ kind }) => kinds.has(kind)),
  );
  const waiting: WaitingRow[] = [];
  for (const owner of tables) {
    const rows = new Map(
      (await readQuarantine(session, owner.kind)).flatMap(({ row }) =>
        idIn(owner, row).map((id) => [id, row] as const),
      ),
    );
    const needs = await needsOf(session, context, owner, rows);
    for (const [id, row] of rows)
      waiting.push({ name: nameOf(owner.kind, id), table: owner, id, row, needs: needs.get(id) ?? new Map() });
  }
  return waiting;
}

/** The id of a row that its table could store. */
function idIn(table: ReplicaTable, row: JsonObject): readonly string[] {
  const id = table.readId(row);
  return id === undefined || table.readUpdatedAt(row) === undefined || table.unstorable(row) !== undefined ? [] : [id];
}

/** Filters these tables to those connected to `table` by foreign keys, in either direction. */
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

/**
 * The missing rows that each of these rows references, by the first column of the reference. One statement per
 * reference to ids.
 */
async function needsOf(
  session: Session,
  context: StoreContext,
  table: ReplicaTable,
  rows: ReadonlyMap<string, JsonObject>,
): Promise<ReadonlyMap<string, ReadonlyMap<string, string>>> {
  const needs = new Map([...rows.keys()].map((id) => [id, new Map<string, string>()]));
  const columns = new Map([...rows].map(([id, row]) => [id, table.mapping.columnsOf(row)]));
  for (const key of table.metadata.foreignKeys) {
    const first = key.columns[0]?.databaseName ?? '';
    const targets = new Map(
      [...columns].flatMap(([id, values]) => (isFilled(key, values) ? [[id, values] as const] : [])),
    );
    if (targets.size === 0) continue;
    const parent = [...context.registry.values()].find(({ metadata }) => metadata === key.referencedEntityMetadata);
    const byId =
      parent !== undefined &&
      key.columns.length === 1 &&
      quoted(key.referencedColumns[0]?.databaseName ?? '') === parent.id;
    const valueOf = (values: ReadonlyMap<string, unknown>): string => String(values.get(first));
    const existing = byId
      ? await parent.rows.existing(session, [...new Set([...targets.values()].map(valueOf))])
      : undefined;
    for (const [id, values] of targets) {
      const isHere = existing === undefined ? await exists(session, key, values) : existing.has(valueOf(values));
      if (!isHere)
        needs
          .get(id)
          ?.set(
            first,
            byId ? nameOf(parent.kind, valueOf(values)) : `a row of ${key.referencedEntityMetadata.tableName}`,
          );
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
  const path = [referencedEntityMetadata.schema, referencedEntityMetadata.tableName]
    .flatMap((name) => (name === undefined ? [] : [quoted(name)]))
    .join('.');
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
