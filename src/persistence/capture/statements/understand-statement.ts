import { withoutLeadingComments } from '../../sql/leading-comments.ts';
import type { CapturedTable } from '../entities/captured-table.ts';
import { quoted } from '../entities/captured-table.ts';

/** Words that steer transactions or change tables; other statements are asked what they write. */
export type ControlWord = 'begin' | 'commit' | 'rollback' | 'rollbackTo' | 'savepoint' | 'schema';

const control = /^\s*(begin|commit|end|rollback|savepoint|create|drop|alter|attach|detach)\b/i;

export function controlWordOf(sql: string): ControlWord | undefined {
  const word = control.exec(withoutLeadingComments(sql))?.[1]?.toLowerCase();
  switch (word) {
    case undefined:
      return undefined;
    case 'begin':
    case 'savepoint':
    case 'commit':
      return word;
    case 'end':
      return 'commit';
    case 'rollback':
      return /\bto\b/i.test(sql) ? 'rollbackTo' : 'rollback';
    default:
      return 'schema';
  }
}

/** The name in SAVEPOINT x and ROLLBACK TO SAVEPOINT x. */
export const savepointOf = (sql: string): string => /(?:savepoint|to)\s+"?([\w$]+)"?\s*;?\s*$/i.exec(sql)?.[1] ?? '';

/** Numbers that one statement adds to columns: what other devices add meanwhile stays. */
export interface Increments {
  readonly table: CapturedTable;
  /** What is added, by wire key. */
  readonly by: ReadonlyMap<string, number>;
}

const update = /^\s*update\s+"?([\w$]+)"?\s+set\s+([\s\S]*)$/i;
const increment = /^\s*"?([\w$]+)"?\s*=\s*"?([\w$]+)"?\s*([+-])\s*(-?\d+(?:\.\d+)?(?:e[+-]?\d+)?)\s*$/i;
const token = /'(?:[^']|'')*'|"(?:[^"]|"")*"|[\w$]+|[\s\S]/g;
const endOfSet = /^(?:where|from|order|limit|returning)$/i;

/** The assignments of `c = 1, d = max(d, 2) WHERE …`, as text. */
function assignmentsOf(text: string): readonly string[] {
  const assignments: string[] = [];
  let assignment = '';
  let depth = 0;
  for (const [part] of text.matchAll(token)) {
    if (depth === 0 && endOfSet.test(part)) break;
    if (part === '(') depth += 1;
    if (part === ')') depth -= 1;
    if (part === ',' && depth === 0) {
      assignments.push(assignment);
      assignment = '';
    } else assignment += part;
  }
  return [...assignments, assignment];
}

/**
 * Understands `UPDATE t SET c = c + 1, … WHERE …`, as `increment()` and `decrement()` send it, also where TypeORM sets version and date of the update
 * along with it. The version alone is no increment: every save counts it.
 */
export function incrementsOf(sql: string, tableOf: (name: string) => CapturedTable | undefined): Increments | undefined {
  const [, name = '', text = ''] = (sql.length > 2_000 ? null : update.exec(sql)) ?? [];
  const table = tableOf(name.toLowerCase());
  if (table === undefined) return undefined;
  const { codecs, metadata } = table.replica;
  const by = new Map<string, number>();
  let isVersionOnly = true;
  for (const assignment of assignmentsOf(text)) {
    const [, column = '', added = '', sign, amount = ''] = increment.exec(assignment) ?? [];
    const codec = codecs.find((candidate) => candidate.name.toLowerCase() === column.toLowerCase());
    if (codec === undefined || column.toLowerCase() !== added.toLowerCase()) continue;
    by.set(codec.wireKey, sign === '-' ? -Number(amount) : Number(amount));
    if (codec.column !== metadata.versionColumn) isVersionOnly = false;
  }
  return isVersionOnly ? undefined : { table, by };
}

const deletion = /^\s*delete\s+from\s+(?:"((?:[^"]|"")+)"|([\w$]+))\s*(where\b[\s\S]*)?$/i;
/** Not safe to put brackets around, or counts its parameters itself. */
const involved = /\b(?:order\s+by|limit)\b|;|--|\/\*|[?:@$]\d|[:@$][a-z_]/i;

