import { describe, expect, test } from 'vitest';
import { createLeaseKeeper } from '../../src/engine/actors/lease-keeper.ts';
import { createPageFetcher } from '../../src/engine/actors/page-fetcher.ts';
import { byDependence } from '../../src/engine/actors/plan-run.ts';
import { preflight } from '../../src/engine/actors/preflight.ts';
import { createEngineCore } from '../../src/engine/core/engine-core.ts';
import { toStepFailure } from '../../src/engine/ports/step-failure.ts';
import {
  AuthError,
  DatabaseError,
  NetworkError,
  ParseError,
  SyncAbortedError,
  TransportError,
} from '../../src/model/errors/errors.ts';
import { SyncStepError } from '../../src/model/errors/failure.ts';
import type { JsonObject } from '../../src/model/values/json.ts';
import { lastLook } from '../../src/model/last-look.ts';
import { deleteOp, upsertOp, type Op } from '../../src/model/operation.ts';
import type { TakenRequest } from '../../src/model/ports.ts';
import {
  fetchError,
  fetchNotFound,
  fetchSuccess,
  pushUnavailable,
  type FetchResult,
  type PullPage,
  type PullRequest,
} from '../../src/model/transport.ts';
import { MemoryTransport } from '../../src/testing/memory-transport.ts';
import { createSimulatedClock } from '../../src/testing/simulated-clock.ts';
import { createFakeStore, fakeKind } from '../support/fake-store.ts';

const [t1, t2] = ['2026-01-01T10:00:00.000Z', '2026-01-01T11:00:00.000Z'];
const signal = new AbortController().signal;
const kinds = new Map([['todos', fakeKind('todos')]]);

describe('preflight (F-134)', () => {
  const theirs = { id: 'a', title: 'theirs', updatedAt: t2, deletedAt: null };
  const mine = { id: 'a', title: 'mine' };
  const edit = upsertOp({ kind: 'todos', id: 'a', opId: 'op', payload: mine, baseUpdatedAt: t1 });
  const request = (op: Op, parts: Partial<TakenRequest> = {}): TakenRequest => ({
    kind: 'todos',
    entityId: 'a',
    op,
    opIds: ['op'],
    firstSentAt: 1,
    verify: 'staleRequest',
    ...parts,
  });
  const look = (taken: TakenRequest, fetched: FetchResult) =>
    preflight(
      taken,
      { kinds, transport: Object.assign(new MemoryTransport(), { fetch: async () => fetched }) },
      signal,
    );

  const cases: readonly (readonly [string, TakenRequest, FetchResult, object])[] = [
    [
      'nothing to verify is sent unseen',
      request(edit, { verify: 'no' }),
      fetchError(new Error('not asked')),
      { type: 'send', op: edit },
    ],
    [
      'our own echo is applied',
      request(edit),
      fetchSuccess({ ...theirs, title: 'mine' }),
      { type: 'answered', outcome: { type: 'applied' } },
    ],
    [
      'a row that still has our base has not seen it: sent again',
      request(edit),
      fetchSuccess({ ...theirs, updatedAt: t1 }),
      { type: 'send', op: edit },
    ],
    [
      'another version is a conflict with the fetched row',
      request(edit),
      fetchSuccess(theirs),
      { outcome: { type: 'conflict', current: theirs, serverTimestamp: t2 } },
    ],
    [
      'a forced one that cannot be proven is parked',
      request({ ...edit, force: true }),
      fetchSuccess(theirs),
      { outcome: { type: 'ambiguous' } },
    ],
    [
      'a forced one without row is parked, too',
      request({ ...edit, force: true }),
      fetchNotFound(),
      { outcome: { type: 'ambiguous' } },
    ],
    [
      'a create whose row is absent is sent again',
      request({ ...edit, creates: true }),
      fetchNotFound(),
      { type: 'send' },
    ],
    [
      'an edit whose row is gone is the conflict "deleted"',
      request(edit),
      fetchNotFound(),
      { outcome: { type: 'conflict', deleted: true } },
    ],
    [
      'a delete whose row is gone is applied',
      request(deleteOp({ kind: 'todos', id: 'a' })),
      fetchNotFound(),
      { outcome: { type: 'applied' } },
    ],
    [
      'a fetch that fails leaves the request open',
      request(edit),
      fetchError(new NetworkError('cut')),
      { outcome: { type: 'retryLater' }, result: { type: 'pushUnavailable' } },
    ],
    [
      'another row is no row',
      request(edit),
      fetchSuccess({ ...theirs, id: 'z' }),
      { outcome: { type: 'retryLater' }, result: { type: 'pushMalformed' } },
    ],
    [
      'unknown version, row as we left it: its version becomes the base',
      request(edit, { verify: 'unknownVersion', firstSentAt: undefined, lastSent: { id: 'a', title: 'theirs' } }),
      fetchSuccess(theirs, 'v2'),
      { type: 'send', op: { baseUpdatedAt: t2, baseVersion: 'v2' } },
    ],
    [
      'unknown version, row changed since: a conflict',
      request(edit, { verify: 'unknownVersion', firstSentAt: undefined, lastSent: { id: 'a', title: 'before' } }),
      fetchSuccess(theirs),
      { outcome: { type: 'conflict', current: theirs } },
    ],
  ];
  test.each(cases)('%s', async (_, taken, fetched, expected) => {
    expect(await look(taken, fetched)).toMatchObject(expected);
  });
});

