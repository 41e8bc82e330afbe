import { SqlReader, type SqlFamily } from './tokens.ts';

/**
 * Detects several statements in one text. A preparing driver runs only the first and silently ignores the rest. The
 * body of a trigger counts as one statement.
 */
export function hasSeveralStatements(sql: string, family?: SqlFamily): boolean {
  // Nearly every statement has none, which ends the check early.
  const first = sql.indexOf(';');
  if (first === -1 || sql.slice(first + 1).trim() === '') return false;
  const reader = new SqlReader(sql, family);
  let hasBegun = createsTrigger(new SqlReader(sql, family));
  if (hasBegun) passBody(reader);
  let hasEnded = reader.is(';');
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

/** Goes to the END of a trigger's body. A trigger of PostgreSQL has no body: the reader stops at the semicolon then. */
function passBody(reader: SqlReader): void {
  let hasBody = false;
  let openCases = 0;
  while (reader.nextOuter()) {
    if (reader.is('case')) openCases += 1;
    else if (reader.is('begin') && openCases === 0) hasBody = true;
    else if (reader.is(';') && !hasBody) return;
    else if (reader.is('end') && openCases > 0) openCases -= 1;
    else if (reader.is('end') && hasBody) return;
  }
}
