import { controlWordOf } from '../../persistence/sql/control-word.ts';
import { hasSeveralStatements } from '../../persistence/sql/several-statements.ts';
import { tokensOf } from '../../persistence/sql/tokens.ts';
import { writtenBy } from '../../persistence/sql/written-tables.ts';
import { ProtocolError } from '../../model/errors/errors.ts';

const excerpt = (sql: string): string => sql.slice(0, 80);

/** Throws `ProtocolError` for a text that would change whose transaction is open. */
export function checkStatement(sql: string, where: 'inside' | 'reading' | 'writing'): void {
  if (hasSeveralStatements(sql))
    throw new ProtocolError(`this text holds more than one statement; send one at a time: ${excerpt(sql)}`);
  const control = controlWordOf(sql);
  if (control === 'begin' || control === 'commit' || control === 'rollback')
    throw new ProtocolError(`transactions begin and end by messages of their own, not by the text: ${excerpt(sql)}`);
  if (where === 'inside') return;
  if (control === 'savepoint' || control === 'rollbackTo')
    throw new ProtocolError(`a savepoint outside of a transaction is not supported: ${excerpt(sql)}`);
  if (where === 'reading' && writtenBy(sql) !== undefined)
    throw new ProtocolError(`a statement that writes needs a write id: ${excerpt(sql)}`);
}

/** A statement about foreign keys: each client has its own setting, while the connection has one for all. */
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
