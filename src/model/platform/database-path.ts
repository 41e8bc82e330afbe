/**
 * Says why a text is no path of a database file; undefined for a path. A connection string would become folders named
 * after it, password included, so the text itself is never part of the answer.
 */
export function databasePathProblem(database: string): string | undefined {
  if (database.trim() === '') return 'it is empty';
  if (database.includes('\0')) return 'it has a NUL character';
  if (database === ':memory:') return undefined;
  // A scheme has two letters or more: one is a drive of Windows.
  if (/^\s*[a-z][a-z\d+.-]+:/i.test(database)) return 'it looks like the URL of a database server';
  if (/^\s*\/\/|:[^/\\]*@/.test(database)) return 'it looks like the address of a database server';
  if (/\b(host|hostaddr|dbname|user|password|server|data source)\s*=/i.test(database))
    return 'it looks like a connection string';
  return undefined;
}
