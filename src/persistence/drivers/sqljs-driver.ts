import type { DataSourceOptions } from 'typeorm';
import { DatabaseError } from '../../model/errors/errors.ts';
import { createDirectoryOf, isDatabaseFile } from './database-file.ts';
import { sqliteDefaults, type DriverProfile, type DriverSettings } from './driver-profile.ts';
import { loadOptional } from './load-optional.ts';
import { mendSqlJs } from './mend-sqljs.ts';
import { statementConnection } from './raw-connection.ts';
import { saveFile } from './save-file.ts';
import { saveToLocalStorage } from './save-to-local-storage.ts';

/** A polyfill may define `process` in a page, so this checks for a function that only Node has. */
const isNode = (): boolean => typeof process !== 'undefined' && typeof process.getBuiltinModule === 'function';

const packageName = 'sql.js';

/**
 * Options for TypeORM's sql.js driver. Rejects with `DatabaseError` if sql.js is missing, and explains how to pass it
 * in a page.
 */
async function sqlJsOptions({ database, initSqlJs, locateFile }: DriverSettings): Promise<DataSourceOptions> {
  if (initSqlJs === undefined && !isNode()) {
    throw new DatabaseError(
      "openDatabase: in a page the driver 'sqljs' needs the option initSqlJs. Write: import initSqlJs from 'sql.js', then pass initSqlJs and locateFile: () => the URL of sql-wasm.wasm. For a durable database that all tabs share, use openBrowserDatabase of synchart/browser",
    );
  }
  const driver = initSqlJs ?? (await loadOptional(packageName));
  const base = { type: 'sqljs', driver, ...(locateFile === undefined ? {} : { sqlJsConfig: { locateFile } }) } as const;
  if (!isDatabaseFile(database)) return base;
  const saved = { ...base, location: database, autoSave: true };
  // In a page, the name is a key of localStorage, which TypeORM reads when it opens the database.
  if (!isNode())
    return { ...saved, autoSaveCallback: async (bytes: Uint8Array) => saveToLocalStorage(database, bytes) };
  createDirectoryOf(database);
  return { ...saved, autoSaveCallback: (bytes: Uint8Array) => saveFile(database, bytes) };
}

/** npm `sql.js`: SQLite in memory, which writes its whole file at each commit. */
export const sqlJsProfile = {
  ...sqliteDefaults,
  name: 'sqljs',
  type: 'sqljs',
  package: packageName,
  options: sqlJsOptions,
  mend: mendSqlJs,
  rawConnection: (_, bareRunner) => statementConnection(bareRunner),
  // The database is in the memory of this process.
  versionSql: () => undefined,
  sharesFile: false,
  blocksLoop: true,
  losesByteOrderMark: true,
  losesTriggers: true,
} as const satisfies DriverProfile;
