import { filter, firstValueFrom, lastValueFrom } from 'rxjs';
import { afterEach, expect, test } from 'vitest';
import { upsertOp } from '../../../src/model/operation.ts';
import { createHub } from '../../../src/model/platform/isolated-observable.ts';
import type { StorageStatus } from '../../../src/model/storage-status.ts';
import { createTriggers } from '../../../src/engine/triggers.ts';
import type { Diagnosis, DiagnosisCode } from '../../../src/rules/diagnosis/diagnosis.ts';
import { announceStorage } from '../../../src/persistence/database/storage-port.ts';
import { RestTransport } from '../../../src/transport/rest-transport.ts';
import { openEngine, type EngineBench, type EngineBenchOptions } from '../../support/open-engine.ts';
import { createSyncEngine } from '../../../src/engine/create-sync-engine.ts';
import { openTodoDatabase, todos } from '../../support/open-store.ts';
import { Statements } from '../../support/statements.ts';
import { todoOf } from '../../support/todo.ts';

const benches: EngineBench[] = [];
afterEach(async () => {
  for (const bench of benches.splice(0)) await bench.close();
});
async function open(options: EngineBenchOptions = {}): Promise<EngineBench> {
  const bench = await openEngine(options);
  benches.push(bench);
  // Else the Date header of the server would be years away from the simulated clock.
  bench.server.serverTime = () => bench.clock.now();
  return bench;
}

/** The first diagnosis whose most important finding is this one. */
const found = async <Code extends DiagnosisCode>(
  { engine }: EngineBench,
  code: Code,
): Promise<Extract<Diagnosis, { code: Code }>> => {
  const list = await firstValueFrom(engine.diagnosis$.pipe(filter(([first]) => first?.code === code)));
  return list[0] as Extract<Diagnosis, { code: Code }>;
};

test('diagnosis: first never synchronised, then all well', async () => {
  const bench = await open();
  await bench.engine.start();
  await found(bench, 'neverSynced');
  await bench.engine.sync();
  expect((await found(bench, 'allWell')).evidence).toEqual({ lastSyncedAt: bench.clock.now() });
});

test('diagnosis: nothing will send a change until a trigger is installed', async () => {
  const bench = await open();
  await bench.engine.sync();
  await bench.writer.insertAndEnqueue(todoOf('a'));
  expect((await found(bench, 'noTrigger')).evidence).toEqual({ pending: 1 });
  const triggers = createTriggers(bench.engine, { pushOnOutboxChanges: true, visibility: false });
  await triggers.start();
  await found(bench, 'queued');
  triggers.dispose();
  await found(bench, 'noTrigger');
  bench.engine.startAuto({ interval: 60_000 });
  await found(bench, 'queued');
  bench.engine.stopAuto();
  await found(bench, 'noTrigger');
});

test('diagnosis: an unreachable server causes a backoff with a countdown, then the run gives up', async () => {
  const bench = await open({ config: { maxRetries: 1 } });
  await bench.engine.start();
  await bench.server.stop();
  const failing = bench.engine.sync().catch(() => undefined);
  const { evidence } = await found(bench, 'retrying');
  expect(evidence).toMatchObject({ error: { category: 'network' }, retryAt: expect.any(Number) as number });
  bench.skipWaits();
  await bench.clock.advance(120_000);
  await failing;
  expect((await found(bench, 'serverGivenUp')).evidence).toMatchObject({ hasTriggers: false });
});

test('diagnosis: an expired session is resolved by a new one', async () => {
  let token = 'Bearer old';
  const bench = await open({ serverOptions: { acceptedToken: 'Bearer good' }, rest: { token: () => token } });
  await bench.engine.start();
  await bench.engine.sync().catch(() => undefined);
  expect((await found(bench, 'signInNeeded')).remedies).toEqual(['signIn']);
  token = 'Bearer good';
  await bench.engine.signedIn();
  await bench.engine.sync();
  await found(bench, 'allWell');
});

test("diagnosis: a network's sign-in page, and an address that the server does not serve", async () => {
  const bench = await open({ config: { maxRetries: 0 } });
  bench.server.captivePortal = true;
  await bench.engine.sync().catch(() => undefined);
  await found(bench, 'webPage');
  bench.server.captivePortal = false;
  await bench.engine.sync();
  await found(bench, 'allWell');
});

