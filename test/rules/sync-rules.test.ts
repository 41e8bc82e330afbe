import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  AuthError,
  DatabaseError,
  MaxRetriesExceededError,
  NetworkError,
  SyncAbortedError,
  SyncOperationError,
  TransportError,
} from '../../src/model/errors.ts';
import type { SyncFailure } from '../../src/model/failure.ts';
import { anonymousWaiter, type SyncRequest } from '../../src/model/run.ts';
import {
  acceptRequest,
  asAutomatic,
  automaticWork,
  covers,
  createRun,
  endingOf,
  failedKinds,
  isKindAhead,
  mergeRequests,
  promisesOf,
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
  Object.fromEntries(Object.entries(asked).map(([key, value]: [string, unknown]) => [key, Array.isArray(value) ? value.toSorted() : value]));

describe('requests', () => {
  test('KND-03, KND-06, KND-07, F-101: what is asked, as far as it is registered', () => {
    expect(toRequest({ type: 'SYNC', pushKinds: [], pullKinds: ['tags', 'strange', 'tags'] }, all)).toMatchObject({ pushKinds: [], pullKinds: ['tags'] });
    expect(toRequest({ type: 'FULL_RESYNC', kinds: ['tags'] }, all)).toMatchObject({
      pushKinds: [],
      pullKinds: ['tags'],
      resyncKinds: ['tags'],
      explicit: true,
    });
    expect(toRequest({ type: 'SYNC', automatic: true }, all)).toMatchObject({ ...all, explicit: false, waiters: [] });
  });
  test('a command without a promise is waited for by nobody in particular', () => {
    expect(toRequest({ type: 'SYNC' }, all)).toMatchObject({ explicit: true, waiters: [anonymousWaiter] });
    expect(promisesOf(toRequest({ type: 'SYNC' }, all))).toEqual([]);
    expect(promisesOf(sync)).toEqual(['w1']);
  });
  test('I1: merging keeps everything, in any order, and twice is once', () => {
    fc.assert(
      fc.property(anyRequest, anyRequest, (a, b) => {
        const both = mergeRequests(a, b);
        expect(asSets(both)).toEqual(asSets(mergeRequests(b, a)));
        expect(asSets(mergeRequests(both, a))).toEqual(asSets(both));
        for (const part of [a, b]) for (const kind of part.pushKinds) expect(both.pushKinds).toContain(kind);
        expect(both.explicit).toBe(both.waiters.length > 0);
      }),
      { numRuns: 200 },
    );
  });
  test('I1: a request is either part of the run afterwards or part of the next one', () => {
    fc.assert(
      fc.property(anyRequest, anyRequest, fc.option(anyRequest, { nil: undefined }), (first, asked, next) => {
        const run = createRun(1, first, 3);
        for (const take of [acceptRequest, widenRun]) {
          const after = take(run, next, asked);
          const [ahead, later] = [after.run ?? run, after.next];
          for (const waiter of asked.waiters) expect(ahead.request.waiters.includes(waiter) || later?.waiters.includes(waiter)).toBe(true);
          for (const kind of asked.pushKinds) expect(ahead.toPush.includes(kind) || later?.pushKinds.includes(kind)).toBe(true);
          for (const kind of asked.resyncKinds) expect(ahead.toSweep.includes(kind) || later?.resyncKinds.includes(kind)).toBe(true);
          for (const op of asked.decisions) expect(ahead.request.decisions.includes(op) || later?.decisions.includes(op)).toBe(true);
          if (asked.automatic) expect(ahead.request.automatic || later?.automatic).toBe(true);
        }
      }),
      { numRuns: 200 },
    );
  });
  test('a promise that left leaves the work to the others', () => {
    expect(withoutWaiter(sync, 'w1')).toBeUndefined();
    expect(withoutWaiter(sync, 'elsewhere')).toBe(sync);
    expect(withoutWaiter({ ...sync, automatic: true }, 'w1')).toMatchObject({ explicit: false, waiters: [] });
    expect(withoutWaiter(mergeRequests(sync, toRequest({ type: 'SYNC' }, all)), 'w1')).toMatchObject({ explicit: true });
  });
  test('what is remembered over a restart is automatic work only', () => {
    expect(automaticWork(createRun(1, sync, 3), undefined)).toBeUndefined();
    expect(automaticWork(createRun(1, { ...sync, automatic: true }, 3), sync)).toEqual(asAutomatic(sync));
    expect(automaticWork(createRun(1, sync, 3), asAutomatic(sync))).toEqual(asAutomatic(sync));
  });
});

describe('runs', () => {
  test('F-44: a run covers what it still has to do, and no decision', () => {
    const run = createRun(1, sync, 3);
    expect(covers(run, sync)).toBe(true);
    expect(covers({ ...run, toPush: [] }, sync)).toBe(false);
    expect(covers(run, toRequest({ type: 'FULL_RESYNC' }, all))).toBe(false);
    expect(covers(run, toRequest({ type: 'RESOLVE_CONFLICT', opId: 'x', resolution: { type: 'defer' } }, all))).toBe(false);
  });
  test('I8, I13: leaving a kind out makes the run smaller, so it cannot go on for ever', () => {
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

describe('waits', () => {
  test('a timer is never longer than the platform can wait: it would fire at once', () => {
    expect([timerMs(-5), timerMs(5), timerMs(1e12), timerMs(Infinity)]).toEqual([0, 5, 2 ** 31 - 1, 2 ** 31 - 1]);
  });
});

describe('errors', () => {
  const end = { phase: 'pull', attempts: 1, maxRetries: 3 } as const;
  test('RUN-08: each failure has its error, and the error of the edge is passed on as it is', () => {
    const cause = new TransportError('HTTP error 403', 403);
    expect(toSyncError({ type: 'kindFailed', kind: 'todos', phase: 'pull', message: 'm', cause }, end)).toBe(cause);
    const plain = new Error('bug');
    const wrapped = toSyncError({ type: 'fatal', message: 'bug', cause: plain }, end);
    expect(wrapped).toBeInstanceOf(SyncOperationError);
    expect(wrapped).toMatchObject({ phase: 'pull', cause: plain });
    expect(toSyncError(unavailable, end)).toBeInstanceOf(NetworkError);
    expect(toSyncError({ type: 'throttled', message: 'm', retryAfterMs: 7 }, end)).toMatchObject({ statusCode: 429, retryAfterMs: 7 });
    expect(toSyncError({ type: 'authRequired', message: 'm' }, end)).toBeInstanceOf(AuthError);
    expect(toSyncError({ type: 'storeFailed', message: 'm' }, end)).toBeInstanceOf(DatabaseError);
    expect(toSyncError({ type: 'stopped', message: 'm' }, end)).toBeInstanceOf(SyncAbortedError);
  });
  test('I8: retries that were used up are told; a run that was allowed none rejects with the failure itself', () => {
    const tired = toSyncError(unavailable, { phase: 'push', attempts: 4, maxRetries: 3 });
    expect(tired).toBeInstanceOf(MaxRetriesExceededError);
    expect(tired.cause).toBeInstanceOf(NetworkError);
    expect(toSyncError(unavailable, { phase: 'push', attempts: 1, maxRetries: 0 })).toBeInstanceOf(NetworkError);
    expect(toSyncError({ type: 'fatal', message: 'bug' }, { phase: 'push', attempts: 4, maxRetries: 3 })).not.toBeInstanceOf(MaxRetriesExceededError);
    expect(toSyncError(unavailable, endingOf({ ...createRun(1, sync, 3), attempts: 3 }, {}))).toBeInstanceOf(MaxRetriesExceededError);
  });
});
