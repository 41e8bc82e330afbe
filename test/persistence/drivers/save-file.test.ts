import { mkdtempSync, readFileSync, rmSync, truncateSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import type { DataSource, EntityManager } from 'typeorm';
import { afterAll, afterEach, expect, test } from 'vitest';
import { DatabaseError } from '../../../src/model/errors/errors.ts';
import { toStoreFailure } from '../../../src/persistence/sql/database-failure.ts';
import { stepWhileSaving } from '../../prove/step-while-saving.ts';
import { openTodoDatabase } from '../../support/open-store.ts';
import { todoEntity, todoOf } from '../../support/todo.ts';

const folder = mkdtempSync(join(tmpdir(), 'synchart-save-'));
const file = join(folder, 'saved.db');
const opened: DataSource[] = [];
const open = async (): Promise<DataSource> => {
  const dataSource = await openTodoDatabase('sqljs', file);
  opened.push(dataSource);
  return dataSource;
};
/** What another process would find now; only sql.js may open the file. */
const idsInFile = (): readonly string[] => {
  const reader = new Database(file, { readonly: true });
  try {
    expect(reader.pragma('integrity_check')).toEqual([{ integrity_check: 'ok' }]);
    const rows = reader.prepare('SELECT id FROM todos ORDER BY rowid').all() as { readonly id: string }[];
    return rows.map(({ id }) => id);
  } finally {
    reader.close();
  }
};
const failure = Object.assign(new Error('no space left on device'), { code: 'ENOSPC' });
/** The next save fails at its `last` step; undefined: it succeeds. */
let last: number | undefined;
let steps = 0;
const undo = stepWhileSaving(() => {
  steps += 1;
  if (steps === last) throw failure;
});
const saveUntil = async (step: number | undefined, insert: () => Promise<unknown>): Promise<unknown> => {
  last = step;
  steps = 0;
  const error: unknown = await insert().then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  last = undefined;
  return error;
};

afterEach(async () => {
  for (const dataSource of opened.splice(0)) await dataSource.destroy();
  rmSync(file, { force: true });
});
afterAll(() => {
  undo();
  rmSync(folder, { recursive: true, force: true });
});

test('I7: the file contains either all of the previous commit or all of this one, wherever saving a sql.js database ends', async () => {
  const dataSource = await open();
  const rows = dataSource.getRepository(todoEntity);
  await rows.insert(todoOf('before'));
  await saveUntil(undefined, () => rows.insert(todoOf('counted')));
  expect(steps).toBeGreaterThan(5);
  for (let step = 1, whole = steps; step <= whole; step++) {
    const bytes = readFileSync(file);
    const error = await saveUntil(step, () => rows.insert(todoOf(`step ${step}`)));
    const found = idsInFile();
    // After the rename the data is saved, although nobody was notified.
    if (step === whole) expect(found).toContain(`step ${step}`);
    else {
      expect(readFileSync(file).equals(bytes), `step ${step}`).toBe(true);
      expect(found).not.toContain(`step ${step}`);
    }
    expect(found).toEqual(expect.arrayContaining(['before', 'counted']));
    expect(error, `step ${step}`).toBeInstanceOf(DatabaseError);
    // The next commit saves the whole database, including what could not be saved before.
    await rows.insert(todoOf(`after ${step}`));
    expect(idsInFile()).toEqual(expect.arrayContaining([`step ${step}`, `after ${step}`]));
  }
});

test('I12: the engine treats an unwritable file as an unusable database, and the error names it', async () => {
  const dataSource = await open();
  const error = await saveUntil(1, () => dataSource.getRepository(todoEntity).insert(todoOf('a')));
  expect(error).toBeInstanceOf(DatabaseError);
  expect(String(error)).toContain(file);
  expect(String(error)).toContain('no space left on device');
  expect(toStoreFailure(error, 0)).toMatchObject({ failure: { type: 'storeFailed' } });
});

test('I7: a write resolves only once the file contains it', async () => {
  const dataSource = await open();
  const insert = (manager: EntityManager): Promise<unknown> => manager.getRepository(todoEntity).insert(todoOf('a'));
  // Checked in the microtask in which the promise resolves.
  expect(await dataSource.transaction(insert).then(idsInFile)).toEqual(['a']);
  expect(await dataSource.getRepository(todoEntity).insert(todoOf('b')).then(idsInFile)).toEqual(['a', 'b']);
  expect(await dataSource.query("INSERT INTO todos (id, title) VALUES ('c', 'c')").then(idsInFile)).toEqual([
    'a',
    'b',
    'c',
  ]);
});

test('rejects a truncated file, and the error names it', async () => {
  const dataSource = await open();
  await dataSource.getRepository(todoEntity).insert(todoOf('a'));
  await dataSource.destroy();
  opened.length = 0;
  truncateSync(file, Math.floor(readFileSync(file).length / 2));
  await expect(openTodoDatabase('sqljs', file)).rejects.toThrow(`Cannot open the database ${file}`);
});