describe('failing steps', () => {
  const busy = Object.assign(new Error('database is locked'), { code: 'SQLITE_BUSY' });
  const cases: readonly (readonly [unknown, string])[] = [
    [new SyncStepError({ type: 'leaseLost', message: '' }), 'leaseLost'],
    [new AuthError('401'), 'authRequired'],
    [new NetworkError('cut'), 'unavailable'],
    [TransportError.httpError(401), 'authRequired'],
    [TransportError.httpError(429), 'throttled'],
    [TransportError.httpError(503, '', 5), 'throttled'],
    [TransportError.httpError(503), 'unavailable'],
    [TransportError.httpError(408), 'unavailable'],
    [TransportError.httpError(501), 'kindFailed'],
    [TransportError.httpError(403), 'kindFailed'],
    [new ParseError('no list'), 'kindFailed'],
    [new TypeError('bug'), 'kindFailed'],
    ['text', 'kindFailed'],
    [new DatabaseError('', { cause: busy }), 'storeBusy'],
    [new DatabaseError('no such table'), 'storeFailed'],
  ];
  test.each(cases)('I13: %s becomes exactly one failure', (thrown, type) => {
    expect(toStepFailure(thrown, { phase: 'pull', kind: 'todos', at: 7 })).toMatchObject({ type, at: 7 });
  });
  test('F-105: a bug that names no kind is fatal and names its phase', () => {
    expect(toStepFailure(new TypeError('bug'), { phase: 'push', at: 7 })).toMatchObject({
      type: 'fatal',
      cause: { phase: 'push', message: 'Push failed: bug' },
    });
  });
});

