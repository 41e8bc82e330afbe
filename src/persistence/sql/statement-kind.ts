import { SqlReader } from './tokens.ts';

const verbs: ReadonlySet<string> = new Set(['insert', 'replace', 'update', 'delete']);

/**
 * Distinguishes statements that write and return no rows, whose counts matter, from those that may return rows. A WITH
 * may write, and a value may contain "returning", so only words outside parentheses count.
 */
export function writesWithoutRows(sql: string): boolean {
  const reader = new SqlReader(sql);
  reader.nextOuter();
  let writes = verbs.has(reader.word);
  if (!writes && reader.word !== 'with') return false;
  // Nearly no write has it, which ends the check early.
  if (writes && !/returning/i.test(sql)) return true;
  while (reader.nextOuter()) {
    if (reader.kind !== 'word') continue;
    const { word } = reader;
    if (word === 'returning') return false;
    writes ||= verbs.has(word);
  }
  return writes;
}
