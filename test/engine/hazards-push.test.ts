import { expect, test } from 'vitest';
import { createEngineCore } from '../../src/engine/core/engine-core.ts';
import { MaxRetriesExceededError, SyncOperationError } from '../../src/model/errors/errors.ts';
import type { SyncEvent } from '../../src/model/events.ts';
import { deleteOp, upsertOp, type Op } from '../../src/model/operation.ts';
import {
  fetchError,
  fetchSuccess,
  pushAmbiguous,
  pushConflict,
  pushRejected,
  pushSuccess,
  pushUnavailable,
  type FetchResult,
  type OpPushResult,
  type PushContext,
  type PushResult,
  type TransportAdapter,
} from '../../src/model/transport.ts';
import { createSimulatedClock } from '../../src/testing/simulated-clock.ts';
import { createFakeStore, type FakeStoreOptions } from '../support/fake-store.ts';

const t1 = '2026-01-01T10:00:00.000Z';
const t2 = '2026-01-01T11:00:00.000Z';
const edit = (id: string, changes: Partial<Parameters<typeof upsertOp>[0]> = {}): Op =>
  upsertOp({
    kind: 'todos',
    id,
    opId: `op-${id}`,
    payload: { id, title: `mine ${id}` },
    baseUpdatedAt: t1,
    ...changes,
  });
const row = (id: string, updatedAt = t2) => ({ id, title: `theirs ${id}`, updatedAt, deletedAt: null });

/** A backend that answers as the test says; nothing to pull. */
function openBackend(
  answer: (op: Op, context: PushContext) => PushResult | Promise<PushResult>,
  parts: Partial<TransportAdapter> = {},
) {
  const sent: Op[] = [];
  const forced: Op[] = [];
  const transport: TransportAdapter = {
    capabilities: {},
    pull: async () => ({ items: [] }),
    push: async (ops, context) => {
      const results: OpPushResult[] = [];
      for (const op of ops) {
        sent.push(op);
        const entry = { opId: op.opId, result: await answer(op, context) };
        context.onAnswer?.(entry);
        results.push(entry);
      }
      return { results };
    },
    forcePush: async (op, context) => {
      forced.push(op);
      return answer(op, context);
    },
    fetch: async (): Promise<FetchResult> => ({ type: 'fetchNotFound' }),
    health: async () => true,
    ...parts,
  };
  return { transport, sent, forced };
}

function openEngine(transport: TransportAdapter, options: Omit<FakeStoreOptions, 'clock'> = {}) {
  const clock = createSimulatedClock();
  const fake = createFakeStore({ clock, ...options });
  const engine = createEngineCore({
    ports: { store: fake.store, transport, kinds: fake.kinds, config: fake.config, clock, random: () => 0.5 },
    queue: fake.queue,
  });
  const told: SyncEvent[] = [];
  engine.events$.subscribe((event) => told.push(event));
  return { engine, fake, clock, told, types: () => told.map(({ type }) => type) };
}

test('F-01: a delete that the server refuses as a conflict is decided once and ends', async () => {
  const { transport, sent } = openBackend(() => pushConflict({ serverData: row('a') }));
  const { engine, fake } = openEngine(transport, { strategy: 'autoPreserve' });
  fake.enqueue(deleteOp({ kind: 'todos', id: 'a', opId: 'op-a', baseUpdatedAt: t1 }));
  expect(await engine.sync()).toMatchObject({ pushed: 0, conflicts: 1 });
  expect(sent).toHaveLength(1);
  expect(await engine.conflicts()).toEqual([]);
});

