import { firstWordOf, nameOf, namesIn, outerTokensOf, SqlReader, type Token } from '../../sql/tokens.ts';
import type { CapturedTable } from '../entities/captured-table.ts';
import { quoted } from '../entities/captured-table.ts';

/** Finds a captured table by its lower-case name. */
export type TableOf = (name: string) => CapturedTable | undefined;

export const tableNamed = (token: Token | undefined, tableOf: TableOf): CapturedTable | undefined => {
  const name = token === undefined ? undefined : nameOf(token);
  return name === undefined ? undefined : tableOf(name.toLowerCase());
};

/** Amounts that one statement adds to columns. Concurrent additions of other devices survive. */
export interface Increments {
  readonly table: CapturedTable;
  /** The added amounts, by wire key. */
  readonly by: ReadonlyMap<string, number>;
}

const endOfSet: ReadonlySet<string> = new Set(['where', 'from', 'order', 'limit', 'returning', ';']);

/** The assignments of `UPDATE t SET c = 1, d = max(d, 2) WHERE …`, each as its tokens. */
function* assignmentsOf(tokens: readonly Token[]): Generator<readonly Token[]> {
  let from = 3;
  for (let at = from; ; at += 1) {
    const word = tokens[at]?.word;
    const isEnd = word === undefined || endOfSet.has(word);
    if (!isEnd && word !== ',') continue;
    yield tokens.slice(from, at);
    if (isEnd) return;
    from = at + 1;
  }
}

/** Parses `c = c + 1`; undefined for any other assignment. */
function incrementIn([column, equals, added, sign, ...amount]: readonly Token[]):
  | { readonly column: string; readonly by: number }
  | undefined {
  if (column === undefined || added === undefined || equals?.word !== '=' || (sign?.word !== '+' && sign?.word !== '-'))
    return undefined;
  const name = nameOf(column)?.toLowerCase();
  if (name === undefined || name !== nameOf(added)?.toLowerCase()) return undefined;
  const isNegative = amount[0]?.word === '-';
  const number = amount[isNegative ? 1 : 0];
  if (number?.kind !== 'number' || number !== amount.at(-1)) return undefined;
  const by = Number(number.text);
  return Number.isFinite(by) ? { column: name, by: (sign.word === '-') === isNegative ? by : -by } : undefined;
}

/**
 * Parses `UPDATE t SET c = c + 1, … WHERE …`, as sent by `increment()` and `decrement()`, including the version and
 * update date that TypeORM adds. The version alone is not an increment, because every save increases it.
 */
export function incrementsOf(sql: string, tableOf: TableOf): Increments | undefined {
  if (sql.length > 2_000 || firstWordOf(sql) !== 'update' || !/[+-]/.test(sql)) return undefined;
  const tokens = outerTokensOf(sql);
  const table = tokens[2]?.word === 'set' ? tableNamed(tokens[1], tableOf) : undefined;
  if (table === undefined) return undefined;
  const { codecs, metadata } = table.replica;
  const by = new Map<string, number>();
  let isVersionOnly = true;
  for (const assignment of assignmentsOf(tokens)) {
    const increment = incrementIn(assignment);
    const codec = codecs.find((candidate) => candidate.name.toLowerCase() === increment?.column);
    if (codec === undefined || increment === undefined) continue;
    by.set(codec.wireKey, increment.by);
    if (codec.column !== metadata.versionColumn) isVersionOnly = false;
  }
  return isVersionOnly ? undefined : { table, by };
}

/** Whether the statement cannot be safely enclosed in parentheses, or numbers its own parameters. */
function isInvolved(sql: string): boolean {
  const reader = new SqlReader(sql);
  let isOrder = false;
  while (reader.step()) {
    if (reader.kind === 'space') continue;
    if (reader.kind === 'comment' || (reader.kind === 'placeholder' && reader.end - reader.start > 1)) return true;
    if (reader.is(';') || reader.is('limit') || (isOrder && reader.is('by'))) return true;
    isOrder = reader.is('order');
  }
  return false;
}

/**
 * Rewrites a plain DELETE as the UPDATE that hides the rows, so that the app gets their number. The trigger handles
 * other forms; it hides the rows too, but counts none. RETURNING returns the rows after the update, with the time of
 * hiding.
 */
export function hidingStatement(
  sql: string,
  parameters: readonly unknown[] | undefined,
  tableOf: TableOf,
  at: string,
): { readonly sql: string; readonly parameters: readonly unknown[] } | undefined {
  if (firstWordOf(sql) !== 'delete') return undefined;
  const tokens = outerTokensOf(sql);
  const [deletes, from, target, where] = tokens;
  const table = from?.word === 'from' ? tableNamed(target, tableOf) : undefined;
  if (deletes === undefined || table === undefined || isInvolved(sql.slice(deletes.start))) return undefined;
  const returning = tokens.find(({ word }) => word === 'returning')?.start ?? sql.length;
  const isPlain = where === undefined || where.word === 'where' || where.word === 'returning';
  if (!isPlain) return undefined;
  const name = quoted(table.name);
  const condition = where?.word === 'where' ? `(${sql.slice(where.end, returning)}) AND ` : '';
  return {
    sql: `UPDATE ${name} SET ${quoted(table.deletedAtLocal)} = ? WHERE ${condition}${table.shown(name)} ${sql.slice(returning)}`,
    parameters: [at, ...(parameters ?? [])],
  };
}

const verbs: ReadonlySet<string> = new Set(['insert', 'replace', 'update', 'delete']);

/** Whether a DELETE returns the deleted rows. If the trigger hides them, SQLite would return none. */
export function returnsDeleted(sql: string): boolean {
  if (!/\bdelete\b/i.test(sql) || !/\breturning\b/i.test(sql)) return false;
  const words = outerTokensOf(sql).map(({ word }) => word);
  const returning = words.indexOf('returning');
  return returning !== -1 && words.slice(0, returning).find((word) => verbs.has(word)) === 'delete';
}

/** Rewrites a plain INSERT so that it restores deleted rows with these ids. */
export function revivingStatement(sql: string, tableOf: TableOf): string | undefined {
  const tokens = outerTokensOf(sql);
  const [insert, into, target, columns, source] = tokens;
  const isPlain =
    insert?.word === 'insert' &&
    into?.word === 'into' &&
    columns?.kind === 'group' &&
    (source?.word === 'values' || source?.word === 'select');
  if (!isPlain || tokens.some(({ word }) => word === 'returning' || word === 'conflict' || word === ';'))
    return undefined;
  const table = tableNamed(target, tableOf);
  if (table === undefined) return undefined;
  const isSpecial = new Set([table.id, table.deletedAt, table.deletedAtLocal].map(quoted));
  const changes = [
    ...namesIn(columns)
      .map(quoted)
      .filter((name) => !isSpecial.has(name))
      .map((name) => `${name} = excluded.${name}`),
    ...[table.deletedAt, table.deletedAtLocal].map((name) => `${quoted(name)} = NULL`),
  ];
  return `${sql.slice(0, tokens.at(-1)?.end)} ON CONFLICT (${quoted(table.id)}) DO UPDATE SET ${changes.join(', ')}`;
}