/** Parts a statement at its RETURNING; the second part is empty where it has none. */
function atReturning(sql: string): readonly [before: string, returning: string] {
  let depth = 0;
  for (const { 0: part, index } of sql.matchAll(token)) {
    if (part === '(') depth += 1;
    if (part === ')') depth -= 1;
    if (depth === 0 && part.toLowerCase() === 'returning') return [sql.slice(0, index), sql.slice(index)];
  }
  return [sql, ''];
}

/**
 * Turns a plain DELETE into the UPDATE that hides the rows, so that the app hears how many there were. Other forms are caught by the trigger,
 * which hides the rows as well but counts none. RETURNING gives the rows as they are then: with the time at which they were hidden.
 */
export function hidingStatement(
  sql: string,
  parameters: readonly unknown[] | undefined,
  tableOf: (name: string) => CapturedTable | undefined,
  at: string,
): { readonly sql: string; readonly parameters: readonly unknown[] } | undefined {
  const plainSql = withoutLeadingComments(sql);
  if (!/^\s*delete\b/i.test(plainSql) || involved.test(plainSql)) return undefined;
  const [before, returning] = atReturning(plainSql);
  const match = deletion.exec(before);
  if (!match) return undefined;
  const [, inQuotes, plain, where] = match;
  const table = tableOf((inQuotes?.replaceAll('""', '"') ?? plain ?? '').toLowerCase());
  if (table === undefined) return undefined;
  const name = quoted(table.name);
  const condition = where === undefined ? '' : `(${where.replace(/^where/i, '')}) AND `;
  return {
    sql: `UPDATE ${name} SET ${quoted(table.deletedAtLocal)} = ? WHERE ${condition}${table.shown(name)} ${returning}`,
    parameters: [at, ...(parameters ?? [])],
  };
}

const verbs: ReadonlySet<string> = new Set(['insert', 'replace', 'update', 'delete']);

/** Tells a DELETE that asks for the deleted rows: where the trigger hides them, SQLite would give none. */
export function returnsDeleted(sql: string): boolean {
  if (!/\bdelete\b/i.test(sql) || !/\breturning\b/i.test(sql)) return false;
  const [before, returning] = atReturning(withoutLeadingComments(sql));
  if (returning === '') return false;
  let depth = 0;
  for (const [part] of before.matchAll(token)) {
    if (part === '(') depth += 1;
    if (part === ')') depth -= 1;
    if (depth === 0 && verbs.has(part.toLowerCase())) return part.toLowerCase() === 'delete';
  }
  return false;
}

const insertion = /^\s*insert\s+into\s+(?:"((?:[^"]|"")+)"|([\w$]+))\s*\(((?:\s*(?:"(?:[^"]|"")+"|[\w$]+)\s*,?)+)\)\s*(?:values|select)\b/i;

/** Turns a plain INSERT into one that brings deleted rows with these ids back. */
export function revivingStatement(sql: string, tableOf: (name: string) => CapturedTable | undefined): string | undefined {
  const match = insertion.exec(sql);
  if (!match || /\b(?:returning|conflict)\b|;/i.test(sql)) return undefined;
  const [, inQuotes, plain, list = ''] = match;
  const table = tableOf((inQuotes?.replaceAll('""', '"') ?? plain ?? '').toLowerCase());
  if (table === undefined) return undefined;
  const isSpecial = new Set([table.id, table.deletedAt, table.deletedAtLocal].map(quoted));
  const names = [...list.matchAll(/"((?:[^"]|"")+)"|([\w$]+)/g)].map(([, long, short]) => quoted(long?.replaceAll('""', '"') ?? short ?? ''));
  const changes = [
    ...names.filter((name) => !isSpecial.has(name)).map((name) => `${name} = excluded.${name}`),
    ...[table.deletedAt, table.deletedAtLocal].map((name) => `${quoted(name)} = NULL`),
  ];
  return `${sql} ON CONFLICT (${quoted(table.id)}) DO UPDATE SET ${changes.join(', ')}`;
}
