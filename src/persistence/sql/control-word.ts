import { SqlReader, tokensOf, type SqlFamily } from './tokens.ts';

/** Words that control transactions or change the schema. Other statements are checked for their writes. */
export type ControlWord = 'begin' | 'commit' | 'rollback' | 'rollbackTo' | 'savepoint' | 'schema';

const shared = [
  ['begin', 'begin'],
  ['commit', 'commit'],
  ['end', 'commit'],
  ['rollback', 'rollback'],
  ['savepoint', 'savepoint'],
  ['create', 'schema'],
  ['drop', 'schema'],
  ['alter', 'schema'],
] as const;
const words: Readonly<Record<SqlFamily, ReadonlyMap<string, ControlWord>>> = {
  sqlite: new Map([...shared, ['attach', 'schema'], ['detach', 'schema']]),
  postgres: new Map([...shared, ['start', 'begin'], ['abort', 'rollback']]),
};

/** The effect of a statement on its transaction, if that is its purpose. Ignores leading comments. */
export function controlWordOf(sql: string, family: SqlFamily = 'sqlite'): ControlWord | undefined {
  const reader = new SqlReader(sql, family);
  reader.next();
  const control = words[family].get(reader.word);
  if (control !== 'rollback') return control;
  while (reader.next()) if (reader.is('to')) return 'rollbackTo';
  return control;
}

/** The name in SAVEPOINT x and ROLLBACK TO SAVEPOINT x. */
export function savepointOf(sql: string): string {
  const reader = new SqlReader(sql);
  let name = '';
  while (reader.next()) name = reader.name ?? name;
  return name;
}

/** Whether a BEGIN is BEGIN EXCLUSIVE. */
export const isExclusive = (sql: string): boolean => tokensOf(sql)[1]?.word === 'exclusive';