test('F-02: sends an undecided conflict once per run, reports its reason, and blocks nobody else', async () => {
  const { transport, sent } = openBackend((op) =>
    op.id === 'a' ? pushConflict({ serverData: row('a') }) : pushSuccess({ serverData: row(op.id) }),
  );
  const { engine, fake, types } = openEngine(transport, { strategy: 'manual' });
  fake.enqueue(edit('a'), edit('b'));
  expect(await engine.sync()).toMatchObject({ pushed: 1, conflicts: 1, conflictsResolved: 0 });
  expect(sent.filter(({ id }) => id === 'a')).toHaveLength(1);
  expect(types()).toEqual(expect.arrayContaining(['conflict.detected', 'conflict.unresolved', 'sync.completed']));
  await engine.sync();
  expect(sent.filter(({ id }) => id === 'a')).toHaveLength(1);
  expect(await engine.explain()).toMatchObject([{ opId: 'op-a', reason: 'conflict' }]);
});

test('F-03: a refused forced write counts a try, is reported, and ends for this run', async () => {
  const { transport, sent, forced } = openBackend((op) =>
    op.force ? pushRejected({ statusCode: 422, message: 'no seats left' }) : pushConflict({ serverData: row('a') }),
  );
  const { engine, fake, told } = openEngine(transport, { strategy: 'clientWins' });
  fake.enqueue(edit('a'));
  expect(await engine.sync()).toMatchObject({ pushed: 0, errors: 1, conflictsResolved: 0 });
  expect([sent.length, forced.length]).toEqual([1, 1]);
  expect(await engine.explain()).toMatchObject([{ tryCount: 1 }]);
  expect(told.filter(({ type }) => type === 'op.failed')).toHaveLength(1);
});

test('CLI-02, RST-52, F-32: clientWins forces without a base under another key', async () => {
  const { transport, forced } = openBackend((op) =>
    op.force ? pushSuccess({ serverData: { ...row('a'), title: 'mine a' } }) : pushConflict({ serverData: row('a') }),
  );
  const { engine, fake } = openEngine(transport, { strategy: 'clientWins' });
  fake.enqueue(edit('a'));
  expect(await engine.sync()).toMatchObject({ pushed: 1, conflicts: 1, conflictsResolved: 1 });
  expect(forced[0]).toMatchObject({ force: true, payload: { title: 'mine a' } });
  expect(forced[0]).not.toHaveProperty('baseUpdatedAt');
  expect(forced[0]?.requestId).not.toBe('op-a');
});

test('CFL-08, I8: a forced write that conflicts every time ends after the allowed rounds and counts as a try', async () => {
  const { transport, forced } = openBackend(() => pushConflict({ serverData: row('a') }));
  const { engine, fake, clock, types } = openEngine(transport, {
    strategy: 'clientWins',
    config: { maxConflictRetries: 2, conflictRetryDelayMs: 500 },
  });
  fake.enqueue(edit('a'));
  const syncing = engine.sync();
  await clock.advance(5_000);
  expect(await syncing).toMatchObject({ pushed: 0, conflictsResolved: 0 });
  expect(forced).toHaveLength(3);
  expect(types()).toContain('conflict.unresolved');
});

test("SRV-02, SRV-03: serverWins takes the server's row and sends nothing more", async () => {
  const { transport, sent, forced } = openBackend(() => pushConflict({ serverData: row('a') }));
  const { engine, fake } = openEngine(transport, { strategy: 'serverWins' });
  fake.enqueue(edit('a'));
  expect(await engine.sync()).toMatchObject({ conflicts: 1, conflictsResolved: 1 });
  expect([sent.length, forced.length]).toEqual([1, 0]);
  expect(fake.rows('todos')).toEqual([row('a')]);
  expect(fake.outbox()).toEqual([]);
});

test('CFL-06: skipConflictingOps gives up an unresolved change with an event that holds it', async () => {
  const { transport } = openBackend(() => pushConflict({ serverData: row('a') }));
  const { engine, fake, told } = openEngine(transport, { strategy: 'manual', config: { skipConflictingOps: true } });
  fake.enqueue(edit('a'));
  expect(await engine.sync()).toMatchObject({ conflicts: 1, conflictsResolved: 0 });
  expect(fake.outbox()).toEqual([]);
  expect(told.filter(({ type }) => type === 'op.discarded')).toMatchObject([{ opId: 'op-a', reason: 'skipped' }]);
});

