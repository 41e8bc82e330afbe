import { expect, test, vi } from 'vitest';
import { queryKey } from '../../src/queries/query-key.ts';
import { shareMap, shareRows } from '../../src/queries/share-rows.ts';
import { createSharedStore } from '../../src/queries/shared-store.ts';
import { createWriteStore } from '../../src/queries/write-store.ts';
import { syncStores } from '../../src/queries/sync-stores.ts';
import { createSimulatedClock } from '../../src/testing/simulated-clock.ts';
import { openEngine } from '../support/open-engine.ts';
import { todos } from '../support/open-store.ts';
import { todoOf } from '../support/todo.ts';

test('keys are equal for equal content, and distinguish functions and instances', () => {
  class Box {}
  const box = new Box();
  const fn = (): void => undefined;
  expect(queryKey([1, 'a', { b: 2, a: [new Date(5)] }])).toBe(queryKey([1, 'a', { a: [new Date(5)], b: 2 }]));
  expect(queryKey(fn)).toBe(queryKey(fn));
  expect(queryKey(box)).toBe(queryKey(box));
  const different = [
    1,
    '1',
    1n,
    null,
    undefined,
    'undefined',
    Number.NaN,
    0,
    -0,
    [],
    {},
    [[]],
    true,
    box,
    new Box(),
    fn,
  ];
  expect(new Set(different.map(queryKey)).size).toBe(different.length);
});

test('rows keep their identity at another position, and an equal list is the same list', () => {
  const last = [
    { id: 'a', n: 1 },
    { id: 'b', n: 1 },
    { id: 'c', n: 1 },
  ];
  expect(shareRows(last, structuredClone(last))).toBe(last);
  const next = shareRows(last, [
    { id: 'c', n: 1 },
    { id: 'a', n: 2 },
    { id: 'd', n: 1 },
  ]);
  expect(next[0]).toBe(last[2]);
  expect(next[1]).not.toBe(last[0]);
  expect(
    shareRows(
      last,
      last.slice(0, 2).map((row) => ({ ...row })),
    ),
  ).toEqual(last.slice(0, 2));
  expect(shareRows([1, 2], [1, 2, 3])).toEqual([1, 2, 3]);
  expect(shareRows<unknown>({ id: 'a' }, null)).toBeNull();
  const one = { id: 'a', n: 1 };
  expect(shareRows<unknown>(one, { id: 'a', n: 1 })).toBe(one);
  const numbered = [
    { number: 1, n: 1 },
    { number: 2, n: 1 },
  ];
  const byNumber = (row: unknown): unknown => (row as { number: number }).number;
  expect(shareRows(numbered, [{ number: 2, n: 1 }], byNumber)[0]).toBe(numbered[1]);
});

test('marks keep their identity individually', () => {
  const last = new Map([
    ['a', { pending: true }],
    ['b', { pending: true }],
  ]);
  expect(shareMap(last, new Map([...last].map(([id, mark]) => [id, { ...mark }])))).toBe(last);
  const next = shareMap(last, new Map([['b', { pending: true }]]));
  expect(next.size).toBe(1);
  expect(next.get('b')).toBe(last.get('b'));
});

test('a shared source starts once, survives a remount, and ends after the grace period', async () => {
  const clock = createSimulatedClock();
  const [start, end, onEnd] = [vi.fn(), vi.fn(), vi.fn()];
  let set: (value: number) => void = () => undefined;
  const store = createSharedStore<number>({
    initial: 0,
    server: -1,
    clock,
    graceMs: 100,
    onEnd,
    start: (give) => {
      set = give;
      start();
      return end;
    },
  });
  expect(store.getServerSnapshot()).toBe(-1);
  const heard = vi.fn();
  const first = store.subscribe(heard);
  const second = store.subscribe(heard);
  set(1);
  set(1);
  expect(heard).toHaveBeenCalledTimes(2);
  first();
  first();
  second();
  await clock.advance(99);
  store.subscribe(heard)();
  await clock.advance(99);
  expect([start.mock.calls.length, end.mock.calls.length]).toEqual([1, 0]);
  await clock.advance(1);
  expect([end.mock.calls.length, onEnd.mock.calls.length]).toEqual([1, 1]);
  expect(store.getSnapshot()).toBe(1);
  store.touch();
  await clock.advance(100);
  expect([start.mock.calls.length, end.mock.calls.length]).toEqual([2, 2]);
});

test('a shared store without any follower is dropped after the grace period', async () => {
  const clock = createSimulatedClock();
  const onEnd = vi.fn();
  createSharedStore({ initial: 0, server: 0, clock, graceMs: 100, onEnd, start: () => () => undefined });
  await clock.advance(100);
  expect(onEnd).toHaveBeenCalledTimes(1);
});

test('a write shows that it is in progress; an older one that ends late changes nothing', async () => {
  const endings: ((error?: Error) => void)[] = [];
  const store = createWriteStore(
    (): Promise<void> =>
      new Promise((resolve, reject) => endings.push((error) => (error === undefined ? resolve() : reject(error)))),
  );
  const states: unknown[] = [];
  store.subscribe(() => states.push(store.getSnapshot()));
  const [older, newer] = [store.run(), store.run()];
  endings[1]?.();
  await newer;
  endings[0]?.(new Error('late'));
  await expect(older).rejects.toThrow('late');
  expect(states).toEqual([{ pending: true }, { pending: false }]);
  const failing = store.run();
  endings[2]?.(new Error('refused'));
  await expect(failing).rejects.toThrow('refused');
  expect(store.getSnapshot()).toEqual({ pending: false, error: new Error('refused') });
  store.reset();
  expect(store.getSnapshot()).toEqual({ pending: false });
});

test('an engine always has the same stores, which report outdated data', async () => {
  const bench = await openEngine({ config: { staleAfterMs: 60_000 } });
  try {
    const stores = syncStores(bench.engine);
    expect(syncStores(bench.engine)).toBe(stores);
    await bench.writer.insertAndEnqueue(todoOf('a'));
    await bench.engine.sync();
    const store = stores.query((engine) => engine.repository(todos).find(), { tables: [todos] });
    const told: unknown[] = [];
    const first = new Promise<void>((resolve) => {
      store.subscribe(() => {
        told.push(store.getSnapshot());
        resolve();
      });
    });
    await first;
    expect(told).toMatchObject([{ status: 'ready', complete: true, stale: false }]);
    await bench.clock.advance(60_000);
    expect(told).toMatchObject([{ stale: false }, { stale: true }]);
  } finally {
    await bench.close();
  }
});
