import { quoted, type CapturedTable } from '../entities/captured-table.ts';

/** Comments, texts, names in quotes, words, and single characters. */
const tokens = /--[^\n]*|\/\*[\s\S]*?(?:\*\/|$)|'(?:[^']|'')*'|"(?:[^"]|"")*"|`[^`]*`|\[[^\]]*\]|[\w$\u0080-\uffff]+|[\s\S]/g;

interface Token {
  readonly text: string;
  /** In lower case, to compare with. */
  readonly word: string;
  readonly at: number;
  readonly end: number;
}

interface Edit {
  readonly at: number;
  readonly end: number;
  readonly text: string;
}

/** One clause `ON CONFLICT … DO …`, by the numbers of its tokens. */
interface Clause {
  readonly on: number;
  readonly hasTarget: boolean;
  /** `nothing`, or `set`. */
  readonly action: number;
  /** The `where` of DO UPDATE. */
  readonly where: number | undefined;
  /** First token behind the clause. */
  readonly next: number;
}

/**
 * Lets an upsert that meets a deleted row bring it back, and an INSERT OR IGNORE, too: for the app such a row is not there, and what is written onto it
 * must be shown and queued (F-154). Rows that are shown are treated as the statement says. Undefined: the statement stays as it is.
 */
export function revivingUpsert(sql: string, tableOf: (name: string) => CapturedTable | undefined): string | undefined {
  if (!/\bconflict\b|\bor\s+ignore\b/i.test(sql)) return undefined;
  const list = outerTokens(sql);
  const into = list.findIndex(({ word }, index) => word === 'into' && list.slice(Math.max(0, index - 3), index).some((token) => token.word === 'insert'));
  if (into === -1) return undefined;
  const isQualified = list[into + 2]?.text === '.';
  const table = tableOf(nameOf(list[into + (isQualified ? 3 : 1)]?.text ?? ''));
  if (table === undefined) return undefined;
  const columns = columnsOf(sql, list, into + (isQualified ? 4 : 2), table);
  const clauses = clausesOf(list);
  const edits = clauses.flatMap((clause): readonly Edit[] => editsOf(list, clause, table, columns));
  const ignores = list[into - 1]?.word === 'ignore';
  if (ignores && clauses.every(({ hasTarget }) => hasTarget)) edits.push(...atTheEnd(sql, list, onAnyKey(table, columns)));
  if (edits.length === 0) return undefined;
  let text = sql;
  for (const { at, end, text: added } of edits.sort((a, b) => b.at - a.at)) text = text.slice(0, at) + added + text.slice(end);
  return text;
}

/** The tokens that stand in no brackets; a bracket and all in it are one token. */
function outerTokens(sql: string): readonly Token[] {
  const list: Token[] = [];
  let depth = 0;
  let opened = 0;
  for (const { 0: text, index } of sql.matchAll(tokens)) {
    if (text === '(' && depth++ === 0) opened = index;
    const end = index + text.length;
    if (text === ')' && --depth === 0) list.push({ text: '()', word: '()', at: opened, end });
    else if (depth === 0 && !/^(?:\s|--|\/\*)/.test(text)) list.push({ text, word: text.toLowerCase(), at: index, end });
  }
  return list;
}

