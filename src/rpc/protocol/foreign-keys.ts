import { tokensOf } from '../../persistence/sql/tokens.ts';

/** A statement about foreign keys: each client has its own setting, which goes with it from host to host. */
export type ForeignKeysPragma = { readonly set: boolean } | 'asked';

const on: ReadonlySet<string> = new Set(['on', 'yes', 'true', '1']);

/** Recognizes `PRAGMA foreign_keys` and `PRAGMA foreign_keys = x`; undefined for everything else. */
export function foreignKeysPragmaOf(sql: string): ForeignKeysPragma | undefined {
  if (!/foreign_keys/i.test(sql)) return undefined;
  const tokens = tokensOf(sql).map(({ text }) => text.toLowerCase().replaceAll(/["'`[\]]/g, ''));
  if (tokens[0] !== 'pragma') return undefined;
  const at = tokens.indexOf('foreign_keys');
  if (at === -1) return undefined;
  const value = tokens[at + 2];
  return tokens[at + 1] === '=' || tokens[at + 1] === '(' ? { set: on.has(value ?? '') } : 'asked';
}
