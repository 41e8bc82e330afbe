import { afterEach, expect, test, vi } from 'vitest';
import { createSyncEngine } from '../../src/engine/create-sync-engine.ts';
import { randomId } from '../../src/model/platform/random-id.ts';
import { MemoryTransport } from '../../src/testing/memory-transport.ts';
import { openTodoDatabase, todos } from '../support/open-store.ts';
import { todoOf } from '../support/todo.ts';

afterEach(() => vi.unstubAllGlobals());

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
/** `crypto` as a page on plain http has it. */
const insecure = (): void => {
  vi.stubGlobal('crypto', { getRandomValues: crypto.getRandomValues.bind(crypto) });
};

test('ids are random UUIDs, with and without a secure context', () => {
  const secure = Array.from({ length: 200 }, randomId);
  insecure();
  const made = [...secure, ...Array.from({ length: 2_000 }, randomId)];
  expect(made.filter((id) => !uuid.test(id))).toEqual([]);
  expect(new Set(made).size).toBe(made.length);
});

test('names a platform without any source of random values', () => {
  vi.stubGlobal('crypto', undefined);
  expect(() => randomId()).toThrow(/crypto\.getRandomValues.*polyfill/);
});

test('an engine writes, pushes and pulls in a page without crypto.randomUUID', async () => {
  insecure();
  const dataSource = await openTodoDatabase('better-sqlite3');
  const engine = createSyncEngine({ dataSource, transport: new MemoryTransport(), tables: [todos] });
  try {
    await engine.writer(todos).insertAndEnqueue(todoOf('a'));
    const [operation] = await engine.outbox.take({ limit: 1 });
    expect(operation?.opId).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7/);
    expect(await engine.sync()).toMatchObject({ pushed: 1 });
  } finally {
    await engine.dispose();
    await dataSource.destroy();
  }
});
