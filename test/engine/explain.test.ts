import { expect, test } from 'vitest';
import { initialTransition } from 'xstate';
import { explainOperation } from '../../src/engine/status/explain.ts';
import { planRun } from '../../src/engine/actors/plan-run.ts';
import { syncMachine } from '../../src/machines/sync-machine.ts';
import type { QueuedOperation } from '../../src/model/queue.ts';
import { MemoryTransport } from '../../src/testing/memory-transport.ts';
import { createSimulatedClock } from '../../src/testing/simulated-clock.ts';
import { createFakeStore, fakeKind } from '../support/fake-store.ts';

const limits = {
  backoffMinMs: 1_000,
  backoffMaxMs: 120_000,
  backoffMultiplier: 2,
  maxRetries: 2,
  maxConflictRetries: 2,
  conflictRetryDelayMs: 500,
};

test('I12: an operation that waits for another record names it and is not a failure', () => {
  const [snapshot] = initialTransition(syncMachine, { pushKinds: ['notes'], pullKinds: ['notes'], limits, seed: 1 });
  const waiting: QueuedOperation = {
    opId: 'op1',
    kind: 'notes',
    entityId: 'n',
    type: 'upsert',
    state: 'waiting',
    waitingFor: 'todos/t',
    errorCode: 'waitingFor',
    tryCount: 0,
    enqueuedAt: 0,
  };
  expect(explainOperation(waiting, snapshot, true)).toMatchObject({
    reason: 'waitingFor',
    waitingFor: 'todos/t',
    detail: expect.stringContaining('todos/t') as string,
  });
});

test('F-160, I12: names rows that refer to each other by NOT NULL columns, and suggests a fix', () => {
  const [snapshot] = initialTransition(syncMachine, { pushKinds: ['notes'], pullKinds: ['notes'], limits, seed: 1 });
  const waiting: QueuedOperation = {
    opId: 'op1',
    kind: 'notes',
    entityId: 'n',
    type: 'upsert',
    state: 'waiting',
    lastError: 'status 422',
    tryCount: 1,
    enqueuedAt: 0,
    ring: ['notes/n', 'todos/t'],
  };
  expect(explainOperation(waiting, snapshot, true).detail).toMatch(
    /status 422.*notes\/n and todos\/t refer to each other through NOT NULL columns/,
  );
});

test('I12: the sentence omits a failure reason that is no longer known', () => {
  const [snapshot] = initialTransition(syncMachine, { pushKinds: ['notes'], pullKinds: ['notes'], limits, seed: 1 });
  const waiting: QueuedOperation = {
    opId: 'op1',
    kind: 'notes',
    entityId: 'n',
    type: 'upsert',
    state: 'waiting',
    tryCount: 0,
    enqueuedAt: 0,
  };
  const detailOf = (part: Partial<QueuedOperation>): string =>
    explainOperation({ ...waiting, ...part }, snapshot, true).detail;
  expect(detailOf({})).toBe('The last attempt failed; the next sync tries again.');
  expect(detailOf({ dueAt: 5 })).toBe('The last attempt failed; the engine tries again later.');
  expect(detailOf({ lastError: 'status 500' })).toBe(
    'The last attempt failed (status 500); the next sync tries again.',
  );
  expect(detailOf({ errorCode: 'forbidden' })).toBe('The server does not allow it; the next sync tries again.');
  expect(detailOf({ errorCode: 'forbidden', lastError: 'no seat' })).toBe(
    'The server does not allow it (no seat); the next sync tries again.',
  );
});

test('F-38: sweeps referring rows before referenced ones, and pulls them after', async () => {
  const clock = createSimulatedClock();
  const { store, config } = createFakeStore({ clock, kinds: ['notes', 'todos'], resyncDue: ['notes', 'todos'] });
  const kinds = new Map(
    [fakeKind('notes', { dependsOn: [{ key: 'todoId', kind: 'todos' }] }), fakeKind('todos')].map((kind) => [
      kind.kind,
      kind,
    ]),
  );
  await store.lease.acquire();
  const request = {
    pushKinds: [],
    pullKinds: ['notes', 'todos'],
    resyncKinds: [],
    decisions: [],
    explicit: true,
    automatic: false,
    waiters: [],
  };
  const plan = await planRun(
    { runId: 1, request, remaining: undefined },
    { store, transport: new MemoryTransport(), kinds, config, clock, random: () => 0.5 },
  );
  expect(plan).toMatchObject({ pullKinds: ['todos', 'notes'], resyncKinds: ['notes', 'todos'] });
});
