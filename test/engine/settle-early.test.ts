import { filter, firstValueFrom } from 'rxjs';
import { afterEach, expect, test } from 'vitest';
import type { SyncEvent } from '../../src/model/events.ts';
import type { JsonObject } from '../../src/model/values/json.ts';
import { pushSuccess, type OpPushResult, type TransportAdapter } from '../../src/model/transport.ts';
import { openEngine, type EngineBench } from '../support/open-engine.ts';
import { todoOf } from '../support/todo.ts';

const t1 = '2026-01-01T10:00:00.000Z';
const patienceMs = 100;
let bench: EngineBench;
afterEach(() => bench.close());

const rowOf = (payload: JsonObject): JsonObject => ({ deletedAt: null, ...payload, updatedAt: t1 });

/** Answers `first` at once, and `last` when it is released or the request is aborted. `answer` makes the row. */
function openSlowServer(answer: (payload: JsonObject) => JsonObject = rowOf) {
  let release: () => void = () => undefined;
  const released = new Promise<void>((resolve) => {
    release = resolve;
  });
  let reached: () => void = () => undefined;
  const isHeld = new Promise<void>((resolve) => {
    reached = resolve;
  });
  const signals: AbortSignal[] = [];
  const transport: TransportAdapter = {
    capabilities: {},
    pull: async () => ({ items: [] }),
    push: async (ops, { onAnswer, signal }) => {
      const results: OpPushResult[] = [];
      for (const op of ops) {
        if (op.id === 'last') {
          if (signal) signals.push(signal);
          reached();
          await Promise.race([released, new Promise((resolve) => signal?.addEventListener('abort', resolve))]);
          if (signal?.aborted) break;
        }
        const given = {
          opId: op.opId,
          result: pushSuccess({ serverData: answer(op.type === 'upsert' ? op.payload : {}) }),
        };
        onAnswer?.(given);
        results.push(given);
      }
      return { results };
    },
    forcePush: async () => pushSuccess(),
    fetch: async () => ({ type: 'fetchNotFound' }),
    health: async () => true,
  };
  return { transport, release, isHeld, signals };
}

const next = (type: SyncEvent['type']): Promise<SyncEvent> =>
  firstValueFrom(bench.engine.events$.pipe(filter((event) => event.type === type)));

test('I1, F-108: stores and reports accepted operations while another answer is outstanding', async () => {
  const server = openSlowServer();
  bench = await openEngine({ transport: server.transport });
  for (const id of ['first', 'last']) await bench.writer.insertAndEnqueue(todoOf(id));
  const run = bench.engine.sync({ pullKinds: [] });
  await server.isHeld;
  expect((await bench.queued()).length).toBe(2);
  const told = next('batch.pushed');
  await bench.clock.advance(patienceMs);
  expect(await told).toMatchObject({ batchSize: 1, successCount: 1 });
  expect((await bench.queued()).length).toBe(1);
  expect(await bench.row('first')).toMatchObject({ updatedAt: t1 });
  server.release();
  expect(await run).toMatchObject({ pushed: 2 });
  expect(bench.told.flatMap((event) => (event.type === 'op.pushed' ? [event.entityId] : []))).toEqual([
    'first',
    'last',
  ]);
  expect(bench.told.flatMap((event) => (event.type === 'sync.progress' ? [event.done] : []))).toEqual([1, 2]);
});

test('I9: PAUSE aborts outstanding requests; earlier results are reported and settled once', async () => {
  const server = openSlowServer();
  bench = await openEngine({ transport: server.transport });
  for (const id of ['first', 'last']) await bench.writer.insertAndEnqueue(todoOf(id));
  const run = bench.engine.sync({ pullKinds: [] });
  await server.isHeld;
  const told = next('batch.pushed');
  await bench.clock.advance(patienceMs);
  await told;
  await bench.engine.pause();
  expect(server.signals.map(({ aborted }) => aborted)).toEqual([true]);
  expect((await bench.queued()).length).toBe(1);
  server.release();
  await bench.engine.resume();
  expect(await run).toMatchObject({ pushed: 2 });
  expect(bench.told.flatMap((event) => (event.type === 'op.pushed' ? [event.entityId] : []))).toEqual([
    'first',
    'last',
  ]);
});

test('F-120, F-151: a creation accepted for a row that the server deleted is still a conflict when settled early', async () => {
  const server = openSlowServer((payload) =>
    payload['id'] === 'first' ? { ...rowOf(payload), deletedAt: t1 } : rowOf(payload),
  );
  bench = await openEngine({ transport: server.transport, config: { conflictStrategy: 'serverWins' } });
  for (const id of ['first', 'last']) await bench.writer.insertAndEnqueue(todoOf(id));
  const run = bench.engine.sync({ pullKinds: [] });
  await server.isHeld;
  const told = next('conflict.detected');
  await bench.clock.advance(patienceMs);
  await told;
  server.release();
  expect(await run).toMatchObject({ pushed: 1, conflicts: 1 });
  expect(await bench.engine.conflicts()).toMatchObject([
    { state: 'awaiting', conflict: { entityId: 'first', isCreation: true } },
  ]);
});

test('I11: an engine that finds itself fenced out while settling early sends nothing more', async () => {
  const server = openSlowServer();
  bench = await openEngine({ transport: server.transport });
  for (const id of ['first', 'last']) await bench.writer.insertAndEnqueue(todoOf(id));
  const run = bench.engine.sync({ pullKinds: [] });
  await server.isHeld;
  await bench.dataSource.query(`UPDATE "sync_lease" SET "owner" = 'another', "token" = "token" + 1`);
  const aborted = new Promise<void>((resolve) => server.signals[0]?.addEventListener('abort', () => resolve()));
  await bench.clock.advance(patienceMs);
  await aborted;
  expect((await bench.queued()).length).toBe(2);
  await bench.dataSource.query(`UPDATE "sync_lease" SET "expires_at" = 0`);
  server.release();
  await bench.clock.advance(1_000);
  expect(await run).toMatchObject({ pushed: 2 });
});