test('diagnosis: paused, offline, another tab', async () => {
  let tell: (online: boolean) => void = () => undefined;
  const connectivity = {
    isOnline: () => true,
    subscribe: (listener: (online: boolean) => void) => {
      tell = listener;
      return () => undefined;
    },
  };
  const bench = await open({ connectivity });
  await bench.engine.sync();
  await bench.writer.insertAndEnqueue(todoOf('a'));
  await bench.engine.pause();
  expect((await found(bench, 'paused')).evidence).toEqual({ pending: 1 });
  await bench.engine.resume();
  tell(false);
  expect((await found(bench, 'offline')).evidence).toEqual({ pending: 1 });
  tell(true);
  await bench.engine.sync();
  await found(bench, 'allWell');

  const release = bench.server.holdNextRequests(1);
  const running = bench.engine.sync();
  await release.arrived;
  const other = createSyncEngine({
    dataSource: bench.dataSource,
    tables: [todos],
    clock: bench.clock,
    transport: new RestTransport({ baseUrl: bench.server.url, clock: bench.clock }),
  });
  const waiting = other.sync().catch(() => undefined);
  await firstValueFrom(other.diagnosis$.pipe(filter(([first]) => first?.code === 'anotherTab')));
  release();
  await running;
  await other.dispose();
  await waiting;
});

test('diagnosis: a conflict is undecided', async () => {
  const bench = await open({ config: { conflictStrategy: 'manual' } });
  bench.server.seed('todos', { id: 'a', title: 'server', done: false, priority: null, tags: null });
  await bench.engine.sync();
  const row = await bench.row('a');
  if (row === null) throw new Error('the row was pulled');
  await bench.writer.replaceAndEnqueueDiff(row, { ...row, title: 'mine' });
  bench.server.update('todos', 'a', { title: 'theirs' });
  await bench.engine.sync();
  expect(await found(bench, 'conflict')).toMatchObject({
    remedies: ['decideConflict'],
    evidence: { count: 1, first: { entityId: 'a' } },
  });
});

test('diagnosis: the server refuses a change until it is stuck', async () => {
  const bench = await open({ config: { maxOutboxTryCount: 2 } });
  await bench.engine.sync();
  await bench.writer.insertAndEnqueue(todoOf('a'));
  const body = { error: 'too_long', message: 'Title too long.', fields: { title: 'Too long.' } };
  bench.server.failNextRequests(2, 422, { body, match: { method: 'PUT' } });
  await bench.engine.sync();
  expect((await found(bench, 'rejected')).evidence).toMatchObject({
    count: 1,
    first: { entityId: 'a', errorFields: { title: 'Too long.' } },
  });
  await bench.engine.sync();
  expect((await found(bench, 'stuck')).evidence).toMatchObject({ count: 1, isAtLeast: false });
});

test('diagnosis: the server forbids a change', async () => {
  const bench = await open();
  await bench.engine.sync();
  await bench.writer.insertAndEnqueue(todoOf('a'));
  bench.server.failNextRequests(1, 403, { match: { method: 'PUT' } });
  await bench.engine.sync();
  expect((await found(bench, 'forbidden')).evidence).toMatchObject({ count: 1 });
});

test("diagnosis: another account's data", async () => {
  let user = 'anna';
  const bench = await open({ scope: () => user });
  await bench.engine.sync();
  await bench.writer.insertAndEnqueue(todoOf('a'));
  user = 'bert';
  await bench.engine.sync().catch(() => undefined);
  expect((await found(bench, 'otherAccount')).evidence).toEqual({ pending: 1 });
  await bench.engine.adoptScope();
  await bench.engine.sync();
  await found(bench, 'allWell');
});

test('diagnosis: a server row that the table cannot store', async () => {
  const bench = await open();
  bench.server.seed('todos', { id: 'bad', title: null, done: false });
  await bench.engine.sync();
  expect((await found(bench, 'quarantined')).evidence).toMatchObject({ count: 1, kind: 'todos', id: 'bad' });
  bench.server.update('todos', 'bad', { title: 'good' });
  await bench.engine.sync();
  await found(bench, 'allWell');
});

test('diagnosis: changes of a table that is unknown to this engine', async () => {
  const bench = await open();
  await bench.engine.sync();
  await bench.engine.outbox.enqueue(upsertOp({ kind: 'notes', id: 'n', payload: { id: 'n' } }));
  expect((await found(bench, 'unknownKind')).evidence).toMatchObject({ first: { kind: 'notes' } });
});

test('diagnosis: data becomes outdated without activity', async () => {
  const bench = await open({ config: { staleAfterMs: 60_000 } });
  await bench.engine.sync();
  const told: string[] = [];
  const subscription = bench.engine.diagnosis$.subscribe(([first]) => told.push(first?.code ?? ''));
  await found(bench, 'allWell');
  await bench.clock.advance(59_999);
  expect(told).toEqual(['allWell']);
  await bench.clock.advance(1);
  expect(told).toEqual(['allWell', 'stale']);
  subscription.unsubscribe();
});

