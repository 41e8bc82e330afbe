import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { DataSource } from 'typeorm';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { databasePathProblem } from '../../src/model/platform/database-path.ts';
import { openDatabase } from '../../src/persistence/database/open-database.ts';
import { createSyncServer } from '../../src/server/create-sync-server.ts';
import { todoEntity } from '../support/todo.ts';

const secret = 'hunter2';
const addresses = [
  `postgres://app:${secret}@localhost/app`,
  `postgresql://app:${secret}@localhost:5432/app`,
  `POSTGRES://app:${secret}@h/db`,
  ` postgres://app:${secret}@h/db`,
  `jdbc:postgresql://localhost/app?password=${secret}`,
  `mysql://app:${secret}@localhost/app`,
  `https://app.example/db?key=${secret}`,
  `//app:${secret}@localhost/app`,
  `app:${secret}@localhost/app`,
  `host=localhost dbname=app password=${secret}`,
  `Server=db;User Id=app;Password=${secret}`,
  `file:app.db?key=${secret}`,
];

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'synchart-path-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** Runs `open` in an empty folder, and answers why it failed and what it left there. */
async function attempt(
  open: () => Promise<unknown>,
): Promise<{ readonly message: string; readonly left: readonly string[] }> {
  const before = process.cwd();
  process.chdir(folder);
  try {
    const message = await open().then(
      () => 'opened',
      (error: unknown) => String(error),
    );
    return { message, left: readdirSync(folder) };
  } finally {
    process.chdir(before);
  }
}

test.each([
  ':memory:',
  'app.db',
  './app.db',
  '/var/lib/app/app.db',
  'C:\\data\\app.db',
  'c:/data/app.db',
  'my app@home.db',
  'a=b.db',
  '../x/app.sqlite',
])('accepts %s as a path', (path) => {
  expect(databasePathProblem(path)).toBeUndefined();
});

test.each(addresses)('rejects %s everywhere, creates no file, and does not print it', async (database) => {
  const openers = [
    () => openDatabase({ driver: 'better-sqlite3', database, entities: [todoEntity] }),
    () => openDatabase({ driver: 'sqljs', database, entities: [todoEntity] }),
    async () => {
      const server = createSyncServer({
        dataSource: new DataSource({ type: 'better-sqlite3', database, entities: [todoEntity] }),
        tables: [todoEntity],
      });
      await server.listen();
    },
  ];
  for (const open of openers) {
    const { message, left } = await attempt(open);
    expect(message).toMatch(/must be the path of an SQLite file: it looks like/);
    expect(message).not.toContain(secret);
    expect(left).toEqual([]);
  }
});

test("the command rejects a database server's URL with an explanation that hides its password", () => {
  const main = fileURLToPath(new URL('../../src/server/synchart-server.ts', import.meta.url));
  const tsx = import.meta.resolve('tsx');
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    ['--import', tsx, main, '--port', '0', '--database', `postgres://app:${secret}@localhost/app`],
    { cwd: folder, encoding: 'utf8', timeout: 20_000 },
  );
  expect(status).toBe(1);
  expect(stdout).toBe('');
  expect(stderr).toMatch(/--database must be the path of an SQLite file/);
  expect(stderr).not.toContain(secret);
  expect(existsSync(join(folder, 'postgres:'))).toBe(false);
});
