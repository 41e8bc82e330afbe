import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  AuthError,
  DatabaseError,
  MaxRetriesExceededError,
  NetworkError,
  ScopeChangedError,
  SyncAbortedError,
  SyncOperationError,
  TransportError,
} from '../../src/model/errors/errors.ts';
import type { SyncFailure } from '../../src/model/errors/failure.ts';
import { anonymousWaiter, type SyncRequest } from '../../src/model/run.ts';
import {
  acceptRequest,
  adoptPlan,
  asAutomatic,
  automaticWork,
  closeKind,
  countOutcome,
  countPage,
  countPart,
  countSettled,
  covers,
  createRun,
  endingOf,
  failedKinds,
  isKindAhead,
  isTransient,
  leaveConflict,
  mergeRequests,
  promisesOf,
  reopen,
  timerMs,
  toRequest,
  toSyncError,
  widenRun,
  withoutKind,
  withoutWaiter,
} from '../../src/rules/sync-rules.ts';

const all = { pushKinds: ['todos', 'lists'], pullKinds: ['todos', 'lists', 'tags'] };
const sync = toRequest({ type: 'SYNC', waiter: 'w1' }, all);
const unavailable: SyncFailure = { type: 'unavailable', message: 'no connection', at: 50_000 };

const someKinds = fc.subarray(['todos', 'lists', 'tags']);
const anyRequest: fc.Arbitrary<SyncRequest> = fc
  .record({
    pushKinds: someKinds,
    pullKinds: someKinds,
    resyncKinds: someKinds,
    decisions: fc.subarray(['a', 'b']),
    automatic: fc.boolean(),
    waiters: fc.subarray(['w1', 'w2', anonymousWaiter]),
  })
  .map((parts) => ({ ...parts, explicit: parts.waiters.length > 0 }));
const asSets = (asked: SyncRequest) =>
  Object.fromEntries(
    Object.entries(asked).map(([key, value]: [string, unknown]) => [
      key,
      Array.isArray(value) ? value.toSorted() : value,
    ]),
  );

describe('requests', () => {
  test('KND-03, KND-06, KND-07, F-101: keeps the requested kinds that are registered', () => {
    expect(toRequest({ type: 'SYNC', pushKinds: [], pullKinds: ['tags', 'strange', 'tags'] }, all)).toMatchObject({
      pushKinds: [],
      pullKinds: ['tags'],
    });
    expect(toRequest({ type: 'FULL_RESYNC', kinds: ['tags'] }, all)).toMatchObject({
      pushKinds: [],
      pullKinds: ['tags'],
      resyncKinds: ['tags'],
      explicit: true,
    });
    expect(toRequest({ type: 'SYNC', automatic: true }, all)).toMatchObject({ ...all, explicit: false, waiters: [] });
  });
  test('a command without a promise has no particular waiter', () => {
    expect(toRequest({ type: 'SYNC' }, all)).toMatchObject({ explicit: true, waiters: [anonymousWaiter] });
    expect(promisesOf(toRequest({ type: 'SYNC' }, all))).toEqual([]);
    expect(promisesOf(sync)).toEqual(['w1']);
  });
  test('I1: merging keeps everything, is commutative and idempotent', () => {
    fc.assert(
      fc.property(anyRequest, anyRequest, (a, b) => {
        const both = mergeRequests(a, b);
        expect(asSets(both)).toEqual(asSets(mergeRequests(b, a)));
        expect(asSets(mergeRequests(both, a))).toEqual(asSets(both));
        for (const part of [a, b]) for (const kind of part.pushKinds) expect(both.pushKinds).toContain(kind);
        expect(both.explicit).toBe(both.waiters.length > 0);
        expect(both.automatic).toBe(a.automatic || b.automatic);
      }),
      { numRuns: 200 },
    );
  });
  test('I1: a request becomes part of either the run or the next one', () => {
    fc.assert(
      fc.property(anyRequest, anyRequest, fc.option(anyRequest, { nil: undefined }), (first, asked, next) => {
        const run = createRun(1, first, 3);
        for (const take of [acceptRequest, widenRun]) {
          const after = take(run, next, asked);
          const [ahead, later] = [after.run ?? run, after.next];
          for (const waiter of asked.waiters)
            expect(ahead.request.waiters.includes(waiter) || later?.waiters.includes(waiter)).toBe(true);
          for (const kind of asked.pushKinds)
            expect(ahead.toPush.includes(kind) || later?.pushKinds.includes(kind)).toBe(true);
          for (const kind of asked.resyncKinds)
            expect(ahead.toSweep.includes(kind) || later?.resyncKinds.includes(kind)).toBe(true);
          for (const op of asked.decisions)
            expect(ahead.request.decisions.includes(op) || later?.decisions.includes(op)).toBe(true);
          if (asked.automatic) expect(ahead.request.automatic || later?.automatic).toBe(true);
        }
      }),
      { numRuns: 200 },
    );
  });
  test("the engine's own requests have no waiter and contain nothing more", () => {
    expect(toRequest({ type: 'remote.changed', kinds: ['tags', 'strange'] }, all)).toEqual({
      pushKinds: [],
      pullKinds: ['tags'],
      resyncKinds: [],
      decisions: [],
      automatic: true,
      explicit: false,
      waiters: [],
    });
    expect(toRequest({ type: 'RESOLVE_CONFLICT', opId: 'x', resolution: { type: 'defer' } }, all)).toEqual({
      pushKinds: [],
      pullKinds: [],
      resyncKinds: [],
      decisions: ['x'],
      automatic: true,
      explicit: false,
      waiters: [],
    });
    expect(promisesOf(undefined)).toEqual([]);
  });
  test('a promise that left leaves the work to the others', () => {
    expect(withoutWaiter(sync, 'w1')).toBeUndefined();
    expect(withoutWaiter(sync, 'elsewhere')).toBe(sync);
    expect(withoutWaiter({ ...sync, automatic: true }, 'w1')).toMatchObject({ explicit: false, waiters: [] });
    expect(withoutWaiter(mergeRequests(sync, toRequest({ type: 'SYNC' }, all)), 'w1')).toMatchObject({
      explicit: true,
    });
  });
  test('only automatic work is remembered across a restart', () => {
    expect(automaticWork(createRun(1, sync, 3), undefined)).toBeUndefined();
    expect(automaticWork(createRun(1, { ...sync, automatic: true }, 3), sync)).toEqual(asAutomatic(sync));
    expect(automaticWork(createRun(1, sync, 3), asAutomatic(sync))).toEqual(asAutomatic(sync));
    expect(automaticWork(undefined, undefined)).toBeUndefined();
    expect(automaticWork(undefined, asAutomatic(sync))).toEqual(asAutomatic(sync));
  });
});

