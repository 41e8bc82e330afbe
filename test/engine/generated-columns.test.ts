import { EntitySchema } from 'typeorm';
import { describe, expect, onTestFinished, test } from 'vitest';
import { captureWrites } from '../../src/persistence/capture/capture-writes.ts';
import { syncColumns, type SyncedRow } from '../../src/persistence/tables/sync-columns.ts';
import { syncTable, type SyncTable } from '../../src/persistence/tables/sync-table.ts';
import { openEngine } from '../support/open-engine.ts';
import { drivers, openSynchronized, todos } from '../support/open-store.ts';
import { todoEntity } from '../support/todo.ts';

interface Page extends SyncedRow {
  id: string;
  title: string;
  revision: number;
  createdAt: Date;
  changedAt: Date;
}
const entity = new EntitySchema<Page>({
  name: 'pages',
  columns: {
    id: { type: 'text', primary: true },
    title: { type: 'text' },
    revision: { type: 'integer', version: true },
    createdAt: { type: Date, createDate: true },
    changedAt: { type: Date, updateDate: true },
    ...syncColumns,
  },
});
const pages = syncTable(entity);

describe.each(drivers)('columns that TypeORM maintains, with %s', (driver) => {
  const open = async () => {
    const dataSource = await openSynchronized(driver, [entity as EntitySchema, todoEntity]);
    const bench = await openEngine({ driver, dataSource, tables: [pages as SyncTable, todos] });
    onTestFinished(() => bench.close());
    const repository = bench.engine.repository(pages);
    const queued = async () =>
      (await bench.engine.outbox.take()).map((op) =>
        op.type === 'upsert' ? { ...op.payload, changed: op.changedFields } : op.type,
      );
    return { ...bench, bench, repository, queued };
  };

  test('WRT-12: starts the version at 1, counts each edit, sets the dates, and keeps given values', async () => {
    const { repository, clock, queued } = await open();
    const [begun] = [new Date(clock.now())];
    const page = await repository.create({ id: 'p', title: 'one' });
    expect(page).toMatchObject({ revision: 1, createdAt: begun, changedAt: begun });
    await clock.advance(5_000);
    const later = new Date(clock.now());
    expect(await repository.update(Object.assign(page, { title: 'two' }))).toBe(true);
    expect(page).toMatchObject({ revision: 2, createdAt: begun, changedAt: later });
    expect(await repository.update(page)).toBe(false);
    expect(await repository.update('p', { title: 'three' })).toBe(true);
    expect(await repository.findOneBy({ id: 'p' })).toMatchObject({
      title: 'three',
      revision: 3,
      createdAt: begun,
      changedAt: later,
    });
    expect(await repository.update('p', { title: 'four', revision: 40 })).toBe(true);
    expect(await repository.create({ id: 'q', title: 'q', revision: 7, createdAt: begun })).toMatchObject({
      revision: 7,
      createdAt: begun,
      changedAt: later,
    });
    expect((await queued()).slice(0, 2)).toMatchObject([
      { revision: 1, createdAt: begun.toISOString() },
      { revision: 2, changedAt: later.toISOString(), changed: ['title', 'revision', 'changedAt'] },
    ]);
  });

  test('F-140: a form opened before a pull counts on from the stored version', async () => {
    const { repository, engine, server } = await open();
    const row = {
      title: 'one',
      revision: 1,
      createdAt: '2026-01-01T00:00:00.000Z',
      changedAt: '2026-01-01T00:00:00.000Z',
    };
    server.seed('pages', { id: 'p', ...row });
    await engine.sync();
    const form = await repository.findOneBy({ id: 'p' });
    if (form === null) throw new Error('p is missing');
    server.update('pages', 'p', { revision: 8 });
    await engine.sync();
    await repository.update(Object.assign(form, { title: 'two' }));
    expect(form).toMatchObject({ title: 'two', revision: 9 });
  });

  test('WRT-12: engine.writer writes rows as given, and maintains these columns on request', async () => {
    const { engine, dataSource } = await open();
    const writer = engine.writer(pages);
    const page = { id: 'p', title: 'one', updatedAt: '', deletedAt: null, deletedAtLocal: null } as Page;
    await writer.insertAndEnqueue({ ...page }, { touch: true });
    const before = await dataSource.getRepository(entity).findOneByOrFail({ id: 'p' });
    await writer.replaceAndEnqueueDiff(before, { ...before, title: 'two' });
    expect(await dataSource.getRepository(entity).findOneByOrFail({ id: 'p' })).toMatchObject({
      title: 'two',
      revision: 1,
    });
  });
});

test('WRT-12: a repository beside captureWrites queues one operation per write', async () => {
  const dataSource = await openSynchronized('better-sqlite3', [entity as EntitySchema, todoEntity]);
  captureWrites(dataSource, [pages as SyncTable, todos]);
  const { engine, close } = await openEngine({ dataSource, tables: [pages as SyncTable, todos] });
  onTestFinished(close);
  const repository = engine.repository(pages);
  await repository.create({ id: 'p', title: 'one' });
  await repository.update('p', { title: 'two' });
  expect(await engine.outbox.take()).toHaveLength(2);
});