test('diagnosis: device and server clocks differ', async () => {
  const bench = await open();
  bench.server.serverTime = () => bench.clock.now() - 600_000;
  await bench.engine.sync();
  const { evidence } = await found(bench, 'clockDoubt');
  // The header has whole seconds.
  expect(Math.abs(evidence.offsetMs + 600_000)).toBeLessThanOrEqual(1_000);
});

test('diagnosis: memory storage, then a newer release owns the file', async () => {
  const dataSource = await openTodoDatabase('better-sqlite3', ':memory:');
  let status: StorageStatus = {
    mode: 'memory',
    tab: 'tab1',
    role: 'owner',
    persisted: false,
    reason: 'private window',
  };
  const hub = createHub(() => status);
  announceStorage(dataSource, { status: () => status, changes: hub.stream });
  const bench = await open({ dataSource });
  await bench.engine.sync();
  expect((await found(bench, 'memoryStorage')).evidence).toEqual({ pending: 0, reason: 'private window' });
  status = { mode: 'opfs', tab: 'tab1', role: 'outdated', persisted: true };
  hub.tell(status);
  await found(bench, 'appOutdated');
});

test('I12: one change notifies a listener once, and all listeners share one reading', async () => {
  const bench = await open();
  await bench.engine.sync();
  const told: string[] = [];
  const first = bench.engine.diagnosis$.subscribe((list) => told.push(JSON.stringify(list.map(({ code }) => code))));
  const second = bench.engine.diagnosis$.subscribe();
  await found(bench, 'allWell');
  await bench.writer.insertAndEnqueue(todoOf('a'));
  await found(bench, 'noTrigger');
  await bench.writer.insertAndEnqueue(todoOf('b'));
  await firstValueFrom(
    bench.engine.diagnosis$.pipe(filter(([one]) => one?.code === 'noTrigger' && one.evidence.pending === 2)),
  );
  await bench.engine.sync();
  await found(bench, 'allWell');
  expect(told).toEqual(['["allWell"]', '["noTrigger"]', '["noTrigger"]', '["syncing"]', '["allWell"]']);
  first.unsubscribe();
  second.unsubscribe();
});

test('the stream ends with the engine', async () => {
  const bench = await open();
  await bench.engine.sync();
  const ended = lastValueFrom(bench.engine.diagnosis$);
  await found(bench, 'allWell');
  await bench.engine.dispose();
  expect((await ended).map(({ code }) => code)).toEqual(['stopped']);
});

test('I10: a diagnosis reads a constant amount whatever the queue size, and nothing without listeners', async () => {
  const bench = await open();
  await bench.engine.sync();
  const statements = new Statements();
  bench.dataSource.logger = statements;
  const read = (): readonly string[] => statements.list.map(({ sql }) => sql).filter((sql) => /LIMIT 100$/.test(sql));
  await bench.dataSource.transaction(async (manager) => {
    for (let index = 0; index < 500; index += 1)
      await manager.query(
        `INSERT INTO "sync_outbox" ("op_id", "kind", "entity_id", "op", "ts", "state", "parked", "try_count", "enqueued_at")
         VALUES (?, 'todos', ?, 'upsert', '2026-01-01T00:00:00Z', ?, ?, 1, 0)`,
        [`op${index}`, `t${index}`, 1 + (index % 3), index % 3 === 2 ? 'stuck' : null],
      );
  });
  await bench.engine.whenIdle();
  expect(read()).toEqual([]);
  const { evidence } = await found(bench, 'stuck');
  expect(evidence.count).toBe(166);
  const plans = await Promise.all(
    statements.list
      .filter(({ sql }) => /FROM "sync_outbox" WHERE .*LIMIT \d+$/s.test(sql))
      .map(({ sql, parameters }) => bench.dataSource.query(`EXPLAIN QUERY PLAN ${sql}`, [...parameters])),
  );
  expect(plans.length).toBeGreaterThan(4);
  for (const plan of plans as readonly (readonly { readonly detail: string }[])[])
    expect(plan.map(({ detail }) => detail).join()).toMatch(/^SEARCH .* USING INDEX|^SCAN .* USING INDEX/);
  const [kinds] = statements.list.filter(({ sql }) => sql.includes('"kinds"("kind")'));
  expect(kinds).toBeDefined();
});
