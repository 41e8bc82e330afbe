/** The part of sql.js' `Database` that is used. */
interface SqlJsDatabase {
  handleError(code: number): unknown;
  export(): Uint8Array;
  run(sql: string): unknown;
}

const isSqlJs = (database: object): database is SqlJsDatabase =>
  'handleError' in database && 'export' in database && 'run' in database;

/** SQLite's primary result codes that the store tells apart. */
const names: Readonly<Record<number, string>> = {
  1: 'SQLITE_ERROR',
  3: 'SQLITE_PERM',
  5: 'SQLITE_BUSY',
  6: 'SQLITE_LOCKED',
  7: 'SQLITE_NOMEM',
  8: 'SQLITE_READONLY',
  10: 'SQLITE_IOERR',
  11: 'SQLITE_CORRUPT',
  13: 'SQLITE_FULL',
  14: 'SQLITE_CANTOPEN',
  18: 'SQLITE_TOOBIG',
  19: 'SQLITE_CONSTRAINT',
  20: 'SQLITE_MISMATCH',
  26: 'SQLITE_NOTADB',
};

const mended = new WeakSet();

/**
 * Gives sql.js what the other SQLite drivers have: errors with SQLite's `code`, without which a row that breaks a rule
 * would stop the whole pull (I13), and foreign keys that stay on. Its `export`, which is how a file is written, closes
 * and reopens the database, and so forgets pragmas.
 */
export function mendSqlJs(database: unknown): void {
  if (typeof database !== 'object' || database === null || mended.has(database) || !isSqlJs(database)) return;
  mended.add(database);
  const handleError = database.handleError.bind(database);
  const exportFile = database.export.bind(database);
  database.handleError = (code) => {
    try {
      return handleError(code);
    } catch (error) {
      throw error instanceof Error ? Object.assign(error, { code: names[code & 0xff] ?? `SQLITE_${code}` }) : error;
    }
  };
  database.export = () => {
    const bytes = exportFile();
    database.run('PRAGMA foreign_keys = ON');
    return bytes;
  };
}
