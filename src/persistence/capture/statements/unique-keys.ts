import { quoted, type UniqueKeys } from '../entities/captured-table.ts';

interface IndexedColumn {
  readonly index: string;
  /** Null for an expression. */
  readonly name: string | null;
  readonly partial: number;
}

/**
 * Reads the unique keys of a table from the database, because an index may come from a migration and be missing in the
 * entity. Omits keys with an expression.
 */
export async function uniqueKeysOf(
  send: (sql: string, parameters: readonly unknown[]) => Promise<unknown>,
  table: string,
): Promise<UniqueKeys> {
  const rows = (await send(
    `SELECT l."name" AS "index", l."partial" AS "partial", c."name" AS "name" FROM pragma_index_list(?) l JOIN pragma_index_info(l."name") c
     WHERE l."unique" = 1 AND l."origin" <> 'pk'`,
    [table],
  )) as readonly IndexedColumn[];
  const keys = new Map<string, { readonly isPartial: boolean; readonly names: (string | null)[] }>();
  for (const { index, name, partial } of rows) {
    const key = keys.get(index) ?? { isPartial: partial === 1, names: [] };
    key.names.push(name);
    keys.set(index, key);
  }
  const whole = [...keys.values()].flatMap(({ isPartial, names }) =>
    names.every((name) => name !== null) ? [{ isPartial, columns: names.map(quoted) }] : [],
  );
  return {
    all: whole.map(({ columns }) => columns),
    plain: whole.filter(({ isPartial }) => !isPartial).map(({ columns }) => columns),
  };
}
