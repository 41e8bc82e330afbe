import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { SyncConfig } from '../../src/model/config.ts';
import { acceptMerged, acceptServer, type ConflictResolution } from '../../src/model/conflict.ts';
import { NetworkError, ParseError, TransportError, ValidationError } from '../../src/model/errors/errors.ts';
import type { SyncFact } from '../../src/model/events.ts';
import { SyncStepError } from '../../src/model/errors/failure.ts';
import type { JsonObject } from '../../src/model/values/json.ts';
import { deleteOp, upsertOp, type Op } from '../../src/model/operation.ts';
import type { Outcome } from '../../src/model/outcome.ts';
import type { PageToApply, PullPosition, StorePort, TakenRequest, TakeOptions } from '../../src/model/ports.ts';
import type { QueuePort } from '../../src/model/queue.ts';
import type { SimulatedClock } from '../../src/testing/simulated-clock.ts';

/** One engine's view of a database with the kind `todos`: text title, boolean done, integer priority, list of tags. */
export interface StoreSubject {
  readonly store: StorePort;
  readonly queue: QueuePort;
  readonly clock: SimulatedClock;
  /** Queues operations in one transaction each, without writing the rows that they change. */
  enqueue(...ops: readonly Op[]): Promise<void>;
  /** The rows that the user sees, by id. */
  rows(): Promise<readonly JsonObject[]>;
  /** Another engine on the same database, as after a restart or in another process. */
  another(owner: string): Promise<StoreSubject>;
  close(): Promise<void>;
}

export type OpenSubject = (config?: Partial<SyncConfig>) => Promise<StoreSubject>;

const kinds = ['todos'];
const time = (second: number): string => `2026-01-01T00:00:${String(second).padStart(2, '0')}.000000Z`;
const serverRow = (id: string, second: number, changes: JsonObject = {}): JsonObject => ({
  id,
  title: `server ${id}`,
  done: false,
  priority: null,
  tags: null,
  updatedAt: time(second),
  deletedAt: null,
  ...changes,
});
const create = (opId: string, id: string, payload: JsonObject = {}): Op =>
  upsertOp({
    opId,
    kind: 'todos',
    id,
    creates: true,
    localTimestamp: time(0),
    payload: { id, title: `local ${id}`, done: false, priority: null, tags: null, ...payload },
  });
const edit = (opId: string, id: string, changes: JsonObject, base = time(1)): Op =>
  upsertOp({
    opId,
    kind: 'todos',
    id,
    creates: false,
    baseUpdatedAt: base,
    localTimestamp: time(0),
    changedFields: Object.keys(changes),
    payload: { id, title: `server ${id}`, done: false, priority: null, tags: null, ...changes },
  });
const removal = (opId: string, id: string, base: string | undefined = time(1)): Op =>
  deleteOp({ opId, kind: 'todos', id, baseUpdatedAt: base, localTimestamp: time(0) });
const refusal = new TransportError('HTTP error 422', 422);
const rejected: Outcome = { type: 'rejected', error: refusal, code: 'validation' };
const retryLater: Outcome = { type: 'retryLater', error: new TransportError('HTTP error 500', 500) };
const applied = (row?: JsonObject): Outcome => ({ type: 'applied', ...(row === undefined ? {} : { row }) });
const conflictWith = (current: JsonObject): Outcome => ({
  type: 'conflict',
  current,
  deleted: false,
  serverTimestamp: String(current['updatedAt']),
});
const typesOf = (facts: readonly SyncFact[]): readonly string[] => facts.map(({ type }) => type);
const payloadOf = (request: TakenRequest | undefined): JsonObject | undefined =>
  request?.op.type === 'upsert' ? request.op.payload : undefined;

