/**
 * Explains why a string is not a path of a database file; returns undefined for a valid path. The result never contains
 * the string itself. A connection string would otherwise become a folder name, password included.
 */
export function databasePathProblem(database: string): string | undefined {
  if (database.trim() === '') return 'it is empty';
  if (database.includes('\0')) return 'it has a NUL character';
  if (database === ':memory:') return undefined;
  // A scheme has at least two letters; a single letter is a Windows drive.
  if (/^\s*[a-z][a-z\d+.-]+:/i.test(database)) return 'it looks like the URL of a database server';
  if (/^\s*\/\/|:[^/\\]*@/.test(database)) return 'it looks like the address of a database server';
  if (/\b(host|hostaddr|dbname|user|password|server|data source)\s*=/i.test(database))
    return 'it looks like a connection string';
  return undefined;
}