describe('fetching pages', () => {
  const rowsOf = (page: number): JsonObject[] =>
    [0, 1].map((n) => ({
      id: `p${page}-${n}`,
      updatedAt: `2026-01-01T00:00:${String(page).padStart(2, '0')}.${n}00Z`,
    }));
  const open = (pull: (request: PullRequest, call: number) => Promise<PullPage>, maxBufferedBytes = 1_000) => {
    const abort = new AbortController();
    const requests: PullRequest[] = [];
    const transport = Object.assign(new MemoryTransport(), {
      pull: async (request: PullRequest) => pull(request, requests.push(request)),
    });
    const fetcher = createPageFetcher({
      clock: createSimulatedClock(),
      kind: fakeKind('todos'),
      position: { cursor: undefined, maxPage: 0, resync: false },
      transport,
      maxBufferedBytes,
      signal: abort.signal,
      paging: { kind: 'todos', pageSize: 2, overlapMs: 0, maxEmptyPages: 5, resync: false },
    });
    return { fetcher, requests, abort };
  };
  const settled = (): Promise<void> =>
    new Promise((resolve) => {
      setImmediate(resolve);
    });

  test('I10: requests no page while the buffer is full, and continues once a page is taken', async () => {
    const { fetcher, requests } = open(async (_, call) => ({ items: call > 6 ? [] : rowsOf(call), bytes: 500 }));
    await settled();
    expect(requests).toHaveLength(2);
    expect(await fetcher.next()).toHaveLength(2);
    await settled();
    expect(requests).toHaveLength(4);
    let pages = 2;
    for (let more = await fetcher.next(); more !== undefined; more = await fetcher.next()) pages += more.length;
    expect(pages).toBe(7);
  });

  test('drops a token that the server has forgotten once, and continues paging from the cursor', async () => {
    const { fetcher, requests } = open(async ({ pageToken }, call) => {
      if (pageToken !== undefined) throw TransportError.httpError(400);
      return call === 1 ? { items: rowsOf(1), nextPageToken: 'old' } : { items: [], hasMore: false };
    });
    let pages = 0;
    for (let more = await fetcher.next(); more !== undefined; more = await fetcher.next()) pages += more.length;
    expect(pages).toBe(2);
    expect(requests.map(({ pageToken, updatedSince }) => [pageToken, updatedSince])).toEqual([
      [undefined, '1970-01-01T00:00:00.000Z'],
      ['old', '1970-01-01T00:00:00.000Z'],
      [undefined, '2026-01-01T00:00:01.100Z'],
    ]);
  });

  test('I9: an abort ends the wait for a server that never answers', async () => {
    const { fetcher, abort } = open(() => new Promise(() => undefined));
    const waiting = fetcher.next();
    abort.abort();
    expect(await waiting).toBeUndefined();
  });
});