/** What the engine expects of a store on any database. */
export function storeContract(name: string, open: OpenSubject): void {
  describe(`store contract: ${name}`, () => {
    let subject: StoreSubject;
    let store: StorePort;
    let runId = 0;
    const opened: StoreSubject[] = [];
    const openWith = async (config?: Partial<SyncConfig>): Promise<void> => {
      subject = await open(config);
      opened.push(subject);
      store = subject.store;
    };
    const beginRun = (explicit = true) => store.beginRun({ explicit, kinds, runId: ++runId });
    const startRun = async (explicit = true) => {
      await store.lease.acquire();
      return beginRun(explicit);
    };
    const takeBatch = (options: Partial<TakeOptions> = {}) =>
      store.take({ kinds, limit: 100, runId, distrustResend: false, ...options });
    const take = async (options: Partial<TakeOptions> = {}): Promise<readonly TakenRequest[]> =>
      (await takeBatch(options)).requests;
    const takeOne = async (): Promise<TakenRequest> => {
      const [request, ...others] = await take();
      if (request === undefined || others.length > 0)
        throw new Error(`expected one request, got ${others.length + (request ? 1 : 0)}`);
      return request;
    };
    const settle = (request: TakenRequest, outcome: Outcome, dueInMs?: number) =>
      store.settle([{ request, outcome, ...(dueInMs === undefined ? {} : { dueInMs }) }]);
    const states = async () =>
      (await subject.queue.list()).map(({ opId, state, parkedFor }) =>
        parkedFor === undefined ? `${opId} ${state}` : `${opId} ${state} ${parkedFor}`,
      );
    const queued = async (): Promise<readonly string[]> => (await subject.queue.list()).map(({ opId }) => opId);
    const page = (items: readonly JsonObject[], next: Partial<PullPosition> = {}): PageToApply => ({
      page: { items },
      items,
      next: {
        cursor: { ts: String(items.at(-1)?.['updatedAt'] ?? time(0)), lastId: String(items.at(-1)?.['id'] ?? '') },
        maxPage: items.length,
        resync: false,
        ...next,
      },
    });
    const pull = (items: readonly JsonObject[], next: Partial<PullPosition> = {}) =>
      store.applyPages('todos', [page(items, next)], { totalDone: 0 });
    const titles = async () =>
      Object.fromEntries((await subject.rows()).map((row) => [String(row['id']), row['title']]));

    beforeEach(() => openWith());
    afterEach(async () => {
      for (const one of opened.splice(0).reverse()) await one.close();
    });

    /** Acts as a waiting engine does: asks four times a second and ignores clock jumps. */
    const waitForLease = async (one: StoreSubject): Promise<unknown> => {
      for (let asked = 0; asked < 20; asked += 1) {
        const answer = await one.store.lease.acquire();
        if (answer.held) return answer;
        subject.clock.increment(250);
      }
      throw new Error('the lease was never free');
    };

    describe('lease', () => {
      test('I11: keeps others out until the holder releases it or it expires', async () => {
        const other = await subject.another('two');
        expect(await store.lease.acquire()).toMatchObject({ held: true });
        expect(await other.store.lease.acquire()).toEqual({ held: false });
        await store.lease.release();
        expect(await other.store.lease.acquire()).toEqual({ held: true, continued: false });
        expect(await waitForLease(subject)).toEqual({ held: true, continued: false });
      });

      test('I11: `continued` says that nobody else ran in between', async () => {
        await store.lease.acquire();
        await store.lease.release();
        expect(await store.lease.acquire()).toEqual({ held: true, continued: true });
        await store.lease.release();
        const other = await subject.another('two');
        await other.store.lease.acquire();
        await other.store.lease.release();
        expect(await store.lease.acquire()).toEqual({ held: true, continued: false });
      });

      test('I11: has a known duration that a renewal extends and a release ends', async () => {
        expect(store.lease.expiresAt()).toBe(0);
        await store.lease.acquire();
        const first = store.lease.expiresAt();
        expect(first).toBeGreaterThan(subject.clock.now());
        subject.clock.increment(500);
        await store.lease.renew();
        expect(store.lease.expiresAt()).toBe(first + 500);
        await store.lease.release();
        expect(store.lease.expiresAt()).toBe(0);
        await store.lease.release();
      });

      test('I11: a fenced-out owner writes nothing: every write of its run rejects as leaseLost', async () => {
        await startRun();
        await pull([serverRow('a', 1)]);
        await subject.enqueue(edit('op1', 'a', { title: 'mine' }), create('op2', 'b'));
        const [request] = await take({ limit: 1 });
        const other = await subject.another('two');
        expect(await waitForLease(other)).toMatchObject({ held: true });
        if (request === undefined) throw new Error('nothing was taken');
        const ref = { kind: 'todos', entityId: 'a', opId: 'op1' };
        const writes: readonly (() => Promise<unknown>)[] = [
          () => store.lease.renew(),
          () => beginRun(),
          () => take(),
          () => settle(request, applied(serverRow('a', 2))),
          () => pull([serverRow('c', 3)]),
          () => store.openResync(kinds),
          () => store.sweepResync('todos', { requested: true }),
          () => store.completePull('todos', { resync: false }),
          () => store.finishRun({ runId, othersSucceeded: true, kinds }),
          () => store.acceptServer(ref, acceptServer()),
          () => store.parkConflict(ref, 'because', { nextRun: false, countTry: false }),
        ];
        for (const write of writes) {
          const error: unknown = await write().then(
            () => undefined,
            (thrown: unknown) => thrown,
          );
          expect(error, String(write)).toBeInstanceOf(SyncStepError);
          expect((error as SyncStepError).failure.type).toBe('leaseLost');
        }
        expect(await queued()).toEqual(['op1', 'op2']);
        expect((await subject.rows()).map(({ id }) => id)).not.toContain('c');
      });
    });

    describe('remembered state', () => {
      test('I7: waits, pause and clock offset outlive the engine', async () => {
        expect(await store.hydrate()).toMatchObject({ paused: false, attempt: 0, clockOffsetMs: 0 });
        const request = {
          pushKinds: kinds,
          pullKinds: [],
          resyncKinds: [],
          decisions: [],
          explicit: false,
          automatic: true,
          waiters: [],
        };
        await store.rememberWait({ attempt: 3, retryAt: 1_700_000_000_000, request });
        await store.rememberPaused(true);
        await store.rememberClockOffset(-1_250);
        const other = await subject.another('two');
        expect(await other.store.hydrate()).toMatchObject({
          paused: true,
          attempt: 3,
          retryAt: 1_700_000_000_000,
          request,
          clockOffsetMs: -1_250,
        });
        await store.rememberWait({ attempt: 0 });
        await store.rememberPaused(false);
        const state = await other.store.hydrate();
        expect(state).toMatchObject({ paused: false, attempt: 0 });
        expect(state.retryAt).toBeUndefined();
        expect(state.request).toBeUndefined();
      });

      test('records the end of a run', async () => {
        await startRun();
        expect((await store.hydrate()).lastSyncedAt).toBeUndefined();
        await store.finishRun({ runId, othersSucceeded: false, kinds });
        expect((await store.hydrate()).lastSyncedAt).toBe(subject.clock.now());
      });

      test('F-143: the first scope owns the database until it is adopted', async () => {
        expect(await store.claimScope('anna')).toEqual({ owner: 'anna' });
        expect(await store.claimScope('bert')).toEqual({ owner: 'anna' });
        await subject.queue.adoptScope('bert');
        expect(await store.claimScope('anna')).toEqual({ owner: 'bert' });
      });

      test('F-143: clearing a scope removes rows, operations and positions, and names what is given up', async () => {
        await startRun();
        await store.claimScope('anna');
        await pull([serverRow('a', 1)]);
        await subject.enqueue(edit('op1', 'a', { title: 'mine' }));
        const facts = await subject.queue.clearScope('bert');
        expect(facts).toMatchObject([
          { type: 'op.discarded', opId: 'op1', kind: 'todos', entityId: 'a', reason: 'scopeCleared' },
        ]);
        expect(await subject.rows()).toEqual([]);
        expect(await queued()).toEqual([]);
        expect(await store.pullPosition('todos', { resync: false })).toMatchObject({ cursor: undefined, maxPage: 0 });
        expect(await store.claimScope('bert')).toEqual({ owner: 'bert' });
      });
    });

    describe('take', () => {
      test('takes heads of line in outbox order, within the limit and kinds', async () => {
        await startRun();
        await subject.enqueue(create('op1', 'c'), create('op2', 'a'), create('op3', 'b'));
        expect(await take({ kinds: [] })).toEqual([]);
        expect((await take({ limit: 2 })).map(({ entityId }) => entityId)).toEqual(['c', 'a']);
        expect((await take()).map(({ entityId }) => entityId)).toEqual(['b']);
        expect(await take()).toEqual([]);
      });

      test('F-20: folds unsent operations of an entity into one request: newest name, oldest base, all changes', async () => {
        await startRun();
        await pull([serverRow('a', 1)]);
        await subject.enqueue(
          edit('op1', 'a', { title: 'mine' }),
          edit('op2', 'a', { title: 'mine', done: true }, time(9)),
        );
        const request = await takeOne();
        expect(request).toMatchObject({
          kind: 'todos',
          entityId: 'a',
          opIds: ['op1', 'op2'],
          verify: 'no',
          op: { type: 'upsert', opId: 'op2', requestId: 'op2', baseUpdatedAt: time(1), creates: false },
        });
        expect(request.firstSentAt).toBeUndefined();
        expect(payloadOf(request)).toMatchObject({ id: 'a', title: 'mine', done: true });
      });

      test('F-144: sends a create that was edited before sending as a create, without a base', async () => {
        await startRun();
        await subject.enqueue(create('op1', 'a'), edit('op2', 'a', { title: 'second' }, ''));
        const request = await takeOne();
        expect(request.op).toMatchObject({ creates: true });
        expect(request.op.baseUpdatedAt ?? '').toBe('');
        expect(payloadOf(request)).toMatchObject({ title: 'second' });
      });

      test('sends no request for a create that was deleted before sending, and reports each operation', async () => {
        await startRun();
        await subject.enqueue(create('op1', 'a'), removal('op2', 'a', undefined), create('op3', 'b'));
        const { requests, facts } = await takeBatch();
        expect(requests.map(({ entityId }) => entityId)).toEqual(['b']);
        expect(facts).toMatchObject([
          { type: 'op.discarded', opId: 'op1', reason: 'foldedAway' },
          { type: 'op.discarded', opId: 'op2', reason: 'foldedAway' },
        ]);
        expect(await queued()).toEqual(['op3']);
      });

      test('I5: a create deleted before sending leaves a pulled row with the same id unchanged', async () => {
        await startRun();
        await subject.enqueue(create('op1', 'a'), removal('op2', 'a', undefined));
        await pull([serverRow('a', 3)]);
        expect(await subject.rows()).toEqual([]);
        expect((await takeBatch()).requests).toEqual([]);
        expect((await subject.rows()).map(({ id }) => id)).toEqual(['a']);
      });

      test('I3: queues new writes of an entity behind its in-flight request', async () => {
        await startRun();
        await subject.enqueue(create('op1', 'a'));
        const first = await takeOne();
        await subject.enqueue(edit('op2', 'a', { title: 'later' }));
        expect(await take()).toEqual([]);
        expect(await subject.queue.list()).toMatchObject([
          { opId: 'op1', state: 'inFlight' },
          { opId: 'op2', state: 'behind', waitingFor: 'op1' },
        ]);
        await settle(first, applied(serverRow('a', 5, { title: 'local a' })));
        expect((await takeOne()).opIds).toEqual(['op2']);
      });

      test('I2: takes an unanswered request again exactly as it was, also in another process', async () => {
        await startRun();
        await pull([serverRow('a', 1)]);
        await subject.enqueue(edit('op1', 'a', { title: 'mine' }));
        const request = await takeOne();
        await subject.enqueue(edit('op2', 'a', { title: 'other' }));
        await store.lease.release();
        const sentAt = subject.clock.now();
        subject = await subject.another('two');
        store = subject.store;
        await startRun();
        const again = await takeOne();
        expect(again.op).toMatchObject({ requestId: request.op.requestId, baseUpdatedAt: time(1), type: 'upsert' });
        expect(payloadOf(again)).toEqual(payloadOf(request));
        expect(again).toMatchObject({ opIds: ['op1'], firstSentAt: sentAt, verify: 'no' });
      });

      test('F-134: verifies a request without an outcome when the server may have forgotten its key', async () => {
        await startRun();
        await subject.enqueue(create('op1', 'a'), create('op2', 'b'));
        await take();
        await beginRun();
        expect((await take()).map(({ verify }) => verify)).toEqual(['no', 'no']);
        await beginRun();
        expect((await take({ distrustResend: true })).map(({ verify }) => verify)).toEqual([
          'staleRequest',
          'staleRequest',
        ]);
        subject.clock.increment(13 * 60 * 60_000);
        await startRun();
        expect((await take()).map(({ verify }) => verify)).toEqual(['staleRequest', 'staleRequest']);
      });
    });

    describe('settle', () => {
      test("I1: removes applied operations, reports each in order, and stores the server's answer as the row", async () => {
        await startRun();
        await subject.enqueue(create('op1', 'a'), edit('op2', 'a', { title: 'both' }, ''), create('op3', 'b'));
        const requests = await take();
        const report = await store.settle(
          requests.map((request) => ({
            request,
            outcome: applied({
              ...serverRow(request.entityId, 7),
              ...payloadOf(request),
              title: `stored ${request.entityId}`,
            }),
          })),
        );
        expect(report).toMatchObject({ batchSize: 3, pushed: 3, errors: 0, conflicts: [] });
        expect(report.facts.filter(({ type }) => type === 'op.pushed')).toMatchObject([
          { opId: 'op1' },
          { opId: 'op2' },
          { opId: 'op3', entityId: 'b', operationType: 'upsert' },
        ]);
        expect(await queued()).toEqual([]);
        expect(await titles()).toEqual({ a: 'stored a', b: 'stored b' });
      });

      test("F-20, F-26, F-136: rebuilds the entity's next operation on the answer and bases it on its version", async () => {
        await startRun();
        await subject.enqueue(create('op1', 'a', { priority: 1 }));
        const first = await takeOne();
        await subject.enqueue(edit('op2', 'a', { done: true }, ''));
        await settle(first, applied(serverRow('a', 5, { title: 'normalised', priority: 2 })));
        expect(await titles()).toEqual({ a: 'normalised' });
        const second = await takeOne();
        expect(second.op).toMatchObject({ baseUpdatedAt: time(5), creates: false });
        expect(payloadOf(second)).toMatchObject({ title: 'normalised', priority: 2, done: true });
      });

      test('F-26: an answer without a version makes the next operation fetch the row first', async () => {
        await startRun();
        await subject.enqueue(create('op1', 'a'));
        const first = await takeOne();
        await subject.enqueue(edit('op2', 'a', { done: true }, ''));
        await settle(first, applied());
        expect(await takeOne()).toMatchObject({
          opIds: ['op2'],
          verify: 'unknownVersion',
          lastSent: { title: 'local a' },
        });
      });

      test('I2: a fetched base stays with its request, whatever a pull brings', async () => {
        await startRun();
        await subject.enqueue(create('op1', 'a'));
        const first = await takeOne();
        await subject.enqueue(edit('op2', 'a', { done: true }, ''));
        await settle(first, applied());
        const second = await takeOne();
        await store.confirmBase(second, { row: serverRow('a', 3), version: time(3) });
        await settle(second, { type: 'unavailable', error: new NetworkError('cut') });
        await pull([serverRow('a', 4)]);
        expect(await takeOne()).toMatchObject({
          verify: 'no',
          op: { requestId: second.op.requestId, payload: payloadOf(second), baseUpdatedAt: time(3) },
        });
      });

      test('F-37: an applied delete hides the row', async () => {
        await startRun();
        await pull([serverRow('a', 1), serverRow('b', 2)]);
        await subject.enqueue(removal('op1', 'a'));
        const report = await settle(await takeOne(), applied());
        expect(report.facts).toMatchObject([{ type: 'op.pushed', operationType: 'delete' }]);
        expect(await titles()).toEqual({ b: 'server b' });
      });

      test('F-133: a definite refusal counts a try and closes the request; the next run retries under a new key', async () => {
        await startRun();
        await subject.enqueue(create('op1', 'a'), create('op2', 'b'));
        const [first, second] = await take();
        if (first === undefined || second === undefined) throw new Error('expected two requests');
        const report = await store.settle([
          { request: first, outcome: rejected },
          { request: second, outcome: applied(serverRow('b', 3)) },
        ]);
        expect(report).toMatchObject({ pushed: 1, errors: 1 });
        expect(report.facts[0]).toMatchObject({ type: 'op.failed', opId: 'op1', error: refusal, willRetry: true });
        expect(await subject.queue.list()).toMatchObject([
          { opId: 'op1', state: 'waiting', tryCount: 1, errorCode: 'validation', lastError: 'HTTP error 422' },
        ]);
        expect(await take()).toEqual([]);
        await beginRun(false);
        await subject.enqueue(edit('op3', 'a', { title: 'corrected' }, ''));
        const again = await takeOne();
        expect(again.op.requestId).not.toBe(first.op.requestId);
        expect(payloadOf(again)).toMatchObject({ title: 'corrected' });
      });

      test('F-09, F-108: marks an operation as stuck at the limit, reports each, and retries only on request', async () => {
        await openWith({ maxOutboxTryCount: 2 });
        await startRun();
        await subject.enqueue(create('op1', 'a'), edit('op2', 'a', { title: 'both' }, ''));
        await settle(await takeOne(), rejected);
        await beginRun();
        const report = await settle(await takeOne(), rejected);
        expect(report.facts.filter(({ type }) => type === 'op.failed')).toMatchObject([
          { opId: 'op1', willRetry: false },
          { opId: 'op2', willRetry: false },
        ]);
        expect(report.facts.filter(({ type }) => type === 'op.stuck')).toMatchObject([
          { opId: 'op1', tryCount: 2 },
          { opId: 'op2', tryCount: 2 },
        ]);
        await beginRun();
        expect(await take()).toEqual([]);
        expect(await subject.queue.counts()).toMatchObject({
          stuck: expect.any(Number) as number,
          pending: expect.any(Number) as number,
        });
        expect((await states())[0]).toBe('op1 parked stuck');
        expect(await subject.queue.retryStuck()).toBeGreaterThan(0);
        expect((await takeOne()).opIds).toEqual(['op1', 'op2']);
      });

      test('F-49: dropping a stuck operation emits its events and sends nothing of it', async () => {
        await openWith({ maxOutboxTryCount: 1 });
        await startRun();
        await pull([serverRow('a', 1)]);
        await subject.enqueue(edit('op1', 'a', { title: 'refused' }));
        await settle(await takeOne(), rejected);
        expect(await subject.queue.dropStuck()).toMatchObject([
          { type: 'op.discarded', opId: 'op1', reason: 'dropped' },
        ]);
        await beginRun();
        expect(await take()).toEqual([]);
        expect(await titles()).toEqual({ a: 'server a' });
      });

      test('a forbidden operation counts no try and waits for the next run under a new key', async () => {
        await startRun();
        await subject.enqueue(create('op1', 'a'));
        const first = await takeOne();
        const report = await settle(first, { type: 'forbidden', error: new TransportError('HTTP error 403', 403) });
        expect(report.facts).toMatchObject([{ type: 'op.failed', willRetry: true }]);
        expect(await take()).toEqual([]);
        expect(await subject.queue.list()).toMatchObject([{ tryCount: 0, errorCode: 'forbidden' }]);
        await beginRun(false);
        expect((await takeOne()).op.requestId).not.toBe(first.op.requestId);
      });

      test('F-84: sign-in and throttling close the request, count no try, and leave the operation ready', async () => {
        await startRun();
        await subject.enqueue(create('op1', 'a'), create('op2', 'b'));
        const requests = await take();
        const outcomes: readonly Outcome[] = [
          { type: 'authRequired', error: new TransportError('HTTP error 401', 401) },
          { type: 'throttled', error: new TransportError('HTTP error 429', 429), retryAfterMs: 1_000 },
        ];
        const report = await store.settle(
          requests.map((request, index) => ({ request, outcome: outcomes[index] ?? rejected })),
        );
        expect(report).toMatchObject({ pushed: 0, errors: 0 });
        expect(await subject.queue.list()).toMatchObject([
          { state: 'ready', tryCount: 0 },
          { state: 'ready', tryCount: 0 },
        ]);
        const again = await take();
        expect(again.map(({ op }) => op.requestId)).toEqual(['op1#2', 'op2#2']);
      });

      test('I2: releases an operation that was never dispatched: it folds with later edits under a fresh key', async () => {
        await startRun();
        await subject.enqueue(create('op1', 'a'));
        await settle(await takeOne(), { type: 'notSent', error: new NetworkError('no route') });
        expect((await takeOne()).op.requestId).toBe('op1');
        await beginRun();
        const [again] = await take();
        if (again === undefined) throw new Error('nothing was taken');
        await settle(again, { type: 'notSent', error: new NetworkError('no route') });
        await subject.enqueue(edit('op2', 'a', { title: 'later' }, ''));
        expect(await takeOne()).toMatchObject({ opIds: ['op1', 'op2'] });
      });

      test('I2: makes the same request ready again at once when every request fails', async () => {
        await startRun();
        await subject.enqueue(create('op1', 'a'));
        const first = await takeOne();
        const report = await settle(first, { type: 'unavailable', error: new NetworkError('cut') });
        expect(report.facts).toEqual([]);
        await subject.enqueue(edit('op2', 'a', { title: 'later' }, ''));
        const again = await takeOne();
        expect(again).toMatchObject({ opIds: ['op1'], op: { requestId: first.op.requestId } });
        expect(again.firstSentAt).toBe(subject.clock.now());
        // F-09: an outage counts no tries.
        expect((await subject.queue.list()).map(({ tryCount }) => tryCount)).toEqual([0, 0]);
      });

      test('F-132: delays a request that fails alone until it is due, under its key; an explicit run does not wait', async () => {
        await startRun();
        await subject.enqueue(create('op1', 'a'));
        const first = await takeOne();
        const report = await settle(first, retryLater, 30_000);
        expect(report.facts).toMatchObject([{ type: 'op.failed', willRetry: true }]);
        expect(await store.finishRun({ runId, othersSucceeded: false, kinds })).toMatchObject({ nextDueInMs: 30_000 });
        await startRun(false);
        expect(await take()).toEqual([]);
        subject.clock.increment(30_000);
        await startRun(false);
        expect((await takeOne()).op.requestId).toBe(first.op.requestId);
        await beginRun(false);
        await settle(await takeOne(), retryLater, 30_000);
        await beginRun(true);
        expect(await take()).toHaveLength(1);
      });

      test('F-09, F-132: counts a lone failure only in a run in which others succeeded; at the limit it is stuck', async () => {
        await openWith({ maxOutboxTryCount: 2 });
        await subject.enqueue(create('op1', 'a'));
        for (const othersSucceeded of [false, true, false, true]) {
          await startRun();
          const [request] = await take();
          if (request === undefined) throw new Error('nothing was taken');
          await settle(request, retryLater, 1_000);
          const { facts } = await store.finishRun({ runId, othersSucceeded, kinds });
          const tries = (await subject.queue.list())[0]?.tryCount;
          if (tries === 2) expect(facts).toMatchObject([{ type: 'op.stuck', opId: 'op1', tryCount: 2 }]);
          else expect(facts).toEqual([]);
        }
        expect(await states()).toEqual(['op1 parked stuck']);
      });

      test("F-23: keeps the request for the next run after a response that is not the API's", async () => {
        await startRun();
        await subject.enqueue(create('op1', 'a'));
        const first = await takeOne();
        await settle(first, { type: 'malformed', error: new ParseError('HTML') });
        expect(await take()).toEqual([]);
        await beginRun(false);
        expect((await takeOne()).op.requestId).toBe(first.op.requestId);
      });

      test('F-134: parks and reports a request whose outcome cannot be proven', async () => {
        await startRun();
        await subject.enqueue(create('op1', 'a'));
        const report = await settle(await takeOne(), {
          type: 'ambiguous',
          error: new NetworkError('no answer long ago'),
        });
        expect(typesOf(report.facts)).toEqual(['op.failed', 'op.stuck']);
        expect(report.facts[0]).toMatchObject({ willRetry: false });
        await beginRun();
        expect(await take()).toEqual([]);
        expect(await states()).toEqual(['op1 parked ambiguous']);
      });

      test('an answer to operations that no longer exist changes nothing', async () => {
        await openWith({ maxOutboxTryCount: 1 });
        await startRun();
        await subject.enqueue(create('op1', 'a'));
        const request = await takeOne();
        await settle(request, rejected);
        await subject.queue.dropStuck();
        expect(await settle(request, applied(serverRow('a', 4)))).toMatchObject({ pushed: 0, errors: 0, facts: [] });
      });
    });

    describe('conflicts', () => {
      const ref = { kind: 'todos', entityId: 'a', opId: 'op1' };
      const meetConflict = async (): Promise<TakenRequest> => {
        await startRun();
        await pull([serverRow('a', 1)]);
        await subject.enqueue(edit('op1', 'a', { title: 'mine' }), create('op9', 'z'));
        const [request, other] = await take();
        if (request === undefined || other === undefined) throw new Error('expected two requests');
        const report = await store.settle([
          { request, outcome: conflictWith(serverRow('a', 5, { title: 'theirs', priority: 5 })) },
          { request: other, outcome: applied(serverRow('z', 6)) },
        ]);
        expect(report.conflicts).toEqual([ref]);
        expect(report.facts.map(({ type }) => type)).toEqual(['conflict.detected', 'op.pushed']);
        return request;
      };

      test('I13: stores a conflict with both sides and parks only its entity', async () => {
        await meetConflict();
        expect(await store.loadConflict(ref)).toMatchObject({
          state: 'detected',
          conflict: {
            ...ref,
            opType: 'upsert',
            localData: { title: 'mine' },
            serverData: { title: 'theirs' },
            serverTimestamp: time(5),
            serverDeleted: false,
          },
        });
        expect(await store.loadConflict({ ...ref, entityId: 'z', opId: 'op9' })).toBeUndefined();
        await subject.enqueue(edit('op2', 'a', { done: true }), create('op3', 'c'));
        expect((await take()).map(({ entityId }) => entityId)).toEqual(['c']);
        await beginRun();
        expect((await take()).map(({ entityId }) => entityId)).toEqual(['c']);
      });

      test('I7: the next run handles a conflict that was found but not processed', async () => {
        await meetConflict();
        await store.lease.release();
        subject = await subject.another('two');
        store = subject.store;
        expect((await startRun()).conflicts).toEqual([ref]);
      });

      test("F-36: accepting the server's side removes the operations, takes its row, and rebases later edits on it", async () => {
        await meetConflict();
        await subject.enqueue(edit('op2', 'a', { done: true }));
        const outcome = await store.acceptServer(ref, acceptServer());
        expect(outcome).toMatchObject({ type: 'resolved', pushed: 0, errors: 0 });
        expect(outcome.facts.find(({ type }) => type === 'conflict.resolved')).toMatchObject({
          resolution: { type: 'acceptServer' },
          givenUp: [{ opId: 'op1' }],
        });
        expect(await titles()).toMatchObject({ a: 'theirs' });
        const next = await takeOne();
        expect(next).toMatchObject({ opIds: ['op2'], op: { baseUpdatedAt: time(5) } });
        expect(payloadOf(next)).toMatchObject({ title: 'theirs', priority: 5, done: true });
        expect(await store.loadConflict(ref)).toBeUndefined();
      });

      test('F-32: sends a resolution under a new key for all operations of the conflict, and ends it when applied', async () => {
        const request = await meetConflict();
        const data = { ...serverRow('a', 5), title: 'both' };
        const resolution: ConflictResolution = acceptMerged(data);
        const frozen = await store.freezeResolution(ref, {
          data,
          base: time(5),
          force: false,
          creates: false,
          expectedVersion: time(5),
        });
        if (frozen === undefined) throw new Error('nothing was frozen');
        expect(frozen).toMatchObject({
          opIds: ['op1'],
          firstSentAt: undefined,
          op: { type: 'upsert', opId: 'op1', baseUpdatedAt: time(5), payload: { title: 'both' } },
        });
        expect(frozen.op.requestId).not.toBe(request.op.requestId);
        const outcome = await store.settleResolution(
          ref,
          { request: frozen, outcome: applied({ ...data, updatedAt: time(8) }) },
          resolution,
        );
        expect(outcome).toMatchObject({ type: 'resolved', pushed: 1, errors: 0 });
        expect(await queued()).toEqual([]);
        expect(await titles()).toMatchObject({ a: 'both' });
        expect(await store.conflicts()).toEqual([]);
      });

      test('F-31: freezes no request for a decision on an outdated server version', async () => {
        await meetConflict();
        expect(
          await store.freezeResolution(ref, {
            data: serverRow('a', 5),
            base: time(4),
            force: false,
            creates: false,
            expectedVersion: time(4),
          }),
        ).toBeUndefined();
        expect(await states()).toEqual(['op1 parked conflict']);
      });

      test('F-31: a resolution that meets a newer row starts another round on that row', async () => {
        await meetConflict();
        const frozen = await store.freezeResolution(ref, {
          data: serverRow('a', 5),
          base: time(5),
          force: false,
          creates: false,
        });
        if (frozen === undefined) throw new Error('nothing was frozen');
        const outcome = await store.settleResolution(
          ref,
          { request: frozen, outcome: conflictWith(serverRow('a', 9, { title: 'a third' })) },
          acceptMerged({}),
        );
        expect(outcome).toMatchObject({ type: 'again', pushed: 0 });
        expect(typesOf(outcome.facts)).not.toContain('conflict.detected');
        expect(await store.loadConflict(ref)).toMatchObject({
          conflict: { serverTimestamp: time(9), serverData: { title: 'a third' }, localData: { title: 'mine' } },
        });
        const next = await store.freezeResolution(ref, {
          data: serverRow('a', 9),
          base: time(9),
          force: false,
          creates: false,
        });
        expect(next?.op.requestId).not.toBe(frozen.op.requestId);
      });

      test('F-03: a resolution that the server refuses counts a try and stays visible with the reason', async () => {
        await meetConflict();
        const frozen = await store.freezeResolution(ref, {
          data: serverRow('a', 5),
          base: time(5),
          force: true,
          creates: false,
        });
        if (frozen === undefined) throw new Error('nothing was frozen');
        const outcome = await store.settleResolution(
          ref,
          { request: frozen, outcome: rejected },
          { type: 'acceptClient' },
        );
        expect(outcome).toMatchObject({ type: 'left', pushed: 0, errors: 1 });
        expect(typesOf(outcome.facts)).toEqual(['op.failed', 'conflict.unresolved']);
        expect(await take()).toEqual([]);
        expect(await subject.queue.list()).toMatchObject([{ opId: 'op1', tryCount: 1 }]);
      });

      test('F-145: a parked conflict gives the next run no work until a decision is made', async () => {
        await meetConflict();
        const facts = await store.parkConflict(ref, 'nobody can decide', { nextRun: false, countTry: false });
        expect(facts).toMatchObject([{ type: 'conflict.unresolved', reason: 'nobody can decide' }]);
        expect(await store.conflicts()).toMatchObject([
          { state: 'awaiting', reason: 'nobody can decide', conflict: ref },
        ]);
        expect((await beginRun()).conflicts).toEqual([]);
        await expect(store.decideConflict('unknown', acceptServer())).rejects.toBeInstanceOf(ValidationError);
        expect(await store.decideConflict('op1', acceptServer())).toEqual(ref);
        expect((await beginRun()).conflicts).toEqual([ref]);
        expect(await store.loadConflict(ref)).toMatchObject({ state: 'decided', resolution: { type: 'acceptServer' } });
      });

      test('F-02: a deferred conflict is work of the next run and is not sent earlier', async () => {
        await meetConflict();
        await store.parkConflict(ref, 'the resolver threw', { nextRun: true, countTry: true });
        expect(await take()).toEqual([]);
        expect(await subject.queue.list()).toMatchObject([{ opId: 'op1', tryCount: 1, state: 'parked' }]);
        expect((await beginRun()).conflicts).toEqual([ref]);
      });
    });

    describe('pull', () => {
      test('I6: stores rows and position together; the position and token sequence outlive the engine', async () => {
        await startRun();
        expect(await store.pullPosition('todos', { resync: false })).toEqual({
          cursor: undefined,
          maxPage: 0,
          resync: false,
        });
        const next: PullPosition = {
          cursor: { ts: time(2), lastId: 'b' },
          maxPage: 2,
          resync: false,
          sequence: { token: 't2', start: { ts: time(1), lastId: 'a' } },
        };
        const [report] = await store.applyPages('todos', [{ ...page([serverRow('a', 1), serverRow('b', 2)]), next }], {
          totalDone: 10,
        });
        expect(report).toMatchObject({ pageSize: 2, pulled: 2 });
        expect(report?.facts).toMatchObject([
          { type: 'cache.updated', kind: 'todos', upserts: 2, deletes: 0 },
          { type: 'page.pulled', kind: 'todos', pageSize: 2, totalDone: 12 },
          { type: 'sync.progress', phase: 'pull', kind: 'todos', done: 12 },
        ]);
        const other = await subject.another('two');
        expect(await other.store.pullPosition('todos', { resync: false })).toEqual(next);
        expect((await other.rows()).map(({ id }) => id)).toEqual(['a', 'b']);
      });

      test('a page without rows moves the position and emits nothing', async () => {
        await startRun();
        expect(await pull([], { cursor: { ts: time(9), lastId: 'x' } })).toMatchObject([
          { pageSize: 0, pulled: 0, facts: [] },
        ]);
        expect(await store.pullPosition('todos', { resync: false })).toMatchObject({
          cursor: { ts: time(9), lastId: 'x' },
        });
      });

      test('I9: stops applying at once when aborted', async () => {
        await startRun();
        expect(
          await store.applyPages('todos', [page([serverRow('a', 1)])], { totalDone: 0, signal: AbortSignal.abort() }),
        ).toEqual([]);
        expect(await subject.rows()).toEqual([]);
      });

      test("I4, F-21: applies pending changes on top of the server's row, and keeps the base", async () => {
        await startRun();
        await pull([serverRow('a', 1)]);
        await subject.enqueue(edit('op1', 'a', { title: 'mine' }));
        await pull([serverRow('a', 5, { title: 'theirs', priority: 5 })]);
        expect(await subject.rows()).toMatchObject([{ id: 'a', title: 'mine', priority: 5 }]);
        expect((await takeOne()).op).toMatchObject({ baseUpdatedAt: time(1) });
      });

      test('I4: a row that the user deleted does not return while the deletion is pending', async () => {
        await startRun();
        await subject.enqueue(removal('op1', 'a'));
        await pull([serverRow('a', 5), serverRow('b', 6)]);
        expect(await titles()).toEqual({ b: 'server b' });
      });

      test("I4: a tombstone under a pending edit leaves the user's row visible", async () => {
        await startRun();
        await pull([serverRow('a', 1), serverRow('b', 2)]);
        await subject.enqueue(edit('op1', 'a', { title: 'mine' }));
        await pull([serverRow('a', 5, { deletedAt: time(5) }), serverRow('b', 6, { deletedAt: time(6) })]);
        expect(await titles()).toEqual({ a: 'mine' });
      });

      test('F-17: quarantines and reports a row without id or timestamp; stores the rest of the page and its position', async () => {
        await startRun();
        const [report] = await pull([
          { title: 'no id', updatedAt: time(1) },
          { id: 'n', title: 'no time' },
          serverRow('a', 3),
        ]);
        expect(report).toMatchObject({ pulled: 1 });
        expect(report?.facts.filter(({ type }) => type === 'row.quarantined')).toMatchObject([
          { kind: 'todos' },
          { kind: 'todos', id: 'n' },
        ]);
        expect(await titles()).toEqual({ a: 'server a' });
        expect(await store.pullPosition('todos', { resync: false })).toMatchObject({
          cursor: { ts: time(3), lastId: 'a' },
        });
      });
    });

    describe('full resync', () => {
      const resyncPage = (items: readonly JsonObject[]): PageToApply => page(items, { resync: true });

      test('F-08: has its own position, resumes where it stopped, and leaves the committed cursor alone', async () => {
        await startRun();
        await pull([serverRow('a', 1), serverRow('b', 5)]);
        await store.openResync(kinds);
        expect(await store.pullPosition('todos', { resync: true })).toMatchObject({ cursor: undefined, resync: true });
        await store.applyPages('todos', [resyncPage([serverRow('a', 1)])], { totalDone: 0 });
        await store.lease.release();
        subject = await subject.another('two');
        store = subject.store;
        await startRun();
        expect(await store.dueForResync(kinds)).toEqual(kinds);
        await store.openResync(kinds);
        expect(await store.pullPosition('todos', { resync: true })).toMatchObject({
          cursor: { ts: time(1), lastId: 'a' },
          resync: true,
        });
        expect(await store.pullPosition('todos', { resync: false })).toMatchObject({
          cursor: { ts: time(5), lastId: 'b' },
          resync: false,
        });
      });

      test('F-45: counts a table as never pulled until its first pull is complete', async () => {
        await startRun();
        expect(await store.neverPulled(kinds)).toEqual(kinds);
        await store.openResync(kinds);
        await store.applyPages('todos', [resyncPage([serverRow('a', 1)])], { totalDone: 0 });
        expect(await store.neverPulled(kinds)).toEqual(kinds);
        for (const kind of kinds) await store.completePull(kind, { resync: true });
        // Interrupted before the sweep, it resumes as a first pull.
        expect(await store.neverPulled(kinds)).toEqual(kinds);
        for (const kind of kinds) await store.sweepResync(kind, { requested: false });
        expect(await store.neverPulled(kinds)).toEqual([]);
        await store.openResync(kinds);
        expect(await store.neverPulled(kinds)).toEqual([]);
      });

      test('F-45: a table that was pulled page by page is not a first pull, even before its first full resync', async () => {
        await startRun();
        await pull([serverRow('a', 1)]);
        await store.completePull('todos', { resync: false });
        expect(await store.neverPulled(['todos'])).toEqual([]);
        await store.openResync(['todos']);
        expect(await store.neverPulled(['todos'])).toEqual([]);
      });

      test('F-38: finally removes rows that were not listed and have nothing pending', async () => {
        await startRun();
        await pull([serverRow('a', 1), serverRow('b', 2), serverRow('c', 3)]);
        await subject.enqueue(edit('op1', 'c', { title: 'mine' }));
        await store.openResync(kinds);
        await store.applyPages('todos', [resyncPage([serverRow('a', 1)])], { totalDone: 0 });
        expect(await titles()).toMatchObject({ b: 'server b' });
        await store.completePull('todos', { resync: true });
        expect(await store.sweepResync('todos', { requested: true })).toEqual([
          { type: 'cache.updated', kind: 'todos', upserts: 0, deletes: 1 },
        ]);
        expect((await subject.rows()).map(({ id }) => id)).toEqual(['a', 'c']);
        expect(await store.dueForResync(kinds)).toEqual([]);
      });

      test('F-42: removes nothing before everything was fetched', async () => {
        await startRun();
        await pull([serverRow('a', 1), serverRow('b', 2)]);
        await store.openResync(kinds);
        await store.applyPages('todos', [resyncPage([serverRow('a', 1)])], { totalDone: 0 });
        expect(await store.sweepResync('todos', { requested: true })).toEqual([]);
        expect(await titles()).toEqual({ a: 'server a', b: 'server b' });
        expect(await store.dueForResync(kinds)).toEqual(kinds);
      });

      test('F-137: does not sweep rows that were pushed while it ran', async () => {
        await startRun();
        await pull([serverRow('a', 1)]);
        await store.openResync(kinds);
        await subject.enqueue(create('op1', 'n'));
        await settle(await takeOne(), applied(serverRow('n', 9)));
        await store.applyPages('todos', [resyncPage([serverRow('a', 1)])], { totalDone: 0 });
        await store.completePull('todos', { resync: true });
        await store.sweepResync('todos', { requested: true });
        expect((await subject.rows()).map(({ id }) => id)).toEqual(['a', 'n']);
      });

      test('F-137: an empty scheduled resync does not empty a table; a requested one does', async () => {
        await startRun();
        await pull([serverRow('a', 1)]);
        await store.openResync(kinds);
        await store.completePull('todos', { resync: true });
        const error: unknown = await store.sweepResync('todos', { requested: false }).then(
          () => undefined,
          (thrown: unknown) => thrown,
        );
        expect(error).toBeInstanceOf(SyncStepError);
        expect((error as SyncStepError).failure).toMatchObject({ type: 'kindFailed', kind: 'todos' });
        expect(await titles()).toEqual({ a: 'server a' });
        await store.sweepResync('todos', { requested: true });
        expect(await subject.rows()).toEqual([]);
      });

      test('F-137: rows that only wait to be sent are no reason to doubt an empty server', async () => {
        await startRun();
        await pull([serverRow('a', 1)]);
        await subject.enqueue(edit('op1', 'a', { title: 'mine' }));
        await store.openResync(kinds);
        await store.completePull('todos', { resync: true });
        expect(await store.sweepResync('todos', { requested: false })).toEqual([]);
        expect((await subject.rows()).map(({ id }) => id)).toEqual(['a']);
        expect(await store.dueForResync(kinds)).toEqual([]);
      });

      test('I6, F-161: a completed full resync sets the cursor to what it saw, even backwards', async () => {
        await startRun();
        await pull([serverRow('a', 1), serverRow('b', 5)]);
        await store.openResync(kinds);
        await store.applyPages('todos', [resyncPage([serverRow('a', 1)])], { totalDone: 0 });
        await store.completePull('todos', { resync: true });
        expect(await store.pullPosition('todos', { resync: false })).toMatchObject({
          cursor: { ts: time(1), lastId: 'a' },
        });
      });
    });

    test('notifies queue subscribers of each change until they unsubscribe', async () => {
      await startRun();
      const told: boolean[] = [];
      const end = subject.queue.subscribe(({ enqueued }) => told.push(enqueued));
      await subject.enqueue(create('op1', 'a'));
      await subject.clock.flush();
      expect(told).toContain(true);
      const before = told.length;
      await settle(await takeOne(), applied(serverRow('a', 2)));
      await subject.clock.flush();
      expect(told.length).toBeGreaterThan(before);
      end();
      const after = told.length;
      await subject.enqueue(create('op2', 'b'));
      await subject.clock.flush();
      expect(told).toHaveLength(after);
    });
  });
}
