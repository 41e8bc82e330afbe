import { completeOptions, ownedBy } from '../../../model/options/complete-options.ts';
import { isDatabaseFile } from '../database-file.ts';
import {
  phoneDriverOptions,
  preparePhoneDatabase,
  type PhoneDriver,
  type PhoneDriverOptions,
} from './expo-sqlite-driver.ts';
import { PhoneConnection } from './phone-connection.ts';
import { probeTransaction } from '../raw-connection.ts';

/** The used part of the module `@op-engineering/op-sqlite`. Requires release 9 or later. */
export interface OpSqliteModule {
  open(options: { name: string; location?: string }): {
    execute(
      sql: string,
      parameters?: never,
    ): Promise<{ readonly rowsAffected: number; readonly insertId?: number; readonly rows?: unknown[] }>;
    close(): void;
  };
}

type Row = Record<string, unknown>;

/** Bytes arrive as an `ArrayBuffer`; TypeORM and the other drivers return a view of them. */
const withViews = (row: unknown): unknown => {
  for (const [name, value] of Object.entries(row as Row))
    if (value instanceof ArrayBuffer) (row as Row)[name] = new Uint8Array(value);
  return row;
};

/**
 * Opens databases with `op-sqlite`: `openDatabase({ driver: opSqliteDriver(OpSqlite), database: 'app.db', … })`. Errors
 * get SQLite's `code`, and files use WAL.
 */
export function opSqliteDriver(module: OpSqliteModule, options: PhoneDriverOptions = {}): PhoneDriver {
  const { synchronous } = completeOptions<PhoneDriverOptions, typeof phoneDriverOptions>(
    ownedBy('opSqliteDriver'),
    phoneDriverOptions,
    options,
  );
  return {
    openDatabaseAsync: async (name) => {
      const database = module.open(isDatabaseFile(name) ? { name } : { name: 'memory', location: ':memory:' });
      const run = async (sql: string, parameters: unknown[]) => {
        const { rows = [], rowsAffected, insertId = 0 } = await database.execute(sql, parameters as never);
        return { rows: rows.map(withViews), changes: rowsAffected, insertId };
      };
      const level = async (): Promise<number> => {
        const { rows } = await run('PRAGMA synchronous', []);
        return (rows as readonly { readonly synchronous: number }[])[0]?.synchronous ?? 2;
      };
      const connection = new PhoneConnection({
        run,
        isInTransaction: () => probeTransaction((sql) => run(sql, []), level),
        close: async () => {
          database.close();
          await Promise.resolve();
        },
      });
      await preparePhoneDatabase(connection, name, synchronous);
      return connection;
    },
  };
}
