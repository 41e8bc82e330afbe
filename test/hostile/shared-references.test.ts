import { afterEach, describe, expect, test } from 'vitest';
import { createRedactor } from '../../src/devtools/log/redact.ts';
import { acceptMerged } from '../../src/model/conflict.ts';
import { forbiddenKeyIn } from '../../src/model/values/forbidden-keys.ts';
import type { Json, JsonObject } from '../../src/model/values/json.ts';
import { cutBelowLimit, isTooDeep, maxWritten, whyUnwritable } from '../../src/model/values/nesting.ts';
import { captureWrites } from '../../src/persistence/capture/capture-writes.ts';
import { syncTable, type SyncTable } from '../../src/persistence/tables/sync-table.ts';
import { withBigInts } from '../../src/rules/values/keep-digits.ts';
import { jsonText } from '../../src/rules/values/json-text.ts';
import { createTransport } from '../../src/transport/create-transport.ts';
import { openEngine, type EngineBench } from '../support/open-engine.ts';
import { todoEntity, todoOf, type Todo } from '../support/todo.ts';

/**
 * A list that holds the list before twice, and so on: few objects, and 2 to the power of `levels` ways to the innermost
 * one.
 */
function doubled(levels: number, inner: Json = []): Json {
  let value = inner;
  for (let level = 0; level < levels; level += 1) value = [value, value];
  return value;
}

const benches: EngineBench[] = [];
afterEach(async () => {
  for (const each of benches.splice(0)) await each.close();
});
const open = async (options: Parameters<typeof openEngine>[0] = {}): Promise<EngineBench> => {
  const bench = await openEngine(options);
  benches.push(bench);
  return bench;
};

const reason =
  /holds the same objects so often that its JSON has \d+ characters, and at most 67108864 are written; keep each object once/;
const tags = doubled(40) as unknown as string[];
const row = (changes: JsonObject): JsonObject => ({
  id: 'x',
  title: 'theirs',
  done: false,
  priority: 0,
  tags: null,
  updatedAt: '2026-01-01T00:00:01Z',
  deletedAt: null,
  ...changes,
});

describe('I13: values that hold the same objects many times', () => {
  test('are visited once per object and level', () => {
    expect(isTooDeep(tags)).toBe(false);
    expect(isTooDeep(doubled(501))).toBe(true);
    expect(whyUnwritable(tags)).toMatch(reason);
    expect(whyUnwritable(doubled(10))).toBeUndefined();
    expect(forbiddenKeyIn(doubled(40))).toBeUndefined();
    expect(forbiddenKeyIn(doubled(40, { constructor: 1 }))).toBe('constructor');
    expect(jsonText(tags, () => 'too long')).toBe('too long');
    expect(whyUnwritable(cutBelowLimit(doubled(600)))).toBe('is nested deeper than 500 levels');
  });

  test('count with all their strings and names', () => {
    const text = 'x'.repeat(maxWritten / 16);
    expect(whyUnwritable(Array.from({ length: 15 }, () => text))).toBeUndefined();
    expect(whyUnwritable(doubled(5, [text]))).toMatch(reason);
    expect(whyUnwritable(doubled(5, { [text]: null }))).toMatch(reason);
  });

  test('keep their shape when BigInts become numbers, cycles included', () => {
    const copy = withBigInts(tags) as readonly (readonly unknown[])[];
    expect(copy[0]).toBe(copy[1]);
    expect(withBigInts([1n, { a: 2n }])).toEqual([1, { a: 2 }]);
    const loop: unknown[] = [];
    loop.push(loop, loop);
    expect(whyUnwritable(withBigInts(loop))).toBe('is nested deeper than 500 levels');
  });

  test('are truncated by the devtools', () => {
    let wide: unknown = 'end';
    for (let level = 0; level < 7; level += 1) wide = Array.from({ length: 150 }, () => wide);
    expect(JSON.stringify(createRedactor()(wide)).length).toBeLessThan(2_000_000);
    expect(createRedactor()(doubled(3))).toEqual(doubled(3));
  });
});

