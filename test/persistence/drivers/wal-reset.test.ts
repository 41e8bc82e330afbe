import { join } from 'node:path';
import { DataSource } from 'typeorm';
import { expect, onTestFinished, test } from 'vitest';
import { gateConnection } from '../../../src/persistence/gate/connection-gate.ts';
import { prepareTables } from '../../../src/persistence/database/open-database.ts';
import { syncEntities } from '../../../src/persistence/database/entities.ts';
import { syncMigrations } from '../../../src/persistence/database/migrations.ts';
import { hasWalResetBug } from '../../../src/persistence/drivers/wal-reset.ts';
import { openEngine } from '../../support/open-engine.ts';
import { todos } from '../../support/open-store.ts';
import { todoEntity } from '../../support/todo.ts';
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

interface Started {
  readonly logged: readonly string[];
  readonly told: readonly string[];
  /** How often the version was read. */
  readonly reads: number;
}

/**
 * Starts an engine on the app's own DataSource, whose SQLite reports `version`. Returns the warnings from the log and
 * from events.
 */
async function startOn(version: string, database: string): Promise<Started> {
  const folder = mkdtempSync(join(tmpdir(), 'synchart-wal-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const logged: string[] = [];
  let reads = 0;
  const dataSource = new DataSource({
    type: 'better-sqlite3',
    database: database === ':memory:' ? database : join(folder, database),
    entities: [todoEntity, ...syncEntities],
    migrations: [...syncMigrations],
    prepareDatabase: (connection: SynchronousDatabase) => {
      connection.pragma('journal_mode = WAL');
      connection.function('sqlite_version', () => {
        reads += 1;
        return version;
      });
    },
  });
  gateConnection(dataSource);
  await dataSource.initialize();
  dataSource.logger.log = (level, message) => {
    if (level === 'warn') logged.push(String(message));
  };
  await prepareTables(dataSource, true);
  const bench = await openEngine({ driver: 'better-sqlite3', dataSource, tables: [todos] });
  onTestFinished(() => bench.close());
  await bench.engine.start();
  return {
    logged: logged.filter((line) => line.includes('SQLite')),
    told: bench.told.flatMap((event) => (event.type === 'store.warning' ? [event.message] : [])),
    reads,
  };
}

test('warns about a file on an SQLite release with the WAL-reset bug: one log entry, and an event at engine start', async () => {
  const { logged, told, reads } = await startOn('3.50.6', 'a.db');
  expect(logged).toEqual([expect.stringContaining('SQLite 3.50.6 has the WAL-reset bug')]);
  expect(told).toEqual([expect.stringContaining('SQLite 3.50.6 has the WAL-reset bug')]);
  expect(reads).toBe(1);
});

test('recommends no release that has the bug or was withdrawn', async () => {
  const { logged } = await startOn('3.50.6', 'a.db');
  expect(logged[0]).toContain('Use SQLite 3.44.6, 3.50.7, 3.51.3, or 3.53.0 and newer');
  expect(['3.44.6', '3.50.7', '3.51.3', '3.53.0'].map(hasWalResetBug)).toEqual([false, false, false, false]);
});

test.each([
  ['3.50.7', 'a.db'],
  ['3.50.6', ':memory:'],
])('does not warn of SQLite %s on %s', async (version, database) => {
  expect(await startOn(version, database)).toEqual({ logged: [], told: [], reads: 1 });
});