describe('runs', () => {
  test('F-44: a run covers its remaining work, and no decision', () => {
    const run = createRun(1, sync, 3);
    expect(covers(run, sync)).toBe(true);
    expect(covers({ ...run, toPush: [] }, sync)).toBe(false);
    expect(covers(run, toRequest({ type: 'FULL_RESYNC' }, all))).toBe(false);
    expect(covers(run, toRequest({ type: 'RESOLVE_CONFLICT', opId: 'x', resolution: { type: 'defer' } }, all))).toBe(
      false,
    );
  });
  test('I8, I13: leaving a kind out makes the run smaller, so it must end', () => {
    const run = { ...createRun(1, sync, 3), planned: true };
    const failure: SyncFailure = { type: 'kindFailed', kind: 'todos', phase: 'pull', message: 'm' };
    expect(isKindAhead(run, failure)).toBe(true);
    const rest = withoutKind(run, failure);
    expect(rest.toPull).toEqual(['lists', 'tags']);
    expect(rest.toPush).toEqual(['todos', 'lists']);
    expect(isKindAhead(rest, failure)).toBe(false);
    expect(isKindAhead({ ...run, planned: false }, failure)).toBe(false);
    expect(failedKinds(withoutKind(rest, { ...failure, phase: 'push' }))).toMatchObject({
      pushKinds: ['todos'],
      pullKinds: ['todos'],
      automatic: true,
      waiters: [],
    });
  });
});

