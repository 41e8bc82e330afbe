import { afterEach, describe, expect, test } from 'vitest';
import { TransportError } from '../../../src/model/errors/errors.ts';
import { upsertOp } from '../../../src/model/operation.ts';
import type { TakenBatch } from '../../../src/model/ports.ts';
import { accepted, answerOf, drivers } from '../../support/open-store.ts';
import { categoryOf, categoryRow, itemOf, itemRow, openShop, type ShopBench } from '../../support/shop.ts';
import { Statements } from '../../support/statements.ts';
import { todoOf } from '../../support/todo.ts';

const t1 = '2026-01-01T00:00:01.000001Z';
const t2 = '2026-01-01T00:00:02.000001Z';

describe.each(drivers)('hand-overs on %s', (driver) => {
  let bench: ShopBench;
  afterEach(() => bench.close());
  const take = (runId = 1): Promise<TakenBatch> =>
    bench.store.take({ kinds: [...bench.registry.keys()], limit: 500, runId, distrustResend: false });
  const names = ({ requests }: TakenBatch): string[] => requests.map(({ kind, entityId }) => `${kind}/${entityId}`);
  const waiting = async (): Promise<unknown> =>
    (await bench.queue.list())
      .filter(({ waitingFor }) => waitingFor !== undefined)
      .map(({ entityId, waitingFor }) => [entityId, waitingFor]);
  /** Settles a batch as applied and takes the next one, until nothing is left; returns what each batch sent. */
  const drain = async (): Promise<readonly (readonly string[])[]> => {
    const batches: string[][] = [];
    for (let batch = await take(); batch.requests.length > 0; batch = await take()) {
      batches.push(names(batch));
      await bench.store.settle(
        batch.requests.map((request) =>
          answerOf(request, request.op.type === 'upsert' ? accepted(t2)(request) : { type: 'applied' }),
        ),
      );
    }
    return batches;
  };

  test('F-159: an edit that refers to a row created later does not fold into the creation before it', async () => {
    bench = await openShop(driver);
    await bench.categories.insertAndEnqueue(categoryOf('parent'));
    await bench.categories.insertAndEnqueue(categoryOf('child', { parentId: 'parent' }));
    await bench.categories.replaceAndEnqueue(categoryOf('parent', { parentId: 'child' }), {
      changedFields: ['parentId'],
    });
    const first = await take();
    expect(names(first)).toEqual(['categories/parent']);
    expect(first.requests[0]?.op).toMatchObject({ creates: true, payload: { parentId: null } });
    await bench.store.settle(first.requests.map((request) => answerOf(request, accepted(t1)(request))));
    expect(await drain()).toEqual([['categories/child'], ['categories/parent']]);
  });

  test('F-159: does not fold across a reference that no table declares', async () => {
    bench = await openShop(driver);
    await bench.writer.insertAndEnqueue(todoOf('todo'));
    await bench.categories.insertAndEnqueue(categoryOf('late'));
    await bench.writer.replaceAndEnqueue(todoOf('todo', { title: 'late' }), { changedFields: ['title'] });
    expect(await drain()).toEqual([['todos/todo', 'categories/late'], ['todos/todo']]);
  });

  test('F-159: edits that add no reference still fold into one request', async () => {
    bench = await openShop(driver);
    await bench.categories.insertAndEnqueue(categoryOf('a'));
    await bench.categories.insertAndEnqueue(categoryOf('b'));
    await bench.categories.replaceAndEnqueue(categoryOf('a', { name: 'renamed' }), { changedFields: ['name'] });
    expect(await drain()).toEqual([['categories/a', 'categories/b']]);
  });

  test('I4: a row recreated by the app after an unsent deletion stays and is sent whole, even where the fold stops earlier', async () => {
    bench = await openShop(driver);
    await bench.categories.insertAndEnqueue(categoryOf('again', { name: 'first' }));
    await bench.categories.enqueueDelete('again');
    await bench.categories.insertAndEnqueue(categoryOf('late'));
    await bench.categories.replaceAndEnqueue(categoryOf('again', { name: 'second', parentId: 'late' }), {
      changedFields: ['name', 'parentId'],
    });
    const first = await take();
    expect(first.facts).toMatchObject([{ reason: 'foldedAway' }, { reason: 'foldedAway' }]);
    expect(
      await bench.dataSource.query(
        'SELECT "id", "name" FROM "categories" WHERE "deleted_at_local" IS NULL ORDER BY "id"',
      ),
    ).toMatchObject([{ id: 'again', name: 'second' }, { id: 'late' }]);
    expect(names(first)).toEqual(['categories/late']);
    await bench.store.settle(first.requests.map((request) => answerOf(request, accepted(t1)(request))));
    const second = await take();
    expect(second.requests[0]?.op).toMatchObject({
      id: 'again',
      creates: true,
      payload: { name: 'second', parentId: 'late' },
    });
    expect(second.requests[0]?.op.baseUpdatedAt).toBeUndefined();
  });

  test('F-159: a delete does not fold into an edit before a child has released the row', async () => {
    bench = await openShop(driver);
    await bench.pullOf('categories', [categoryRow('c', t1)]);
    await bench.pullOf('items', [itemRow('i', 'c', t1)]);
    await bench.categories.replaceAndEnqueue(categoryOf('c', { name: 'edited' }), { changedFields: ['name'] });
    await bench.items.replaceAndEnqueue(itemOf('i', null), { changedFields: ['categoryId'] });
    await bench.categories.enqueueDelete('c');
    const first = await take();
    expect(first.requests.map(({ kind, op }) => `${op.type} ${kind}`)).toEqual(['upsert categories', 'upsert items']);
  });

  test('F-160, I12: an operation that takes a UNIQUE value waits for the queued delete that frees it, and names that row', async () => {
    bench = await openShop(driver);
    await bench.pullOf('categories', [categoryRow('old', t1, { slug: 'red' })]);
    await bench.categories.enqueueDelete('old');
    await bench.dataSource.query(`UPDATE categories SET slug = NULL WHERE id = 'old'`);
    await bench.categories.insertAndEnqueue(categoryOf('new', { slug: 'red' }));
    const [deletion] = (await take()).requests;
    expect(deletion).toMatchObject({ entityId: 'old' });
    expect(names(await take())).toEqual([]);
    expect(await waiting()).toEqual([['new', 'categories/old']]);
    await bench.store.settle([answerOf(deletion, { type: 'retryLater', error: TransportError.httpError(500) })]);
    expect(names(await take())).toEqual([]);
    await bench.store.beginRun({ explicit: true, kinds: ['categories'], runId: 2 });
    expect(await drain()).toEqual([['categories/old'], ['categories/new']]);
  });

  test('F-160: a value that an edit frees, over a chain of rows', async () => {
    bench = await openShop(driver);
    await bench.pullOf(
      'categories',
      ['a', 'b', 'c'].map((id, index) => categoryRow(id, t1, { slug: String(index + 1) })),
    );
    for (const [id, slug] of [
      ['c', '4'],
      ['b', '3'],
      ['a', '2'],
    ] as const)
      await bench.categories.replaceAndEnqueue(categoryOf(id, { slug }), { changedFields: ['slug'] });
    expect(await drain()).toEqual([['categories/c'], ['categories/b'], ['categories/a']]);
  });

  test("F-160: two rows that swap a value over a third are sent in the user's order", async () => {
    bench = await openShop(driver);
    await bench.pullOf('categories', [categoryRow('a', t1, { slug: 'red' }), categoryRow('b', t1, { slug: 'blue' })]);
    const set = (id: string, slug: string | null): Promise<void> =>
      bench.categories.replaceAndEnqueue(categoryOf(id, { slug }), { changedFields: ['slug'] });
    await set('a', null);
    await set('b', 'red');
    await set('a', 'blue');
    const slugs: unknown[] = [];
    for (let batch = await take(); batch.requests.length > 0; batch = await take()) {
      for (const { op } of batch.requests) slugs.push(op.type === 'upsert' ? [op.id, op.payload['slug']] : op.type);
      await bench.store.settle(batch.requests.map((request) => answerOf(request, accepted(t2)(request))));
    }
    expect(slugs).toEqual([
      ['a', null],
      ['b', 'red'],
      ['a', 'blue'],
    ]);
  });

  test('F-160, I12: a direct swap follows the queue order and reports it', async () => {
    bench = await openShop(driver);
    await bench.pullOf('categories', [categoryRow('a', t1, { slug: 'red' }), categoryRow('b', t1, { slug: 'blue' })]);
    const swap = (id: string, slug: string): Promise<void> =>
      bench.outbox.enqueue(
        upsertOp({
          kind: 'categories',
          id,
          payload: { id, name: `server ${id}`, parentId: null, slug },
          changedFields: ['slug'],
          baseUpdatedAt: t1,
        }),
      );
    await swap('a', 'blue');
    await swap('b', 'red');
    const { requests, facts } = await take();
    expect(requests.map(({ entityId }) => entityId)).toEqual(['a']);
    expect(facts).toMatchObject([
      {
        type: 'store.warning',
        message: expect.stringContaining('categories/a and categories/b wait for each other') as string,
      },
    ]);
    await bench.store.settle(requests.map((request) => answerOf(request, accepted(t2)(request))));
    expect(names(await take())).toEqual(['categories/b']);
  });

  test('F-160: NULL is never taken, and nothing waits for a value that nobody frees', async () => {
    bench = await openShop(driver);
    await bench.pullOf('categories', [categoryRow('a', t1, { slug: null })]);
    await bench.categories.enqueueDelete('a');
    await bench.categories.insertAndEnqueue(categoryOf('b', { slug: null }));
    await bench.categories.insertAndEnqueue(categoryOf('c', { slug: 'fresh' }));
    expect(names(await take())).toEqual(['categories/a', 'categories/b', 'categories/c']);
  });

  test('I10: finds freed and created values through indexes only', async () => {
    const statements = new Statements();
    bench = await openShop(driver, { open: { logging: ['query'], logger: statements } });
    await bench.pullOf('categories', [categoryRow('x', t1, { slug: 'red' })]);
    await bench.categories.insertAndEnqueue(categoryOf('a'));
    await bench.categories
      .replaceAndEnqueue(categoryOf('a', { slug: 'red', name: 'x' }), { changedFields: ['slug', 'name'] })
      .catch(() => undefined);
    await bench.categories.replaceAndEnqueue(categoryOf('a', { slug: 'blue' }), { changedFields: ['slug'] });
    statements.list.length = 0;
    await take();
    const reads = statements.list.filter(({ sql }) => /sync_released|e\.value/.test(sql));
    expect(reads.length).toBeGreaterThanOrEqual(2);
    for (const { sql, parameters } of reads) {
      const plan = (
        (await bench.dataSource.query(`EXPLAIN QUERY PLAN ${sql}`, [...parameters])) as { detail: string }[]
      ).map(({ detail }) => detail);
      expect(plan.filter((detail) => /SCAN (r|o)\b/.test(detail))).toEqual([]);
    }
  });
});