describe('the lease (I11)', () => {
  const open = (activity: { stepsBegun: number; stepsUnderWay: number }) => {
    const clock = createSimulatedClock();
    const { store, database } = createFakeStore({ clock });
    const keeper = createLeaseKeeper(store.lease, clock, { ttlMs: 1_500, silenceMs: 3_000, activity });
    return { clock, keeper, database, isHeld: () => clock.now() < database.lease.expiresAt };
  };

  test('renews during a step, and ends with release', async () => {
    const { clock, keeper, isHeld } = open({ stepsBegun: 1, stepsUnderWay: 1 });
    expect(await keeper.acquire()).toMatchObject({ held: true });
    await clock.advance(60_000);
    expect(isHeld()).toBe(true);
    keeper.release();
    await keeper.released();
    expect(isHeld()).toBe(false);
    expect(clock.pending).toBe(0);
  });

  test('I11: nobody holds it after an immediate release; after another request, the last requester keeps it', async () => {
    const { clock, keeper, isHeld } = open({ stepsBegun: 1, stepsUnderWay: 1 });
    const unwanted = keeper.acquire();
    keeper.release();
    await Promise.all([unwanted, keeper.released()]);
    expect([isHeld(), clock.pending]).toEqual([false, 0]);

    const first = keeper.acquire();
    keeper.release();
    const second = keeper.acquire();
    await first;
    expect(await second).toMatchObject({ held: true });
    expect([isHeld(), clock.pending]).toEqual([true, 1]);
    keeper.release();
    await keeper.released();
    expect([isHeld(), clock.pending]).toEqual([false, 0]);
  });

  test('an engine that was dropped without STOP releases it', async () => {
    const { clock, keeper, isHeld } = open({ stepsBegun: 1, stepsUnderWay: 0 });
    await keeper.acquire();
    await clock.advance(10_000);
    expect(isHeld()).toBe(false);
    expect(clock.pending).toBe(0);
  });

  test('I11: extends an expired deadline before sending, unless somebody else took the lease', async () => {
    const clock = createSimulatedClock();
    const fake = createFakeStore({ clock });
    const transport = new MemoryTransport();
    // The machine was too busy to renew in time; the lease is still ours.
    const store = {
      ...fake.store,
      lease: { ...fake.store.lease, expiresAt: () => Math.min(fake.store.lease.expiresAt(), clock.now()) },
    };
    const engine = createEngineCore({
      ports: { store, transport, kinds: fake.kinds, config: fake.config, clock, random: () => 0.5 },
      queue: fake.queue,
    });
    fake.enqueue(upsertOp({ kind: 'todos', id: 'a', payload: { id: 'a' } }));
    const result = engine.syncRun();
    await clock.flush();
    expect(await result).toMatchObject({ stats: { pushed: 1 } });
    expect(engine.status().lastError).toBeUndefined();
    await engine.dispose();
  });

  test('I11: a process that slept during a batch sends none of the rest', async () => {
    const clock = createSimulatedClock();
    const fake = createFakeStore({ clock });
    const transport = new MemoryTransport();
    // It sleeps while the first request is under way; another process has the lease when the answer is read.
    transport.backend.onChange(() => {
      fake.database.lease = { owner: 'two', token: 99, expiresAt: clock.now() + 1_000 };
    });
    const ports = { store: fake.store, transport, kinds: fake.kinds, config: fake.config, clock, random: () => 0.5 };
    const engine = createEngineCore({ ports, queue: fake.queue });
    for (const id of ['a', 'b', 'c']) fake.enqueue(upsertOp({ kind: 'todos', id, payload: { id } }));
    const syncing = engine.sync();
    await clock.flush();
    expect(transport.backend.effects.map(({ id }) => id)).toEqual(['a']);
    expect(engine.status().phase).toBe('standby');
    await engine.dispose();
    await expect(syncing).rejects.toBeInstanceOf(SyncAbortedError);
  });

  test('I11: a process that slept after handing over its batch sends nothing: it checks the deadline right before each request', async () => {
    const clock = createSimulatedClock();
    const fake = createFakeStore({ clock });
    const transport = new MemoryTransport();
    const push = transport.push.bind(transport);
    transport.push = async (ops, context) => {
      fake.database.lease = { owner: 'two', token: 99, expiresAt: clock.now() + 1_000 };
      lastLook(context.signal);
      if (context.signal?.aborted !== true) return push(ops, context);
      return {
        results: ops.map(({ opId }) => ({ opId, result: pushUnavailable({ dispatched: false, message: 'aborted' }) })),
      };
    };
    const ports = { store: fake.store, transport, kinds: fake.kinds, config: fake.config, clock, random: () => 0.5 };
    const engine = createEngineCore({ ports, queue: fake.queue });
    fake.enqueue(upsertOp({ kind: 'todos', id: 'a', payload: { id: 'a' } }));
    const syncing = engine.sync();
    await clock.flush();
    expect(transport.backend.effects).toEqual([]);
    expect(engine.status().phase).toBe('standby');
    await engine.dispose();
    await expect(syncing).rejects.toBeInstanceOf(SyncAbortedError);
  });

  test('does not send after the deadline', async () => {
    const clock = createSimulatedClock();
    const fake = createFakeStore({ clock });
    const transport = new MemoryTransport();
    // The machine was asleep between the take and the send; another process has the lease now.
    const store = {
      ...fake.store,
      take: async (options: Parameters<typeof fake.store.take>[0]) => {
        const taken = await fake.store.take(options);
        if (taken.requests.length > 0 && fake.database.lease.owner === 'one')
          fake.database.lease = { owner: 'two', token: 99, expiresAt: clock.now() + 1_000 };
        return taken;
      },
    };
    const engine = createEngineCore({
      ports: { store, transport, kinds: fake.kinds, config: fake.config, clock, random: () => 0.5 },
      queue: fake.queue,
    });
    fake.enqueue(upsertOp({ kind: 'todos', id: 'a', payload: { id: 'a' } }));
    const syncing = engine.sync();
    await clock.flush();
    expect(transport.calls).toEqual([]);
    expect(engine.status().phase).toBe('standby');
    store.take = fake.store.take;
    await clock.advance(1_500);
    expect(await syncing).toMatchObject({ pushed: 1 });
    await engine.dispose();
  });
});

