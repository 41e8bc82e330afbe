/** What may hold any character without meaning it. */
const skipped = /'(?:[^']|'')*'|"(?:[^"]|"")*"|`(?:[^`]|``)*`|\[[^\]]*\]|--[^\n]*|\/\*[\s\S]*?(?:\*\/|$)/g;

/**
 * Tells a text of more than one statement. A driver that prepares runs the first one and forgets the rest without a word. A trigger's body is one
 * statement with many inside.
 */
export function hasSeveralStatements(sql: string): boolean {
  // Nearly every statement has none: no need to look closer.
  const first = sql.indexOf(';');
  if (first === -1 || sql.slice(first + 1).trim() === '') return false;
  if (/^\s*create\s+(temp\s+|temporary\s+)?trigger\b/i.test(sql)) return false;
  return /;\s*[^\s;]/.test(sql.replaceAll(skipped, ' x '));
}
