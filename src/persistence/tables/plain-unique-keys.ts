import type { ReplicaTable } from './replica-table.ts';
import type { Session } from '../sql/session.ts';

/** A unique key that also applies to deleted rows. */
interface PlainUniqueKey {
  readonly table: ReplicaTable;
  /** Column names; `(expression)` for a computed one. */
  readonly columns: readonly string[];
}

interface IndexedColumn {
  readonly table: string;
  readonly index: string;
  readonly column: string | null;
}

const onSqlite = `SELECT m."name" AS "table", l."name" AS "index", c."name" AS "column"
  FROM sqlite_master m JOIN pragma_index_list(m."name") l JOIN pragma_index_info(l."name") c
  WHERE m."type" = 'table' AND l."unique" = 1 AND l."partial" = 0 AND l."origin" <> 'pk' ORDER BY 1, 2, c."seqno"`;

const onPostgres = `SELECT t.relname AS "table", i.relname AS "index", a.attname AS "column"
  FROM pg_index x JOIN pg_class t ON t.oid = x.indrelid JOIN pg_class i ON i.oid = x.indexrelid JOIN pg_namespace n ON n.oid = t.relnamespace
  CROSS JOIN LATERAL unnest(x.indkey) WITH ORDINALITY k(number, place) LEFT JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = k.number
  WHERE x.indisunique AND NOT x.indisprimary AND x.indpred IS NULL AND n.nspname = ANY (current_schemas(false)) ORDER BY 1, 2, k.place`;

/**
 * Reads them from the database, because an index may come from a migration and be missing in the entity. Omits keys
 * that contain the id, because they never clash with a deleted row.
 */
export async function plainUniqueKeys(
  session: Session,
  tables: Iterable<ReplicaTable>,
): Promise<readonly PlainUniqueKey[]> {
  const byName = new Map([...tables].map((table) => [table.metadata.tableName, table]));
  const found = new Map<string, { table: ReplicaTable; columns: string[] }>();
  for (const { table: name, index, column } of await session.query<IndexedColumn & Record<string, unknown>>(
    session.dialect.name === 'sqlite' ? onSqlite : onPostgres,
  )) {
    const table = byName.get(name);
    if (table === undefined) continue;
    const key = found.get(index) ?? { table, columns: [] };
    key.columns.push(column ?? '(expression)');
    found.set(index, key);
  }
  return [...found.values()].filter(
    ({ table, columns }) => !columns.some((column) => table.metadata.primaryColumns[0]?.databaseName === column),
  );
}
