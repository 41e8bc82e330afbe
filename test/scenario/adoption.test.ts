import { EntitySchema } from 'typeorm';
import { afterEach, describe, expect, test } from 'vitest';
import { SyncAbortedError, ValidationError } from '../../src/model/errors/errors.ts';
import type { EnqueueAllProgress } from '../../src/persistence/writing/enqueue-all.ts';
import { syncTable } from '../../src/persistence/tables/sync-table.ts';
import { openEngine, type EngineBench, type EngineBenchOptions } from '../support/open-engine.ts';
import { drivers, todos } from '../support/open-store.ts';
import { Statements } from '../support/statements.ts';
import { todoEntity } from '../support/todo.ts';

let bench: EngineBench;
afterEach(() => bench.close());
const week = 7 * 24 * 3_600_000;

/** A table that was in use before: `live` is shown, `bin` was soft-deleted. */
const adopt = async (options: EngineBenchOptions = {}): Promise<void> => {
  bench = await openEngine({ config: { fullResyncIntervalMs: week }, ...options });
  await bench.dataSource.query(
    `INSERT INTO todos (id, title, updated_at, deleted_at_local) VALUES ('live', 'old', '', NULL), ('bin', 'old', '', '2026-01-01T00:00:00.000Z')`,
  );
};
/** Hears every statement from now on. */
const watchStatements = (): Statements => {
  const statements = new Statements();
  bench.dataSource.setOptions({ logging: true, logger: statements });
  bench.dataSource.logger = statements;
  return statements;
};
const addRows = (count: number): Promise<unknown> =>
  bench.dataSource.query(
    `INSERT INTO todos (id, title) VALUES ${Array.from({ length: count }, (_, index) => `('r${String(index).padStart(4, '0')}', 'old')`).join(', ')}`,
  );
const ids = async (): Promise<readonly string[]> =>
  ((await bench.dataSource.query('SELECT id FROM todos ORDER BY id')) as { id: string }[]).map(({ id }) => id);
const onServer = (): readonly unknown[] => bench.server.getAll('todos').map(({ id }) => id);

describe('F-153: rows from before their table was synchronised', () => {
  test('I1: the first full resync keeps soft-deleted rows that no server ever had', async () => {
    await adopt();
    bench.server.seed('todos', { id: 'other', title: 'of another device', done: false, priority: null, tags: null });
    await bench.engine.sync();
    expect(await ids()).toEqual(['bin', 'live', 'other']);
    await bench.engine.fullResync({ clearData: true });
    expect(await ids()).toEqual(['bin', 'live', 'other']);
  });

  test('I1: with an empty server, syncs do not reject and full resyncs remove no row', async () => {
    await adopt();
    await bench.engine.sync();
    await bench.engine.sync();
    await bench.engine.fullResync();
    expect(await ids()).toEqual(['bin', 'live']);
  });

  test("F-38: an error that does not suggest removal still protects the server's former rows from an empty answer", async () => {
    await adopt();
    bench.server.seed('todos', { id: 'other', title: 'of another device', done: false, priority: null, tags: null });
    await bench.engine.sync();
    bench.server.remove('todos', 'other');
    await bench.clock.advance(week + 1);
    await expect(bench.engine.sync()).rejects.toThrow(/nothing was removed\. Check the base URL and the account/);
    expect(await ids()).toEqual(['bin', 'live', 'other']);
  });
});

describe.each(drivers)('engine.enqueueAll on %s', (driver) => {
  test('F-153: queues each visible row that no server ever had once, in any order, and sends it', async () => {
    await adopt({ driver });
    await addRows(5);
    expect(await bench.engine.enqueueAll(todos, { batchSize: 2 })).toEqual({ queued: 6, refused: [] });
    expect(await bench.engine.enqueueAll(todos)).toEqual({ queued: 0, refused: [] });
    expect(await bench.queued()).toHaveLength(6);
    expect(await bench.engine.sync()).toMatchObject({ pushed: 6, errors: 0, conflicts: 0 });
    expect(onServer()).toEqual(['live', 'r0000', 'r0001', 'r0002', 'r0003', 'r0004']);
    expect(await bench.engine.enqueueAll(todos)).toEqual({ queued: 0, refused: [] });
    expect(await ids()).toContain('bin');
  });

  test('F-153: skips rows with a waiting edit, which is sent as the user made it', async () => {
    await adopt({ driver });
    const row = await bench.row('live');
    if (row === null) throw new Error('the row is not there');
    await bench.writer.replaceAndEnqueue({ ...row, title: 'edited' });
    expect((await bench.engine.enqueueAll(todos)).queued).toBe(0);
    await bench.engine.sync();
    expect(bench.server.get('todos', 'live')).toMatchObject({ title: 'edited' });
  });
});

