import { grouped } from '../../rules/values/grouped.ts';
import { quoted } from '../sql/quoted-name.ts';
import type { ReplicaTable } from './replica-table.ts';
import type { Session } from '../sql/session.ts';

/** One column of a unique index. */
export interface IndexedColumn {
  readonly name: string;
  /** The name quoted for SQL, with the index's collation if it has one. */
  readonly compared: string;
}

interface RawColumn extends Record<string, unknown> {
  readonly index: string;
  readonly name: string | null;
  readonly collation: string | null;
}

const onSqlite = `SELECT l."name" AS "index", c."name" AS "name", c."coll" AS "collation"
  FROM pragma_index_list(?) l JOIN pragma_index_xinfo(l."name") c WHERE l."unique" = 1 AND l."origin" <> 'pk' AND c."key" = 1 ORDER BY 1, c."seqno"`;

const onPostgres = `SELECT i.relname AS "index", a.attname AS "name", NULL AS "collation"
  FROM pg_index x JOIN pg_class i ON i.oid = x.indexrelid CROSS JOIN LATERAL unnest(x.indkey) WITH ORDINALITY k(number, place)
  LEFT JOIN pg_attribute a ON a.attrelid = x.indrelid AND a.attnum = k.number
  WHERE x.indrelid = CAST(CAST(? AS text) AS regclass) AND x.indisunique AND NOT x.indisprimary AND k.place <= x.indnkeyatts ORDER BY 1, k.place`;

/**
 * Reads the unique indexes of a table from the database, because an index may come from a migration and be missing in
 * the entity. Omits indexes with an expression.
 */
export async function uniqueIndexesOf(
  session: Session,
  { table, metadata }: ReplicaTable,
): Promise<readonly (readonly IndexedColumn[])[]> {
  const isSqlite = session.dialect.name === 'sqlite';
  const rows = await session.query<RawColumn>(isSqlite ? onSqlite : onPostgres, [
    isSqlite ? metadata.tableName : table,
  ]);
  const indexes = grouped(rows, ({ index }) => index);
  return [...indexes.values()].flatMap((columns) => {
    const named = columns.flatMap(({ name, collation }) =>
      name === null
        ? []
        : [{ name, compared: `${quoted(name)}${collation === null ? '' : ` COLLATE ${quoted(collation)}`}` }],
    );
    return named.length === columns.length ? [named] : [];
  });
}
