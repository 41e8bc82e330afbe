/** Skips what may hold any word: text, quoted names, comments. */
const quoted = /'(?:[^']|'')*'|"(?:[^"]|"")*"|`(?:[^`]|``)*`|\[[^\]]*\]|--[^\n]*|\/\*[\s\S]*?(?:\*\/|$)/;
const token = new RegExp(`${quoted.source}|[()]|[a-z_][\\w$]*`, 'gi');
const verbs: ReadonlySet<string> = new Set(['insert', 'replace', 'update', 'delete']);
const plainVerb = /^\s*(insert|replace|update|delete|select)\b/i;

/**
 * Tells statements that write and return no rows, of which the counts matter, from those that may return rows. Words are looked at outside of
 * text, names, comments and brackets only: a WITH may write, and a value may contain "returning".
 */
export function writesWithoutRows(sql: string): boolean {
  const verb = plainVerb.exec(sql)?.[1]?.toLowerCase();
  if (verb === 'select') return false;
  if (verb !== undefined && !/returning/i.test(sql)) return true;

  let depth = 0;
  let writes = false;
  let first = true;
  for (const [word] of sql.matchAll(token)) {
    if (word === '(') depth += 1;
    else if (word === ')') depth -= 1;
    if (depth !== 0 || !/^[a-z_]/i.test(word)) continue;
    const lower = word.toLowerCase();
    if (first && lower !== 'with' && !verbs.has(lower)) return false;
    first = false;
    if (lower === 'returning') return false;
    writes ||= verbs.has(lower);
  }
  return writes;
}