test('I9: PAUSE during the commit of a take defers the batch until RESUME, and loses nothing in flight', async () => {
  const clock = createSimulatedClock();
  const fake = createFakeStore({ clock });
  let commit: () => void = () => undefined;
  const store = {
    ...fake.store,
    take: async (options: Parameters<typeof fake.store.take>[0]) => {
      const taken = await fake.store.take(options);
      await new Promise<void>((resolve) => {
        commit = resolve;
      });
      return taken;
    },
  };
  const engine = createEngineCore({
    ports: {
      store,
      transport: new MemoryTransport(),
      kinds: fake.kinds,
      config: fake.config,
      clock,
      random: () => 0.5,
    },
    queue: fake.queue,
  });
  fake.enqueue(upsertOp({ kind: 'todos', id: 'a', payload: { id: 'a' } }));
  const syncing = engine.sync();
  await clock.flush();
  expect(await engine.explain()).toMatchObject([{ reason: 'inFlight' }]);
  await engine.pause();
  store.take = fake.store.take;
  commit();
  await engine.resume();
  expect(await syncing).toMatchObject({ pushed: 1 });
  expect(fake.outbox()).toEqual([]);
});

test('I9: PAUSE during a forced re-push decides again after RESUME and sends the decision', async () => {
  const clock = createSimulatedClock();
  const fake = createFakeStore({ clock, strategy: 'clientWins' });
  const memory = new MemoryTransport();
  memory.backend.seed('todos', { id: 'a', title: 'theirs', updatedAt: t2 });
  let calls = 0;
  const transport = Object.assign(memory, {
    forcePush: (op: Op, context: { signal?: AbortSignal | undefined }) => {
      calls += 1;
      return calls === 1
        ? new Promise<never>(() => undefined)
        : MemoryTransport.prototype.forcePush.call(memory, op, context);
    },
  });
  const engine = createEngineCore({
    ports: { store: fake.store, transport, kinds: fake.kinds, config: fake.config, clock, random: () => 0.5 },
    queue: fake.queue,
  });
  fake.enqueue(
    upsertOp({ kind: 'todos', id: 'a', opId: 'op', payload: { id: 'a', title: 'mine' }, baseUpdatedAt: t1 }),
  );
  const syncing = engine.sync();
  await clock.flush();
  expect(calls).toBe(1);
  await engine.pause();
  await engine.resume();
  await clock.flush();
  expect(await syncing).toMatchObject({ pushed: 1 });
  expect(memory.backend.get('todos', 'a')).toMatchObject({ title: 'mine' });
  expect(fake.outbox()).toEqual([]);
});

test('PULL-15: pulls referenced kinds first, the rest in registration order; a cycle keeps that order', () => {
  const kind = (name: string, ...needs: string[]) =>
    [name, fakeKind(name, { dependsOn: needs.map((needed) => ({ key: undefined, kind: needed })) })] as const;
  const registered = new Map([
    kind('tasks', 'lists'),
    kind('lists', 'users'),
    kind('users'),
    kind('x', 'y'),
    kind('y', 'x'),
  ]);
  expect(byDependence([...registered.keys()], registered)).toEqual(['users', 'lists', 'tasks', 'y', 'x']);
  expect(byDependence(['tasks', 'lists'], registered)).toEqual(['lists', 'tasks']);
});
