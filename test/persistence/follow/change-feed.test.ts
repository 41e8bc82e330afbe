import { afterEach, describe, expect, test } from 'vitest';
import { changeFeedOf, type Change } from '../../../src/persistence/follow/change-feed.ts';
import { gateConnection } from '../../../src/persistence/gate/connection-gate.ts';
import { drivers, openStore, orInChromium, serverRow, type StoreBench } from '../../support/open-store.ts';
import { categoryOf, itemOf, openShop } from '../../support/shop.ts';
import { settled } from '../../support/follow.ts';
import { todoEntity, todoOf } from '../../support/todo.ts';

const t1 = '2026-01-01T00:00:01.000Z';

describe.each(orInChromium(drivers))('%s', (driver) => {
  let bench: StoreBench;
  afterEach(() => bench.close());

  const open = async (): Promise<{ readonly told: Change[]; readonly quiet: () => Promise<void> }> => {
    bench = await openStore(driver);
    const told: Change[] = [];
    bench.feed.subscribe((change) => told.push(change));
    return { told, quiet: () => settled(() => bench.dataSource.query('SELECT 1')) };
  };
  const names = ({ tables }: Change): unknown => (tables === 'all' ? 'all' : [...tables].sort());

  test('F-11: a commit reports once which tables it wrote and whether it queued an operation', async () => {
    const { told, quiet } = await open();
    await bench.writer.insertAndEnqueue(todoOf('a'));
    await quiet();
    expect(told.map(names)).toEqual([['sync_base', 'sync_outbox', 'todos']]);
    expect(told).toMatchObject([{ enqueued: true, here: new Set(['sync_base', 'sync_outbox', 'todos']) }]);
    await bench.dataSource.getRepository(todoEntity).update('a', { done: true });
    await bench.dataSource.query("DELETE FROM todos WHERE id = 'a'");
    await quiet();
    expect(told.slice(1).map(names)).toEqual([['todos'], ['todos']]);
    expect(told.slice(1).some(({ enqueued }) => enqueued)).toBe(false);
  });

  test('F-11: a rollback reports neither tables nor queued operations', async () => {
    const { told, quiet } = await open();
    const failing = bench.dataSource.transaction(async (manager) => {
      await manager.insert(todoEntity, todoOf('a'));
      await manager.query(
        `INSERT INTO sync_outbox (op_id, kind, entity_id, op, ts, enqueued_at) VALUES ('x', 'todos', 'a', 'delete', '', 0)`,
      );
      throw new Error('no');
    });
    await expect(failing).rejects.toThrow('no');
    await expect(bench.writer.insertAndEnqueue({ ...todoOf('b'), title: null as unknown as string })).rejects.toThrow();
    await quiet();
    expect(told).toEqual([]);
    await bench.dataSource.getRepository(todoEntity).insert(todoOf('c'));
    await quiet();
    expect(told).toMatchObject([{ enqueued: false }]);
  });

  test('reading reports nothing; a schema change reports every table', async () => {
    const { told, quiet } = await open();
    await bench.dataSource.transaction((manager) => manager.find(todoEntity));
    await bench.dataSource.query('EXPLAIN SELECT 1');
    await bench.outbox.take();
    await quiet();
    expect(told).toEqual([]);
    await bench.dataSource.query('CREATE TABLE extra (id TEXT)');
    await quiet();
    expect(told.map(names)).toEqual(['all']);
  });

  test('a listener receives only its tables, whatever their case', async () => {
    const { quiet } = await open();
    const told: string[] = [];
    bench.feed.subscribe(() => told.push('notes'), ['notes']);
    const stop = bench.feed.subscribe(() => told.push('todos'), ['TODOS']);
    await bench.pull([serverRow('a', t1)]);
    await quiet();
    expect(told).toEqual(['todos']);
    expect(bench.feed.lastCommitOf(['Todos'])).toBeGreaterThan(bench.feed.lastCommitOf(['notes']));
    stop();
    await bench.pull([serverRow('b', t1)]);
    await quiet();
    expect(told).toEqual(['todos']);
  });

  test('batches the commits of one turn; a pulled page is one change', async () => {
    const { told, quiet } = await open();
    await bench.pull(Array.from({ length: 1_000 }, (_, i) => serverRow(`r${i}`, t1)));
    await quiet();
    expect(told).toHaveLength(1);
    const feed = changeFeedOf(bench.dataSource, gateConnection(bench.dataSource));
    feed.tellElsewhere(new Set(['todos']));
    feed.tellElsewhere(new Set(['notes']));
    await quiet();
    expect(told.slice(1).map(names)).toEqual([['notes', 'todos']]);
    expect(told.at(-1)).toMatchObject({ here: new Set(), enqueued: false });
  });
});

test('a deletion reports the tables that foreign keys cascade to', async () => {
  const bench = await openShop('better-sqlite3', { onDelete: 'CASCADE' });
  await bench.categories.insertAndEnqueue(categoryOf('c'));
  await bench.items.insertAndEnqueue(itemOf('i', 'c'));
  const told: string[] = [];
  bench.feed.subscribe(({ tables }) => told.push(tables === 'all' ? 'all' : [...tables].sort().join()), ['items']);
  await bench.dataSource.getRepository(bench.category).update('c', { name: 'other' });
  await settled(() => bench.dataSource.query('SELECT 1'));
  expect(told).toEqual([]);
  await bench.dataSource.getRepository(bench.category).delete('c');
  await settled(() => bench.dataSource.query('SELECT 1'));
  expect(told).toEqual(['categories,items']);
  await bench.close();
});
