import { quoted } from './captured-table.ts';

interface IndexedColumn {
  readonly index: string;
  /** Null for an expression. */
  readonly name: string | null;
}

/**
 * Reads the unique keys of a table from the database, columns quoted: an index may come from a migration, and be in no entity. Those with an expression
 * are left out; of a partial index all columns are given.
 */
export async function uniqueKeysOf(
  send: (sql: string, parameters: readonly unknown[]) => Promise<unknown>,
  table: string,
): Promise<readonly (readonly string[])[]> {
  const rows = (await send(
    `SELECT l."name" AS "index", c."name" AS "name" FROM pragma_index_list(?) l JOIN pragma_index_info(l."name") c WHERE l."unique" = 1 AND l."origin" <> 'pk'`,
    [table],
  )) as readonly IndexedColumn[];
  const keys = new Map<string, (string | null)[]>();
  for (const { index, name } of rows) keys.set(index, [...(keys.get(index) ?? []), name]);
  return [...keys.values()].flatMap((names) => (names.every((name) => name !== null) ? [names.map(quoted)] : []));
}