const nameOf = (text: string): string => (/^["`[]/.test(text) ? text.slice(1, -1).replaceAll('""', '"') : text).toLowerCase();

/** The columns that the statement gives, quoted; all of them where it names none. */
function columnsOf(sql: string, list: readonly Token[], from: number, table: CapturedTable): readonly string[] {
  const named = list
    .slice(from, from + 3)
    .find(({ word }, index, near) => word === '()' && near.slice(0, index).every(({ word: before }) => before !== 'values'));
  if (named === undefined) return table.columns;
  const names = sql.slice(named.at + 1, named.end - 1).match(/"(?:[^"]|"")*"|`[^`]*`|\[[^\]]*\]|[\w$\u0080-\uffff]+/g) ?? [];
  return names.map((name) => (name.startsWith('"') ? name : quoted(/^[`[]/.test(name) ? name.slice(1, -1) : name)));
}

function clausesOf(list: readonly Token[]): readonly Clause[] {
  const is = (index: number, ...words: readonly string[]): boolean => words.every((word, offset) => list[index + offset]?.word === word);
  const starts = list.flatMap((_, index) => (is(index, 'on', 'conflict') ? [index] : []));
  return starts.flatMap((on, nth): readonly Clause[] => {
    const returning = list.findIndex(({ word }, index) => index > on && (word === 'returning' || word === ';'));
    const next = Math.min(starts[nth + 1] ?? list.length, returning === -1 ? list.length : returning);
    const does = list.findIndex(({ word }, index) => index > on && index < next && word === 'do');
    const action = does === -1 ? -1 : is(does + 1, 'nothing') ? does + 1 : is(does + 1, 'update', 'set') ? does + 2 : -1;
    if (action === -1) return [];
    const where = list.findIndex(({ word }, index) => index > action && index < next && word === 'where');
    return [{ on, hasTarget: is(on + 2, '()'), action, where: where === -1 ? undefined : where, next }];
  });
}

function editsOf(list: readonly Token[], { on, hasTarget, action, where, next }: Clause, table: CapturedTable, columns: readonly string[]): readonly Edit[] {
  const [begin, act, condition, last] = [list[on], list[action], where === undefined ? undefined : list[where], list[next - 1]];
  if (begin === undefined || act === undefined || last === undefined) return [];
  if (act.word === 'nothing') {
    return hasTarget
      ? [{ at: act.at, end: act.end, text: `UPDATE SET ${givenBack(table, columns)} WHERE ${hidden(table)}` }]
      : [{ at: begin.at, end: begin.at, text: `${onAnyKey(table, columns)} ` }];
  }
  // Of two assignments to one column SQLite takes the later one: the app's own.
  const shows: Edit = { at: act.end, end: act.end, text: ` ${shown(table)},` };
  if (condition === undefined) return [shows];
  return [shows, { at: condition.end, end: condition.end, text: ' (' }, { at: last.end, end: last.end, text: `) OR ${hidden(table)}` }];
}

/** Behind the rows, ahead of RETURNING. A SELECT that ends with its tables would take ON for a join. */
function atTheEnd(sql: string, list: readonly Token[], clauses: string): readonly Edit[] {
  const end = list.find(({ word }) => word === 'returning' || word === ';')?.at ?? sql.length;
  const select = list.findIndex(({ word }) => word === 'select');
  const isOpen = select !== -1 && !list.slice(select).some(({ word }) => ['where', 'group', 'order', 'limit', 'values'].includes(word));
  return [{ at: end, end, text: `${isOpen ? ' WHERE true' : ''} ${clauses} ` }];
}

const shown = ({ deletedAt, deletedAtLocal }: CapturedTable): string => `${quoted(deletedAt)} = NULL, ${quoted(deletedAtLocal)} = NULL`;

const hidden = ({ deletedAt, deletedAtLocal }: CapturedTable): string => `(${quoted(deletedAt)} IS NOT NULL OR ${quoted(deletedAtLocal)} IS NOT NULL)`;

function givenBack(table: CapturedTable, columns: readonly string[]): string {
  const own = new Set([table.id, table.deletedAt, table.deletedAtLocal].map((name) => quoted(name).toLowerCase()));
  return [...columns.filter((name) => !own.has(name.toLowerCase())).map((name) => `${name} = excluded.${name}`), shown(table)].join(', ');
}

const onAnyKey = (table: CapturedTable, columns: readonly string[]): string =>
  [[quoted(table.id)], ...table.plainUniqueKeys]
    .map((key) => `ON CONFLICT (${key.join(', ')}) DO UPDATE SET ${givenBack(table, columns)} WHERE ${hidden(table)}`)
    .join(' ');

/**
 * Lets TypeORM's `restore` and `recover` bring back what the server has deleted, too: they know of one column, and pass over rows whose
 * `deletedAtLocal` is null. Undefined for other statements.
 */
export function restoringStatement(sql: string, tableOf: (name: string) => CapturedTable | undefined): string | undefined {
  const [, name = '', column = '', rest = ''] = sql.length > 100_000 ? [] : (restoration.exec(sql) ?? []);
  const table = tableOf(name.toLowerCase());
  if (table?.deletedAtLocal !== column) return undefined;
  const filled = `${quoted(column)} IS NOT NULL`;
  if (!rest.endsWith(` AND ${filled}`)) return undefined;
  return `UPDATE ${quoted(table.name)} SET ${shown(table)}${rest.slice(0, -filled.length)}${hidden(table)}`;
}

const restoration = /^UPDATE "([^"]+)" SET "([^"]+)" = NULL((?:, | WHERE )[\s\S]*)$/;
