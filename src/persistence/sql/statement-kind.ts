import { SqlReader } from './tokens.ts';

const verbs: ReadonlySet<string> = new Set(['insert', 'replace', 'update', 'delete']);

/**
 * Tells statements that write and return no rows, of which the counts matter, from those that may return rows. A WITH
 * may write, and a value may contain "returning": only words outside of brackets count.
 */
export function writesWithoutRows(sql: string): boolean {
  const reader = new SqlReader(sql);
  reader.nextOuter();
  let writes = verbs.has(reader.word);
  if (!writes && reader.word !== 'with') return false;
  // Nearly no write has it: no need to look closer.
  if (writes && !/returning/i.test(sql)) return true;
  while (reader.nextOuter()) {
    if (reader.kind !== 'word') continue;
    const { word } = reader;
    if (word === 'returning') return false;
    writes ||= verbs.has(word);
  }
  return writes;
}
