import { afterEach, expect, test, vi } from 'vitest';
import { createSyncEngine } from '../../src/engine/create-sync-engine.ts';
import { NetworkError } from '../../src/model/errors/errors.ts';
import { createTestServer } from '../../src/testing/test-server.ts';
import { MemoryTransport } from '../../src/testing/memory-transport.ts';
import { RestTransport } from '../../src/transport/rest-transport.ts';
import type { TransportAdapter } from '../../src/model/transport.ts';
import { openTodoDatabase, todos, type TestDriver } from '../support/open-store.ts';
import { todoOf } from '../support/todo.ts';

type FakeTimers = Parameters<typeof vi.useFakeTimers>[0];

/**
 * The set that Jest fakes by default, as far as Node's own streams survive it in one process: Jest gives tests a
 * `process` of their own.
 */
const fakedByJest = [
  'Date',
  'hrtime',
  'performance',
  'queueMicrotask',
  'setImmediate',
  'clearImmediate',
  'setInterval',
  'clearInterval',
  'setTimeout',
  'clearTimeout',
] as const;
const fakes: Readonly<Record<string, FakeTimers>> = {
  'Vitest’s default set': undefined,
  'Jest’s default set': { toFake: [...fakedByJest] },
};

const closers: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  vi.useRealTimers();
  for (const close of closers.splice(0).reverse()) await close();
});

const openUnder = async (driver: TestDriver, transport: TransportAdapter) => {
  const dataSource = await openTodoDatabase(driver, ':memory:');
  closers.push(() => dataSource.destroy());
  const engine = createSyncEngine({ dataSource, transport, tables: [todos] });
  closers.push(() => engine.dispose());
  await engine.start();
  return { dataSource, engine, writer: engine.writer(todos) };
};

for (const [set, options] of Object.entries(fakes)) {
  test.each(['better-sqlite3', 'sqlite3', 'sqljs'] as const)(
    `I8: a sync over %s ends under fake timers, ${set}`,
    async (driver) => {
      vi.useFakeTimers(options);
      const { engine, writer } = await openUnder(driver, new MemoryTransport());
      const counts: number[] = [];
      engine.pending$().subscribe((count) => counts.push(count));
      for (let index = 0; index < 30; index += 1) await writer.insertAndEnqueue(todoOf(`t${String(index)}`));
      expect((await engine.sync()).pushed).toBe(30);
      expect((await engine.fullResync()).pulled).toBe(30);
      await engine.dispose();
      expect(counts.at(-1)).toBe(0);
    },
  );

  test(`I8: a sync over REST ends under fake timers, ${set}`, async () => {
    const server = await createTestServer({ naming: 'camelCase' });
    closers.push(() => server.close());
    vi.useFakeTimers(options);
    const { engine, writer } = await openUnder('better-sqlite3', new RestTransport({ baseUrl: server.url }));
    await writer.insertAndEnqueue(todoOf('a'));
    expect((await engine.sync()).pushed).toBe(1);
    await engine.dispose();
  });
}

test('fake timers control the wait before a retry', async () => {
  vi.useFakeTimers();
  const transport = new MemoryTransport();
  const { engine, writer } = await openUnder('better-sqlite3', transport);
  await writer.insertAndEnqueue(todoOf('a'));
  await engine.sync();
  const waits: number[] = [];
  engine.events$.subscribe((event) => {
    if (event.type !== 'backoff.scheduled') return;
    waits.push(event.delayMs);
    queueMicrotask(() => void vi.advanceTimersByTimeAsync(event.delayMs));
  });
  const began = Date.now();
  const pull = vi
    .spyOn(transport, 'pull')
    .mockImplementationOnce(() => Promise.reject(new NetworkError('connection reset')));
  await engine.sync();
  expect(pull.mock.calls.length).toBeGreaterThan(1);
  expect(waits).toHaveLength(1);
  expect(Date.now() - began).toBe(waits[0]);
});

test('a module that loads while timers are faked still yields to the event loop', async () => {
  vi.useFakeTimers();
  vi.resetModules();
  const { yieldTurn } = await import('../../src/model/platform/yield-turn.ts');
  await yieldTurn();
});
