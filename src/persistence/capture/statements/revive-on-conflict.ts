import { firstWordOf, nameOf, namesIn, outerTokensOf, type Token } from '../../sql/tokens.ts';
import { quoted, type CapturedTable } from '../entities/captured-table.ts';
import { tableNamed, type TableOf } from './understand-statement.ts';

interface Edit {
  readonly at: number;
  readonly end: number;
  readonly text: string;
}

/** One clause `ON CONFLICT … DO …`, by its token numbers. */
interface Clause {
  readonly on: number;
  readonly hasTarget: boolean;
  /** `nothing`, or `set`. */
  readonly action: number;
  /** The `where` of DO UPDATE. */
  readonly where: number | undefined;
  /** First token after the clause. */
  readonly next: number;
}

/**
 * Makes an upsert or INSERT OR IGNORE restore a deleted row with the same key. Such a row does not exist for the app,
 * and what it writes must be shown and queued (F-154). Visible rows are treated as the statement says. Undefined: the
 * statement stays unchanged.
 */
export function revivingUpsert(sql: string, tableOf: TableOf): string | undefined {
  if (!/\bconflict\b|\bor\s+ignore\b/i.test(sql)) return undefined;
  const list = outerTokensOf(sql);
  const into = list.findIndex(
    ({ word }, index) =>
      word === 'into' && list.slice(Math.max(0, index - 3), index).some((token) => token.word === 'insert'),
  );
  if (into === -1) return undefined;
  const isQualified = list[into + 2]?.text === '.';
  const table = tableNamed(list[into + (isQualified ? 3 : 1)], tableOf);
  if (table === undefined) return undefined;
  const columns = columnsOf(list, into + (isQualified ? 4 : 2), table);
  const clauses = clausesOf(list);
  const edits = clauses.flatMap((clause): readonly Edit[] => editsOf(list, clause, table, columns));
  const ignores = list[into - 1]?.word === 'ignore';
  if (ignores && clauses.every(({ hasTarget }) => hasTarget))
    edits.push(...atTheEnd(sql, list, onAnyKey(table, columns)));
  if (edits.length === 0) return undefined;
  let text = sql;
  for (const { at, end, text: added } of edits.sort((a, b) => b.at - a.at))
    text = text.slice(0, at) + added + text.slice(end);
  return text;
}

/** The columns that the statement lists, quoted; all columns if it lists none. */
function columnsOf(list: readonly Token[], from: number, table: CapturedTable): readonly string[] {
  const named = list
    .slice(from, from + 3)
    .find(
      ({ word }, index, near) => word === '()' && near.slice(0, index).every(({ word: before }) => before !== 'values'),
    );
  return named === undefined ? table.columns : namesIn(named).map(quoted);
}

function clausesOf(list: readonly Token[]): readonly Clause[] {
  const is = (index: number, ...words: readonly string[]): boolean =>
    words.every((word, offset) => list[index + offset]?.word === word);
  const starts = list.flatMap((_, index) => (is(index, 'on', 'conflict') ? [index] : []));
  return starts.flatMap((on, nth): readonly Clause[] => {
    const returning = list.findIndex(({ word }, index) => index > on && (word === 'returning' || word === ';'));
    const next = Math.min(starts[nth + 1] ?? list.length, returning === -1 ? list.length : returning);
    const does = list.findIndex(({ word }, index) => index > on && index < next && word === 'do');
    const action =
      does === -1 ? -1 : is(does + 1, 'nothing') ? does + 1 : is(does + 1, 'update', 'set') ? does + 2 : -1;
    if (action === -1) return [];
    const where = list.findIndex(({ word }, index) => index > action && index < next && word === 'where');
    return [{ on, hasTarget: is(on + 2, '()'), action, where: where === -1 ? undefined : where, next }];
  });
}

