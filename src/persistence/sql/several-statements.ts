import { SqlReader, type SqlFamily } from './tokens.ts';

/**
 * Tells a text of more than one statement. A driver that prepares runs the first one and forgets the rest without a
 * word. A trigger's body is one statement with many inside.
 */
export function hasSeveralStatements(sql: string, family?: SqlFamily): boolean {
  // Nearly every statement has none: no need to look closer.
  const first = sql.indexOf(';');
  if (first === -1 || sql.slice(first + 1).trim() === '') return false;
  if (createsTrigger(new SqlReader(sql, family))) return false;
  const reader = new SqlReader(sql, family);
  let hasBegun = false;
  let hasEnded = false;
  while (reader.nextOuter()) {
    if (reader.is(';')) hasEnded = hasBegun;
    else if (hasEnded) return true;
    else hasBegun = true;
  }
  return false;
}

function createsTrigger(reader: SqlReader): boolean {
  if (!reader.next() || !reader.is('create') || !reader.next()) return false;
  if (reader.is('temp') || reader.is('temporary')) reader.next();
  return reader.is('trigger');
}