test('applies a decision in the run that it requests: acceptClient depends on the shown version', async () => {
  const { transport, sent } = openBackend((op) =>
    op.baseUpdatedAt === t2
      ? pushSuccess({ serverData: { ...row('a'), title: 'mine a' } })
      : pushConflict({ serverData: row('a') }),
  );
  const { engine, fake } = openEngine(transport, { strategy: 'manual' });
  fake.enqueue(edit('a'));
  await engine.sync();
  await engine.resolveConflict('op-a', { type: 'acceptClient' });
  await engine.whenIdle();
  expect(sent.at(-1)).toMatchObject({ baseUpdatedAt: t2, force: false });
  expect(fake.outbox()).toEqual([]);
  await expect(engine.resolveConflict('nothing', { type: 'acceptServer' })).rejects.toThrow(/no conflict/);
});

test('F-04: an operation without a result fails on its own', async () => {
  const { transport } = openBackend(() => pushSuccess());
  const broken: TransportAdapter = {
    ...transport,
    push: async (ops) => ({ results: ops.slice(1).map(({ opId }) => ({ opId, result: pushSuccess() })) }),
  };
  const { engine, fake, told } = openEngine(broken);
  fake.enqueue(edit('a'), edit('b'));
  expect(await engine.sync()).toMatchObject({ pushed: 1, errors: 1 });
  expect(fake.outbox()).toEqual(['op-a']);
  expect(told.find(({ type }) => type === 'op.failed')).toMatchObject({
    entityId: 'a',
    error: { message: expect.stringContaining('no result') as string },
  });
});

test('F-05: ignores an answer to an unknown operation with a warning, and settles the others', async () => {
  const { transport } = openBackend(() => pushSuccess());
  const odd: TransportAdapter = {
    ...transport,
    push: async (ops) => ({
      results: [
        { opId: 'stranger', result: pushSuccess() },
        ...ops.map(({ opId }) => ({ opId, result: pushSuccess() })),
      ],
    }),
  };
  const { engine, fake, told } = openEngine(odd);
  fake.enqueue(edit('a'));
  expect(await engine.sync()).toMatchObject({ pushed: 1, errors: 0 });
  expect(told.find(({ type }) => type === 'transport.warning')).toMatchObject({
    message: expect.stringContaining('stranger') as string,
  });
});

test('F-46: settles answers received before an adapter threw', async () => {
  const { transport } = openBackend(() => pushSuccess());
  const breaking: TransportAdapter = {
    ...transport,
    push: async (ops, { onAnswer }) => {
      onAnswer?.({ opId: ops[0]?.opId ?? '', result: pushSuccess() });
      throw new Error('chunk 2 broke');
    },
  };
  const { engine, fake } = openEngine(breaking);
  fake.enqueue(edit('a'), edit('b'));
  const error = await engine.sync().then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  // RUN-08, PUSH-15
  expect(error).toBeInstanceOf(SyncOperationError);
  expect(error).toMatchObject({ phase: 'push', stats: { pushed: 1 } });
  expect(fake.outbox()).toEqual(['op-b']);
  expect(await engine.explain()).toMatchObject([{ tryCount: 0 }]);
});

test('F-33, F-34: fetches the row for a conflict without it; if the fetch fails, the operation waits unchanged', async () => {
  const { transport } = openBackend((op) => pushConflict({ serverData: op.id === 'a' ? row('z') : undefined }), {
    fetch: async ({ id }) => (id === 'a' ? fetchSuccess(row('a')) : fetchError(new Error('no'))),
  });
  const { engine, fake } = openEngine(transport, { strategy: 'serverWins' });
  fake.enqueue(edit('a'), edit('b'));
  expect(await engine.sync()).toMatchObject({ conflicts: 1, conflictsResolved: 1, errors: 1 });
  expect(fake.rows('todos')).toEqual([row('a')]);
  expect(fake.outbox()).toEqual(['op-b']);
});

