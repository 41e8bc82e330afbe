import BetterSqlite3 from 'better-sqlite3';
import type { ExpoSqliteModule } from '../../src/persistence/drivers/phones/expo-sqlite-driver.ts';
import type { OpSqliteModule } from '../../src/persistence/drivers/phones/op-sqlite-driver.ts';

/** SQLite's numbers, by the names that better-sqlite3 gives. */
const numbers: Readonly<Record<string, number>> = { SQLITE_BUSY: 5, SQLITE_CONSTRAINT: 19, SQLITE_NOTADB: 26 };

type Wording = (number: number, message: string) => string;

/** Runs one statement as the packages do: numbers are doubles, and an error tells its code only in its text. */
function run(database: BetterSqlite3.Database, sql: string, parameters: readonly unknown[], wording: Wording) {
  try {
    const statement = database.prepare(sql);
    if (statement.reader) {
      const rows = statement.all(...parameters) as Record<string, unknown>[];
      return { rows, changes: rows.length, insertId: 0 };
    }
    const { changes, lastInsertRowid } = statement.run(...parameters);
    return { rows: [], changes, insertId: Number(lastInsertRowid) };
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    const name = 'code' in error && typeof error.code === 'string' ? error.code : '';
    const number = Object.entries(numbers).find(([known]) => name.startsWith(known))?.[1] ?? 1;
    throw new Error(wording(number, error.message), { cause: undefined });
  }
}

/** The interface of `expo-sqlite`, over better-sqlite3. */
export const expoStandIn: ExpoSqliteModule = {
  openDatabaseAsync: async (name) => {
    await Promise.resolve();
    const database = new BetterSqlite3(name);
    const wording: Wording = (number, message) =>
      `Call to function 'NativeStatement.runAsync' has been rejected. → Caused by: Error code ${number}: ${message}`;
    return {
      prepareAsync: (sql) =>
        Promise.resolve({
          executeAsync: async (parameters) => {
            await Promise.resolve();
            const { rows, changes, insertId } = run(database, sql, parameters, wording);
            return { changes, lastInsertRowId: insertId, getAllAsync: () => Promise.resolve(rows) };
          },
          finalizeAsync: () => Promise.resolve(),
        }),
      isInTransactionAsync: () => Promise.resolve(database.inTransaction),
      closeAsync: async () => {
        await Promise.resolve();
        database.close();
      },
    };
  },
};

/** The interface of `@op-engineering/op-sqlite`, over better-sqlite3. Bytes come as an `ArrayBuffer`. */
export const opSqliteStandIn: OpSqliteModule = {
  open: ({ name, location }) => {
    const database = new BetterSqlite3(location === ':memory:' ? location : name);
    const wording: Wording = (number, message) =>
      number === 1
        ? `[op-sqlite] sqlite query error: ${message}`
        : `[op-sqlite] SQLite code: ${number} execution error: ${message}`;
    return {
      execute: async (sql, parameters) => {
        await Promise.resolve();
        const { rows, changes, insertId } = run(database, sql, parameters ?? [], wording);
        for (const row of rows)
          for (const [key, value] of Object.entries(row))
            if (value instanceof Uint8Array) row[key] = new Uint8Array(value).buffer;
        return { rows, rowsAffected: changes, insertId };
      },
      close: () => void database.close(),
    };
  },
};