describe('the results of a run', () => {
  const ref = (opId: string, kind = 'todos') => ({ kind, entityId: `entity of ${opId}`, opId });
  const failure = (kind: string, phase: 'push' | 'pull'): SyncFailure => ({
    type: 'kindFailed',
    kind,
    phase,
    message: 'm',
  });
  const run = { ...createRun(1, sync, 3), planned: true };
  const plan = { pushKinds: ['todos'], pullKinds: ['lists'], resyncKinds: ['tags'], conflicts: [ref('a')], facts: [] };

  test('a run starts with everything requested, and nothing found or counted', () => {
    expect(createRun(7, sync, 3)).toMatchObject({
      id: 7,
      planned: false,
      replan: false,
      toPush: all.pushKinds,
      toPull: all.pullKinds,
      toSweep: [],
    });
    expect(createRun(7, sync, 3)).toMatchObject({
      conflicts: [],
      failures: [],
      told: [],
      attempts: 0,
      round: 0,
      maxRetries: 3,
    });
  });
  test('I7: a plan replaces the previous one; kinds to sweep are pulled first', () => {
    const before = {
      ...run,
      replan: true,
      batchId: 7,
      report: { answered: 0, reached: false },
      round: 2,
      conflicts: [ref('old')],
      resyncReason: 'manual' as const,
    };
    expect(adoptPlan(before, plan)).toMatchObject({
      planned: true,
      replan: false,
      batchId: undefined,
      report: undefined,
      round: 0,
      conflicts: [ref('a')],
      toPush: ['todos'],
      toPull: ['lists', 'tags'],
      toSweep: ['tags'],
      resyncReason: 'manual',
    });
    expect(adoptPlan(before, { ...plan, resyncReason: 'schema' }).resyncReason).toBe('schema');
  });
  test('I13: reports kinds that a plan omits once per phase, even when planned again', () => {
    const [pull, push, other] = [failure('todos', 'pull'), failure('todos', 'push'), failure('lists', 'pull')];
    const once = adoptPlan(
      { ...run, failures: [pull] },
      { ...plan, failures: [{ ...pull, message: 'again' }, push, other] },
    );
    expect(once.failures).toEqual([pull, push, other]);
    expect(adoptPlan(once, { ...plan, failures: [push, other] }).failures).toEqual([pull, push, other]);
    expect(adoptPlan(once, plan).failures).toEqual([pull, push, other]);
    expect(adoptPlan({ ...run, failures: [unavailable] }, { ...plan, failures: [unavailable] }).failures).toEqual([
      unavailable,
      unavailable,
    ]);
    expect(adoptPlan({ ...run, failures: [unavailable] }, { ...plan, failures: [pull] }).failures).toEqual([
      unavailable,
      pull,
    ]);
    expect(adoptPlan({ ...run, failures: [pull] }, { ...plan, failures: [unavailable] }).failures).toEqual([
      pull,
      unavailable,
    ]);
  });
  test('RUN-05: counts batches, pages and conflicts, and keeps each conflict once', () => {
    const settled = { batchSize: 3, pushed: 2, errors: 1, conflicts: [ref('a'), ref('b')], facts: [] };
    const once = countPart({ ...run, conflicts: [ref('a')], batchId: 7 }, settled);
    expect(once).toMatchObject({
      batchId: 7,
      conflicts: [ref('a'), ref('b')],
      push: { pushed: 2, errors: 1, conflicts: 2, batches: 1 },
    });
    const twice = countSettled(
      { ...once, report: { answered: 1, reached: true } },
      { ...settled, batchSize: 0, conflicts: [] },
    );
    expect(twice).toMatchObject({
      batchId: undefined,
      report: undefined,
      push: { pushed: 4, errors: 2, conflicts: 2, batches: 1 },
    });
    const paged = countPage(countPage(run, { kind: 'todos', pageSize: 9, pulled: 5, ignored: 0, facts: [] }), {
      kind: 'todos',
      pageSize: 9,
      pulled: 2,
      ignored: 0,
      facts: [],
    });
    expect(paged).toMatchObject({ pulledOfKind: 7, pull: { pulled: 7, pages: 2, errors: 0 } });
    expect(closeKind(paged)).toMatchObject({ pulledOfKind: 0, toPull: ['lists', 'tags'], pull: { pulled: 7 } });
  });
  test('I8: a repeated conflict keeps its place and counts its rounds; any other outcome ends it', () => {
    const two = { ...run, conflicts: [ref('a'), ref('b', 'lists')], push: { ...run.push, errors: 2 } };
    const again = countOutcome(two, { type: 'again', pushed: 0, errors: 0, facts: [] });
    expect(again).toMatchObject({ round: 1, conflicts: [ref('a'), ref('b', 'lists')], push: { conflictsResolved: 0 } });
    const resolved = countOutcome(again, { type: 'resolved', pushed: 1, errors: 1, facts: [] });
    expect(resolved).toMatchObject({
      round: 0,
      conflicts: [ref('b', 'lists')],
      push: { pushed: 1, errors: 3, conflictsResolved: 1 },
    });
    expect(countOutcome(again, { type: 'left', pushed: 0, errors: 0, facts: [] })).toMatchObject({
      round: 0,
      push: { conflictsResolved: 0 },
    });
    expect(leaveConflict(again)).toMatchObject({ round: 0, conflicts: [ref('b', 'lists')] });
    expect(reopen({ ...again, toPush: ['tags'], conflicts: [] }, [ref('a'), ref('c')])).toMatchObject({
      round: 0,
      conflicts: [ref('a'), ref('c')],
      toPush: ['tags', 'todos'],
    });
  });
  test('I13: a kind stays in a push while only its conflicts are left, and in a pull while only its sweep is', () => {
    const rest = {
      ...run,
      toPush: ['lists'],
      toPull: ['lists'],
      toSweep: ['tags'],
      conflicts: [ref('a'), ref('b', 'lists')],
    };
    expect(['todos', 'lists', 'tags'].map((kind) => isKindAhead(rest, failure(kind, 'push')))).toEqual([
      true,
      true,
      false,
    ]);
    expect(['todos', 'lists', 'tags'].map((kind) => isKindAhead(rest, failure(kind, 'pull')))).toEqual([
      false,
      true,
      true,
    ]);
    expect(isKindAhead({ ...rest, conflicts: [] }, failure('todos', 'push'))).toBe(false);
    expect(isKindAhead(rest, unavailable)).toBe(false);
  });
  test('I13: dropping a kind also drops its conflicts, counts the failure, and keeps the rest', () => {
    const before = {
      ...run,
      conflicts: [ref('a'), ref('b', 'lists')],
      round: 2,
      toSweep: ['todos', 'tags'],
      pulledOfKind: 4,
    };
    expect(withoutKind(before, failure('todos', 'push'))).toMatchObject({
      toPush: ['lists'],
      toPull: all.pullKinds,
      conflicts: [ref('b', 'lists')],
      round: 0,
      failures: [failure('todos', 'push')],
      push: { ...run.push, errors: 1 },
    });
    expect(withoutKind(before, failure('todos', 'pull'))).toMatchObject({
      toPush: all.pushKinds,
      toPull: ['lists', 'tags'],
      toSweep: ['tags'],
      pulledOfKind: 0,
      conflicts: before.conflicts,
      pull: { ...run.pull, errors: 1 },
      push: run.push,
    });
    expect(withoutKind(before, unavailable)).toBe(before);
  });
  test('retries each failed kind once, with the requested resyncs', () => {
    const asked = toRequest({ type: 'FULL_RESYNC', waiter: 'w1' }, all);
    const failures = [failure('tags', 'pull'), failure('tags', 'pull'), failure('todos', 'push'), unavailable];
    expect(failedKinds({ ...createRun(1, asked, 3), failures })).toEqual({
      pushKinds: ['todos'],
      pullKinds: ['tags'],
      resyncKinds: ['tags'],
      decisions: [],
      automatic: true,
      explicit: false,
      waiters: [],
    });
    expect(failedKinds({ ...run, failures }).resyncKinds).toEqual([]);
  });
  test("F-105: a run's end names the failed kind's phase, otherwise its own", () => {
    expect(endingOf({ ...run, phase: 'sync' }, { failure: failure('tags', 'pull') }).phase).toBe('pull');
    expect(endingOf({ ...run, phase: 'push' }, { failure: unavailable }).phase).toBe('push');
    expect(endingOf({ ...run, phase: 'fullResync' }, { tookMs: 5 })).toMatchObject({
      phase: 'fullResync',
      tookMs: 5,
      attempts: 1,
      waiters: ['w1'],
    });
  });
});