test('F-20: a conflict with our own write is not a conflict', async () => {
  const { transport } = openBackend(() => pushConflict({ serverData: { ...row('a'), title: 'mine a' } }));
  const { engine, fake } = openEngine(transport);
  fake.enqueue(edit('a'));
  expect(await engine.sync()).toMatchObject({ pushed: 1, conflicts: 0 });
});

test('I8, F-132: sends an operation that fails alone once per run, with growing waits', async () => {
  const { transport, sent } = openBackend((op) =>
    op.id === 'a' ? pushUnavailable({ dispatched: true, statusCode: 500, message: '500' }) : pushSuccess(),
  );
  const { engine, fake, clock } = openEngine(transport, { config: { maxRetries: 2 } });
  fake.enqueue(edit('a'), edit('b'));
  expect(await engine.sync()).toMatchObject({ pushed: 1, errors: 1 });
  expect(sent.map(({ id }) => id)).toEqual(['a', 'b']);
  expect(await engine.explain()).toMatchObject([{ reason: 'backoff', retryAt: clock.now() + 750 }]);
  await engine.sync();
  expect(sent).toHaveLength(3);
  expect(await engine.explain()).toMatchObject([{ reason: 'backoff', retryAt: clock.now() + 1_500 }]);
});

test('F-07: two failing entities in a row and a failing health check stop the push and count no try', async () => {
  const { transport, sent } = openBackend(
    () => pushUnavailable({ dispatched: true, statusCode: 500, message: '500' }),
    { health: async () => false },
  );
  const { engine, fake, clock } = openEngine(transport, { config: { maxRetries: 1 } });
  fake.enqueue(edit('a'), edit('b'));
  const syncing = engine.sync();
  await clock.advance(2_000);
  await expect(syncing).rejects.toBeInstanceOf(MaxRetriesExceededError);
  expect(sent).toHaveLength(4);
  expect(await engine.explain()).toMatchObject([{ tryCount: 0 }, { tryCount: 0 }]);
});

test('I2: a resend that provably never left keeps its key because the first may have arrived', async () => {
  let attempt = 0;
  const { transport, sent } = openBackend(() => {
    attempt += 1;
    return attempt === 1
      ? pushAmbiguous({ message: 'reset' })
      : attempt === 2
        ? pushUnavailable({ dispatched: false, message: 'not sent' })
        : pushSuccess();
  });
  const { engine, fake } = openEngine(transport);
  fake.enqueue(edit('a'));
  await engine.sync();
  await engine.sync();
  await engine.sync();
  expect(sent).toHaveLength(3);
  expect(new Set(sent.map(({ requestId }) => requestId))).toEqual(new Set(['op-a']));
});

test('F-16: a throwing strategy leaves its conflict unresolved and affects nobody else', async () => {
  const { planConflict, strategyDecisions } = await import('../../src/engine/conflicts/conflict-strategies.ts');
  const conflict = {
    kind: 'todos',
    entityId: 'a',
    opId: 'op-a',
    opType: 'upsert' as const,
    localData: {},
    serverData: {},
    localTimestamp: t1,
    serverTimestamp: t2,
    serverDeleted: false,
  };
  const { config } = createFakeStore({ clock: createSimulatedClock() });
  const broken = Object.defineProperty({ ...conflict }, 'localData', {
    get: () => {
      throw new Error('broken');
    },
  });
  expect(Object.keys(strategyDecisions)).toHaveLength(6);
  expect(
    planConflict({ conflict, strategy: 'clientWins', state: 'detected', detectedAt: 0 }, undefined, config),
  ).toMatchObject({
    type: 'repush',
    force: true,
  });
  expect(
    planConflict({ conflict: broken, strategy: 'clientWins', state: 'detected', detectedAt: 0 }, undefined, config),
  ).toMatchObject({
    type: 'park',
    nextRun: true,
  });
});