function editsOf(
  list: readonly Token[],
  { on, hasTarget, action, where, next }: Clause,
  table: CapturedTable,
  columns: readonly string[],
): readonly Edit[] {
  const [begin, act, condition, last] = [
    list[on],
    list[action],
    where === undefined ? undefined : list[where],
    list[next - 1],
  ];
  if (begin === undefined || act === undefined || last === undefined) return [];
  if (act.word === 'nothing') {
    return hasTarget
      ? [{ at: act.start, end: act.end, text: `UPDATE SET ${givenBack(table, columns)} WHERE ${hidden(table)}` }]
      : [{ at: begin.start, end: begin.start, text: `${onAnyKey(table, columns)} ` }];
  }
  // If a column is assigned twice, SQLite uses the later assignment: the app's own.
  const shows: Edit = { at: act.end, end: act.end, text: ` ${shown(table)},` };
  if (condition === undefined) return [shows];
  return [
    shows,
    { at: condition.end, end: condition.end, text: ' (' },
    { at: last.end, end: last.end, text: `) OR ${hidden(table)}` },
  ];
}

/** After the rows and before RETURNING. At the end of a SELECT's table list, SQLite would parse ON as a join. */
function atTheEnd(sql: string, list: readonly Token[], clauses: string): readonly Edit[] {
  const end = list.find(({ word }) => word === 'returning' || word === ';')?.start ?? sql.length;
  const select = list.findIndex(({ word }) => word === 'select');
  const isOpen =
    select !== -1 &&
    !list.slice(select).some(({ word }) => ['where', 'group', 'order', 'limit', 'values'].includes(word));
  return [{ at: end, end, text: `${isOpen ? ' WHERE true' : ''} ${clauses} ` }];
}

const shown = ({ deletedAt, deletedAtLocal }: CapturedTable): string =>
  `${quoted(deletedAt)} = NULL, ${quoted(deletedAtLocal)} = NULL`;

const hidden = ({ deletedAt, deletedAtLocal }: CapturedTable): string =>
  `(${quoted(deletedAt)} IS NOT NULL OR ${quoted(deletedAtLocal)} IS NOT NULL)`;

function givenBack(table: CapturedTable, columns: readonly string[]): string {
  const own = new Set([table.id, table.deletedAt, table.deletedAtLocal].map((name) => quoted(name).toLowerCase()));
  return [
    ...columns.filter((name) => !own.has(name.toLowerCase())).map((name) => `${name} = excluded.${name}`),
    shown(table),
  ].join(', ');
}

const onAnyKey = (table: CapturedTable, columns: readonly string[]): string =>
  [[quoted(table.id)], ...table.plainUniqueKeys]
    .map((key) => `ON CONFLICT (${key.join(', ')}) DO UPDATE SET ${givenBack(table, columns)} WHERE ${hidden(table)}`)
    .join(' ');

/**
 * Makes TypeORM's `restore` and `recover` also restore rows deleted by the server; they only know one column.
 * `isFiltered`: this release skips rows whose `deletedAtLocal` is null. Undefined for other statements.
 */
export function restoringStatement(sql: string, tableOf: TableOf, isFiltered: boolean): string | undefined {
  if ((isFiltered && !sql.endsWith(' IS NOT NULL')) || firstWordOf(sql) !== 'update') return undefined;
  const tokens = outerTokensOf(sql);
  const [, target, set, column, equals, empty, next] = tokens;
  const isRestoration =
    set?.word === 'set' &&
    equals?.word === '=' &&
    empty?.word === 'null' &&
    (next?.word === ',' || next?.word === 'where');
  const table = isRestoration ? tableNamed(target, tableOf) : undefined;
  if (empty === undefined || column === undefined || table === undefined || nameOf(column) !== table.deletedAtLocal)
    return undefined;
  const begin = `UPDATE ${quoted(table.name)} SET ${shown(table)}`;
  if (isFiltered) {
    const filled = `${quoted(table.deletedAtLocal)} IS NOT NULL`;
    return sql.endsWith(` AND ${filled}`)
      ? `${begin}${sql.slice(empty.end, -filled.length)}${hidden(table)}`
      : undefined;
  }
  const where = tokens.find(({ word }) => word === 'where');
  if (where === undefined || tokens.some(({ word }) => endOfCondition.has(word))) return undefined;
  return `${begin}${sql.slice(empty.end, where.end)} (${sql.slice(where.end)}) AND ${hidden(table)}`;
}

const endOfCondition: ReadonlySet<string> = new Set(['order', 'limit', 'returning', ';']);
