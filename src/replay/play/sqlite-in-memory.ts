import { DatabaseError } from '../../model/errors/errors.ts';
import { loadOptional } from '../../persistence/drivers/load-optional.ts';
import { controlWordOf } from '../../persistence/sql/control-word.ts';
import type { RawDatabase } from '../../simulation/crashable-database.ts';

type DatabaseClass = new (name: string) => RawDatabase;

/** The used parts of sql.js. */
interface SqlJsStatement {
  bind(parameters: readonly unknown[]): boolean;
  step(): boolean;
  getAsObject(): Record<string, unknown>;
  getColumnNames(): readonly string[];
  reset(): void;
}
interface SqlJsDatabase {
  prepare(sql: string): SqlJsStatement;
  exec(sql: string): unknown;
  getRowsModified(): number;
  export(): Uint8Array;
  close(): void;
}
type InitSqlJs = () => Promise<{ readonly Database: new () => SqlJsDatabase }>;

/**
 * Opens an SQLite database in memory with the installed driver: better-sqlite3, or else sql.js behind the same
 * interface. Rejects with `DatabaseError` that names what to install. `sqlite3` does not suffice, because it cannot be
 * read within a commit.
 */
export async function openSqliteInMemory(load: typeof loadOptional = loadOptional): Promise<RawDatabase> {
  const native = await load('better-sqlite3').catch(ifNotInstalled);
  if (native !== undefined) return new (native as DatabaseClass)(':memory:');
  const init = await load('sql.js').catch(ifNotInstalled);
  if (init !== undefined) return likeBetterSqlite(new (await (init as InitSqlJs)()).Database());
  throw new DatabaseError(
    'a re-run needs SQLite, and neither better-sqlite3 nor sql.js is installed here: npm install better-sqlite3, or npm install sql.js',
  );
}

const ifNotInstalled = (error: unknown): undefined => {
  if (error instanceof DatabaseError) return undefined;
  throw error;
};

/** sql.js with the interface of better-sqlite3. */
function likeBetterSqlite(database: SqlJsDatabase): RawDatabase & { pragma(text: string): readonly unknown[] } {
  let isInTransaction = false;
  const rowsOf = (statement: SqlJsStatement, parameters: readonly unknown[]): Record<string, unknown>[] => {
    statement.bind(parameters.map((value) => (typeof value === 'bigint' ? Number(value) : (value ?? null))));
    const rows: Record<string, unknown>[] = [];
    while (statement.step()) rows.push(statement.getAsObject());
    statement.reset();
    return rows;
  };
  const prepare: RawDatabase['prepare'] = (sql) => {
    const statement = database.prepare(sql);
    const reader = statement.getColumnNames().length > 0;
    return {
      reader,
      all: (...parameters) => rowsOf(statement, parameters),
      run: (...parameters) => {
        rowsOf(statement, parameters);
        const control = controlWordOf(sql);
        if (control === 'begin') isInTransaction = true;
        if (control === 'commit' || control === 'rollback') isInTransaction = false;
        return { changes: database.getRowsModified(), lastInsertRowid: 0 };
      },
    };
  };
  return {
    get inTransaction() {
      return isInTransaction;
    },
    prepare,
    exec: (sql) => database.exec(sql),
    pragma: (text) => prepare(`PRAGMA ${text}`).all(),
    serialize: () => Buffer.from(database.export()),
    close: () => database.close(),
  };
}
