import { join } from 'node:path';
import { DataSource } from 'typeorm';
import { expect, onTestFinished, test } from 'vitest';
import { gateConnection } from '../../src/persistence/connection-gate.ts';
import { prepareTables } from '../../src/persistence/open-database.ts';
import { syncEntities } from '../../src/persistence/entities.ts';
import { syncMigrations } from '../../src/persistence/migrations.ts';
import { hasWalResetBug } from '../../src/persistence/wal-reset.ts';
import { openEngine } from '../support/open-engine.ts';
import { todos } from '../support/open-store.ts';
import { todoEntity } from '../support/todo.ts';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';

test.each([
  ['3.6.23', false],
  ['3.7.0', true],
  ['3.7.0.1', true],
  ['3.8', true],
  ['3.44.5', true],
  ['3.44.6', false],
  ['3.44.7', true],
  ['3.50.6', true],
  ['3.50.7', false],
  ['3.51.2', true],
  ['3.51.3', false],
  ['3.52.0', false],
  ['3.100.0', false],
  ['4.0.0', false],
  ['', false],
  ['undefined', false],
])('SQLite %s has the WAL-reset bug: %s', (version, expected) => {
  expect(hasWalResetBug(version)).toBe(expected);
});

interface SynchronousDatabase {
  pragma(statement: string): unknown;
  function(name: string, answer: () => string): unknown;
}

/** A DataSource of the app's own, whose SQLite says that it is `version`. Returns what the log and the engine's events tell. */
async function startOn(version: string, database: string): Promise<{ readonly logged: readonly string[]; readonly told: readonly string[] }> {
  const folder = mkdtempSync(join(tmpdir(), 'synchart-wal-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const logged: string[] = [];
  const dataSource = new DataSource({
    type: 'better-sqlite3',
    database: database === ':memory:' ? database : join(folder, database),
    entities: [todoEntity, ...syncEntities],
    migrations: [...syncMigrations],
    prepareDatabase: (connection: SynchronousDatabase) => {
      connection.pragma('journal_mode = WAL');
      connection.function('sqlite_version', () => version);
    },
  });
  gateConnection(dataSource);
  await dataSource.initialize();
  dataSource.logger.log = (level, message) => {
    if (level === 'warn') logged.push(String(message));
  };
  await prepareTables(dataSource, true);
  const opened = [...logged];
  const bench = await openEngine({ driver: 'better-sqlite3', dataSource, tables: [todos] });
  onTestFinished(() => bench.close());
  await bench.engine.start();
  return { logged: opened, told: bench.told.flatMap((event) => (event.type === 'store.warning' ? [event.message] : [])) };
}

test('a file on an SQLite with the WAL-reset bug is warned of, in the log when it is opened and by an event when the engine starts', async () => {
  const { logged, told } = await startOn('3.50.6', 'a.db');
  expect(logged).toEqual([expect.stringContaining('SQLite 3.50.6 has the WAL-reset bug')]);
  expect(told).toEqual([expect.stringContaining('SQLite 3.50.6 has the WAL-reset bug')]);
});

test.each([
  ['3.50.7', 'a.db'],
  ['3.50.6', ':memory:'],
])('nothing is said of SQLite %s on %s', async (version, database) => {
  expect(await startOn(version, database)).toEqual({ logged: [], told: [] });
});