describe('engine.enqueueAll', () => {
  test("I1: the server's row wins over the local one", async () => {
    await adopt();
    bench.server.seed('todos', { id: 'live', title: 'edited by a colleague', done: true, priority: null, tags: null });
    await bench.engine.enqueueAll(todos);
    await bench.engine.sync();
    expect(bench.server.get('todos', 'live')).toMatchObject({ title: 'edited by a colleague', done: true });
    expect(await bench.row('live')).toMatchObject({ title: 'edited by a colleague', done: true });
    expect(await bench.queued()).toEqual([]);
  });

  test('accepts a condition like `find`, and rejects one that would mean all rows by mistake', async () => {
    await adopt();
    await addRows(3);
    expect(
      await bench.engine.enqueueAll(todos, { where: [{ id: 'r0001' }, { id: 'live', title: 'old' }] }),
    ).toMatchObject({ queued: 2 });
    await expect(bench.engine.enqueueAll(todos, { where: { title: undefined } as object })).rejects.toThrow(
      /undefined/,
    );
    expect(await bench.queued()).toHaveLength(2);
  });

  test('F-147: works in short transactions, reports progress, and leaves the connection to others in between', async () => {
    await adopt();
    await addRows(7);
    const told: EnqueueAllProgress[] = [];
    const statements = watchStatements();
    await bench.engine.enqueueAll(todos, {
      batchSize: 3,
      onProgress: (progress) => {
        told.push(progress);
        throw new Error('a listener that throws ends nothing');
      },
    });
    expect(told).toEqual([
      { queued: 2, done: 3, total: 9 },
      { queued: 5, done: 6, total: 9 },
      { queued: 8, done: 9, total: 9 },
      { queued: 8, done: 9, total: 9 },
    ]);
    expect(statements.list.filter(({ sql }) => sql.startsWith('BEGIN'))).toHaveLength(3);
  });

  test('I7: ends at its signal between two batches, and another call continues from there', async () => {
    await adopt();
    await addRows(9);
    const stop = new AbortController();
    await expect(
      bench.engine.enqueueAll(todos, { batchSize: 4, signal: stop.signal, onProgress: () => stop.abort() }),
    ).rejects.toBeInstanceOf(SyncAbortedError);
    expect(await bench.queued()).toHaveLength(3);
    bench = await bench.reopen();
    expect(await bench.engine.enqueueAll(todos, { batchSize: 4 })).toMatchObject({ queued: 7 });
    expect(await bench.queued()).toHaveLength(10);
  });

  test('rows: all queues rows that the server once had, for a server that lost its data', async () => {
    await adopt();
    await bench.engine.enqueueAll(todos);
    await bench.engine.sync();
    bench.server.remove('todos', 'live');
    expect((await bench.engine.enqueueAll(todos)).queued).toBe(0);
    expect((await bench.engine.enqueueAll(todos, { rows: 'all' })).queued).toBe(1);
    await bench.engine.sync({ pullKinds: [] });
    expect(onServer()).toEqual(['live']);
    await expect(bench.engine.enqueueAll(todos, { rows: 'some' as 'all' })).rejects.toThrow(RangeError);
  });

  test('I13: rejects a row that could never be sent by its id, and blocks no other', async () => {
    const mapped = syncTable(todoEntity, {
      toJson: (todo) => {
        if (todo.title === 'bad') throw new Error('cannot map this title');
        return { id: todo.id, title: todo.title, updatedAt: todo.updatedAt, deletedAt: todo.deletedAt };
      },
    });
    await adopt({ tables: [mapped] });
    await bench.dataSource.query(`INSERT INTO todos (id, title) VALUES ('b', 'bad'), ('.', 'no path of a URL')`);
    const { queued, refused } = await bench.engine.enqueueAll(mapped);
    expect(queued).toBe(1);
    expect(refused.map(({ id, error }) => [id, error.message])).toEqual([
      ['.', expect.stringContaining("id '.'")],
      ['b', 'cannot map this title'],
    ]);
  });

  test('rejects a table that is never pushed, and one of another engine', async () => {
    const pulled = syncTable(todoEntity, { pullOnly: true });
    await adopt({ tables: [pulled] });
    await expect(bench.engine.enqueueAll(pulled)).rejects.toBeInstanceOf(ValidationError);
    const stranger = syncTable(
      new EntitySchema<{ id: string }>({ name: 'strangers', columns: { id: { type: 'text', primary: true } } }),
    );
    await expect(bench.engine.enqueueAll(stranger)).rejects.toBeInstanceOf(TypeError);
  });

  test('I10: the cost of a batch does not grow with the outbox', async () => {
    await adopt();
    await addRows(20);
    const cost = async (): Promise<readonly string[]> => {
      const plans: string[] = [];
      const statements = watchStatements();
      await bench.engine.enqueueAll(todos, { batchSize: 10 });
      for (const { sql, parameters } of statements.list.filter((statement) => statement.sql.includes('FROM "todos"')))
        plans.push(
          ...((await bench.dataSource.query(`EXPLAIN QUERY PLAN ${sql}`, [...parameters])) as { detail: string }[]).map(
            ({ detail }) => detail,
          ),
        );
      return plans;
    };
    const plans = await cost();
    expect(plans.filter((detail) => /SCAN (k|sync_outbox|sync_base)\b/.test(detail))).toEqual([]);
    expect(plans.some((detail) => detail.includes('sync_outbox_entity'))).toBe(true);
  });
});
