import { resultCodeName } from '../sql/result-codes.ts';

/** The used part of sql.js' `Database`. */
interface SqlJsDatabase {
  handleError(code: number): unknown;
  export(): Uint8Array;
  run(sql: string): unknown;
}

const isSqlJs = (database: object): database is SqlJsDatabase =>
  'handleError' in database && 'export' in database && 'run' in database;

const mended = new WeakSet();

/**
 * Adds to sql.js what other SQLite drivers have: errors with SQLite's `code`, without which one invalid row would stop
 * the whole pull (I13), and permanent foreign keys. Its `export`, which writes a file, closes and reopens the database
 * and thus resets pragmas.
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
      throw error instanceof Error ? Object.assign(error, { code: resultCodeName(code) }) : error;
    }
  };
  database.export = () => {
    const bytes = exportFile();
    database.run('PRAGMA foreign_keys = ON');
    return bytes;
  };
}