describe('waits', () => {
  test('a timer never exceeds the platform limit: it would fire at once', () => {
    expect([timerMs(-5), timerMs(5), timerMs(1e12), timerMs(Infinity)]).toEqual([0, 5, 2 ** 31 - 1, 2 ** 31 - 1]);
  });
});

describe('errors', () => {
  const end = { phase: 'pull', attempts: 1, maxRetries: 3 } as const;
  test('RUN-08: each failure has its error, and passes on the original error unchanged', () => {
    const cause = new TransportError('HTTP error 403', 403);
    expect(toSyncError({ type: 'kindFailed', kind: 'todos', phase: 'pull', message: 'm', cause }, end)).toBe(cause);
    const plain = new Error('bug');
    const wrapped = toSyncError({ type: 'fatal', message: 'bug', cause: plain }, end);
    expect(wrapped).toBeInstanceOf(SyncOperationError);
    expect(wrapped).toMatchObject({ phase: 'pull', cause: plain });
    expect(toSyncError(unavailable, end)).toBeInstanceOf(NetworkError);
    expect(toSyncError({ type: 'throttled', message: 'm', retryAfterMs: 7 }, end)).toMatchObject({
      statusCode: 429,
      retryAfterMs: 7,
    });
    expect(toSyncError({ type: 'authRequired', message: 'm' }, end)).toBeInstanceOf(AuthError);
    expect(toSyncError({ type: 'storeFailed', message: 'm' }, end)).toBeInstanceOf(DatabaseError);
    expect(toSyncError({ type: 'stopped', message: 'm' }, end)).toBeInstanceOf(SyncAbortedError);
    const ofAnother = toSyncError({ type: 'scopeChanged', message: 'm' }, end);
    expect(ofAnother).toBeInstanceOf(ScopeChangedError);
    expect(ofAnother).toMatchObject({ phase: 'pull' });
    expect(toSyncError({ type: 'leaseLost', message: 'm' }, end)).not.toBeInstanceOf(ScopeChangedError);
    const ofKind = toSyncError({ type: 'kindFailed', kind: 'todos', phase: 'push', message: 'm' }, end);
    expect(ofKind).toBeInstanceOf(SyncOperationError);
    expect(ofKind).toMatchObject({ phase: 'push' });
    expect(toSyncError(unavailable, end)).not.toHaveProperty('cause');
    expect(toSyncError({ ...unavailable, cause: plain }, end).cause).toBe(plain);
  });
  test("F-85: passes on the server's rate limit and the time until which to wait", () => {
    const throttled: SyncFailure = { type: 'throttled', message: 'slow down', retryAfterMs: 7, at: 50_000 };
    expect(toSyncError(throttled, end)).toMatchObject({
      message: 'slow down',
      statusCode: 429,
      retryAfterMs: 7,
      retryAt: 50_007,
      cause: undefined,
    });
    expect(toSyncError({ ...throttled, retryAfterMs: 0 }, end)).toMatchObject({ retryAt: undefined });
    expect(toSyncError({ type: 'throttled', message: 'm', retryAfterMs: 7 }, end)).toMatchObject({
      retryAt: undefined,
    });
    const cause = new Error('socket');
    const told = new TransportError('told', 503, 'body', { cause, serverCode: 'BUSY' });
    expect(toSyncError({ ...throttled, cause: told }, end)).toMatchObject({
      message: 'told',
      statusCode: 503,
      responseBody: 'body',
      code: 'SERVER_FAILED',
      serverCode: 'BUSY',
      cause,
      retryAfterMs: 7,
      retryAt: 50_007,
    });
    expect(toSyncError({ ...throttled, cause }, end)).toMatchObject({ message: 'slow down', statusCode: 429, cause });
    const other = new NetworkError('gone');
    expect(toSyncError({ ...throttled, cause: other }, end)).toBe(other);
  });
  test('I8: reports exhausted retries; a run without retries rejects with the failure itself', () => {
    const tired = toSyncError(unavailable, { phase: 'push', attempts: 4, maxRetries: 3 });
    expect(tired).toBeInstanceOf(MaxRetriesExceededError);
    expect(tired.cause).toBeInstanceOf(NetworkError);
    expect(toSyncError(unavailable, { phase: 'push', attempts: 1, maxRetries: 0 })).toBeInstanceOf(NetworkError);
    expect(toSyncError(unavailable, { phase: 'push', attempts: 3, maxRetries: 3 })).toBeInstanceOf(NetworkError);
    expect(
      [
        unavailable,
        undefined,
        { type: 'fatal', message: 'm' } as const,
        { type: 'storeBusy', message: 'm' } as const,
      ].map(isTransient),
    ).toEqual([true, false, false, true]);
    expect(
      toSyncError({ type: 'fatal', message: 'bug' }, { phase: 'push', attempts: 4, maxRetries: 3 }),
    ).not.toBeInstanceOf(MaxRetriesExceededError);
    expect(toSyncError(unavailable, endingOf({ ...createRun(1, sync, 3), attempts: 3 }, {}))).toBeInstanceOf(
      MaxRetriesExceededError,
    );
  });
});