describe('I13: a field that repeats the same objects too often is rejected with its name and size', () => {
  const isRefused = async (work: () => Promise<unknown>): Promise<void> => {
    const error: unknown = await work().catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ name: 'ValidationError', message: expect.stringMatching(/tags/) as string });
    expect((error as Error).message).toMatch(reason);
  };

  test('by each way of writing', async () => {
    const bench = await open();
    await bench.writer.insertAndEnqueue(todoOf('ok'));
    await isRefused(() => bench.writer.insertAndEnqueue(todoOf('x', { tags })));
    const seen = (await bench.row('ok')) as Todo;
    await isRefused(() => bench.writer.replaceAndEnqueue({ ...seen, tags }));
    await isRefused(() =>
      bench.writer.replaceAndEnqueueDiff({ ...seen, tags }, { ...seen, tags: doubled(40) as unknown as string[] }),
    );
    await isRefused(() => bench.writer.addToSet('ok', 'tags', [doubled(40)]));
    const [opId] = await bench.queued();
    await isRefused(() => bench.engine.amend(opId ?? '', { tags }));
    const repository = bench.engine.repository(syncTable(todoEntity, { kind: 'todos' }));
    await isRefused(() => repository.update({ ...seen, tags }));
    captureWrites(bench.dataSource, [syncTable(todoEntity, { kind: 'todos' }) as SyncTable]);
    await isRefused(() => bench.dataSource.getRepository(todoEntity).save({ ...seen, tags }));
    expect(await bench.queued()).toHaveLength(1);
  });

  test('writes a few shared objects as usual', async () => {
    const bench = await open();
    await bench.writer.insertAndEnqueue(todoOf('x', { tags: doubled(3) as unknown as string[] }));
    await bench.engine.sync();
    expect(bench.server.get('todos', 'x')?.['tags']).toEqual(doubled(3));
  });

  test("from an app's adapter: quarantines the row with the reason, and the others arrive", async () => {
    const inner = createTransport({ send: () => Promise.resolve({ status: 200, body: {} }) });
    const items = [row({ tags: doubled(40) }), row({ id: 'y' })];
    const bench = await open({ transport: { ...inner, pull: () => Promise.resolve({ items, hasMore: false }) } });
    await bench.engine.sync();
    expect(await bench.row('y')).toMatchObject({ title: 'theirs' });
    expect(bench.told.filter(({ type }) => type === 'row.quarantined')).toMatchObject([
      { id: 'x', error: { message: expect.stringMatching(reason) as string } },
    ]);
  });

  test('from createTransport: the pull fails with the reason', async () => {
    const body = { items: [row({ tags: doubled(40) })], hasMore: false };
    const bench = await open({ transport: createTransport({ send: () => Promise.resolve({ status: 200, body }) }) });
    await expect(bench.engine.sync()).rejects.toThrow(reason);
  });

  test.each([
    ['the answer of a resolver', { strategy: 'manual', resolver: () => acceptMerged(row({ tags: doubled(40) })) }],
    [
      'the result of a merge function',
      { strategy: 'merge', mergeFunction: (local: JsonObject) => ({ ...local, tags: doubled(40) }) },
    ],
  ] as const)('in %s: leaves the conflict to a person', async (_, conflict) => {
    const bench = await open({ tables: [syncTable(todoEntity, { kind: 'todos', conflict })] });
    bench.server.seed('todos', { id: 'x', title: 'theirs', done: false, priority: null, tags: null });
    await bench.engine.sync();
    const seen = (await bench.row('x')) as Todo;
    await bench.writer.replaceAndEnqueueDiff(seen, { ...seen, title: 'mine' });
    bench.server.update('todos', 'x', { title: 'theirs again' });
    await bench.engine.sync().catch(() => undefined);
    expect(await bench.queued()).toHaveLength(1);
    expect(bench.told.findLast(({ type }) => type === 'conflict.unresolved')).toMatchObject({
      reason: expect.stringMatching(reason) as string,
    });
  });
});
