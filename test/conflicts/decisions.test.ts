import { mkdtemp, rm } from 'node:fs/promises';
import { afterEach, expect, test } from 'vitest';
import { acceptClient, acceptMerged, acceptServer, defer, discard } from '../../src/model/conflict.ts';
import { describeSyncError } from '../../src/model/errors/describe-sync-error.ts';
import { ConflictChangedError } from '../../src/model/conflict-changed-error.ts';
import { NetworkError, ValidationError } from '../../src/model/errors/errors.ts';
import { openConflicts, until, type ConflictBench } from './bench.ts';

let bench: ConflictBench;
let directory: string | undefined;
afterEach(async () => {
  await bench.close();
  if (directory !== undefined) await rm(directory, { recursive: true });
  directory = undefined;
});

/** A conflict that waits for a person; its operation's id. */
async function park(id = 't1', database = ':memory:'): Promise<string> {
  bench = await openConflicts({ database, conflict: { strategy: 'manual' } });
  await bench.begin(id);
  await bench.edit(id, { title: 'mine' });
  bench.backend.update('tasks', id, { title: 'theirs' });
  await bench.sync();
  return waiting();
}

const waiting = async (): Promise<string> => (await bench.engine.conflicts())[0]?.conflict.opId ?? 'nothing waits';

test('F-02: does not resend a parked operation until somebody decides, then applies the decision automatically', async () => {
  const opId = await park();
  await bench.sync();
  await bench.sync();
  expect(bench.transport.sent).toHaveLength(1);
  expect(bench.types('conflict.')).toEqual(['conflict.detected', 'conflict.unresolved']);
  await bench.engine.resolveConflict(opId, acceptMerged({ title: 'both' }));
  await bench.engine.whenIdle();
  expect(bench.backend.get('tasks', 't1')).toMatchObject({ title: 'both' });
  expect(await bench.row('t1')).toMatchObject({ title: 'both' });
  expect(await bench.queued()).toEqual([]);
  expect(bench.eventsOf('conflict.resolved')).toMatchObject([
    { resolution: { type: 'acceptMerged' }, resultData: { title: 'both' }, givenUp: [{ changedFields: ['title'] }] },
  ]);
});

test('I7: keeps a decision made offline across a restart and applies it in the next run that reaches the server', async () => {
  directory = await mkdtemp('/tmp/conflicts-');
  const opId = await park('t1', `${directory}/app.db`);
  bench.transport.isOffline = true;
  await bench.engine.resolveConflict(opId, acceptClient());
  await until(() => bench.engine.status().phase === 'backoff');
  expect(bench.backend.get('tasks', 't1')).toMatchObject({ title: 'theirs' });
  bench = await bench.reopen();
  await bench.sync();
  expect(bench.backend.get('tasks', 't1')).toMatchObject({ title: 'mine' });
  expect(bench.eventsOf('conflict.resolved')).toMatchObject([{ resolution: { type: 'acceptClient' } }]);
  expect(await bench.engine.conflicts()).toEqual([]);
});

test('holds a decision made while paused and offline until both end', async () => {
  const opId = await park();
  await bench.engine.pause();
  await bench.engine.resolveConflict(opId, acceptServer());
  expect(await bench.engine.conflicts()).toEqual([]);
  await until(() => bench.engine.status().conflicts === 0);
  expect(await bench.engine.explain()).toMatchObject([{ opId }]);
  await bench.engine.resume();
  await bench.engine.whenIdle();
  expect(await bench.row('t1')).toMatchObject({ title: 'theirs' });
  expect(await bench.queued()).toEqual([]);
});

test('F-31: asks again when a pull has replaced the version that was decided on', async () => {
  const opId = await park();
  await bench.engine.pause();
  await bench.engine.resolveConflict(opId, acceptClient());
  // What another tab's pull would store.
  await bench.dataSource.query('UPDATE "sync_conflicts" SET "server_data" = ?, "server_timestamp" = ?', [
    '{"id":"t1","title":"newer"}',
    '2026-01-01T12:30:00.000000Z',
  ]);
  await bench.engine.resume();
  await bench.engine.whenIdle();
  expect(bench.transport.sent).toHaveLength(1);
  expect(await bench.engine.conflicts()).toMatchObject([
    { state: 'awaiting', conflict: { serverData: { title: 'newer' } } },
  ]);
  expect(bench.eventsOf('conflict.unresolved').at(-1)?.reason).toContain('another version');
});

test('F-31: asks again when a decision meets an unseen server version, whatever the strategy says', async () => {
  const opId = await park();
  bench.backend.update('tasks', 't1', { title: 'newest' });
  await bench.engine.resolveConflict(opId, acceptMerged({ title: 'decided on the old one' }));
  await bench.engine.whenIdle();
  expect(bench.backend.get('tasks', 't1')).toMatchObject({ title: 'newest' });
  expect(await bench.engine.conflicts()).toMatchObject([
    { state: 'awaiting', conflict: { localData: { title: 'mine' }, serverData: { title: 'newest' } } },
  ]);
  await bench.engine.resolveConflict(await waiting(), acceptMerged({ title: 'decided on the new one' }));
  await bench.engine.whenIdle();
  expect(bench.backend.get('tasks', 't1')).toMatchObject({ title: 'decided on the new one' });
});

/** Writes what a pull of another tab would bring. */
const pulledElsewhere = (title: string, at: string): Promise<unknown> =>
  bench.dataSource.query('UPDATE "sync_conflicts" SET "server_data" = ?, "server_timestamp" = ?', [
    JSON.stringify({ id: 't1', title }),
    at,
  ]);

test('F-31: rejects a decision whose expected rows are older than the stored ones, and returns the newer ones', async () => {
  const opId = await park();
  const shown = (await bench.engine.conflicts())[0]?.conflict;
  await bench.engine.pause();
  await pulledElsewhere('newer', '2026-01-01T12:30:00.000000Z');
  const refused = await bench.engine
    .resolveConflict(opId, acceptClient(), { expected: shown })
    .catch((error: unknown) => error);
  expect(refused).toBeInstanceOf(ConflictChangedError);
  expect(refused).toMatchObject({
    kind: 'tasks',
    entityId: 't1',
    conflict: { opId, localData: { title: 'mine' }, serverData: { title: 'newer' } },
  });
  expect(describeSyncError(refused)).toContain('Your changes are kept');
  expect(await bench.engine.conflicts()).toMatchObject([{ state: 'awaiting', conflict: { opId } }]);
  expect(bench.transport.sent).toHaveLength(1);
  await bench.engine.resume();
  await bench.engine.resolveConflict(opId, acceptServer(), { expected: (refused as ConflictChangedError).conflict });
  await bench.engine.whenIdle();
  expect(await bench.engine.conflicts()).toEqual([]);
});

test('F-31: rejects a decision made before a later local edit, and returns the newer pair', async () => {
  const opId = await park();
  const shown = (await bench.engine.conflicts())[0]?.conflict;
  await bench.engine.resolveConflict(opId, defer());
  await bench.engine.whenIdle();
  await bench.edit('t1', { title: 'mine, again' });
  await bench.sync();
  const [renewed] = await bench.engine.conflicts();
  expect(renewed?.conflict.opId).not.toBe(opId);
  await expect(bench.engine.resolveConflict(opId, acceptClient(), { expected: shown })).rejects.toMatchObject({
    name: 'ConflictChangedError',
    conflict: { opId: renewed?.conflict.opId, localData: { title: 'mine, again' } },
  });
  // A settled conflict has no newer pair.
  await bench.engine.resolveConflict(renewed?.conflict.opId ?? '', acceptServer(), { expected: renewed?.conflict });
  await bench.engine.whenIdle();
  await expect(bench.engine.resolveConflict(opId, acceptClient(), { expected: shown })).rejects.toThrow(
    /no conflict waits/,
  );
});

test("gives up regardless of the server's version", async () => {
  const opId = await park();
  await bench.engine.pause();
  await bench.engine.resolveConflict(opId, discard());
  bench.backend.update('tasks', 't1', { title: 'newest' });
  await bench.engine.resume();
  await bench.sync();
  expect(await bench.queued()).toEqual([]);
  expect(await bench.row('t1')).toMatchObject({ title: 'newest' });
});

test("F-36, EVT-09: discard restores the server's state, reports what was lost, and has no result", async () => {
  const opId = await park();
  await bench.engine.resolveConflict(opId, discard());
  await bench.engine.whenIdle();
  expect(await bench.row('t1')).toMatchObject({ title: 'theirs' });
  const [resolved] = bench.eventsOf('conflict.resolved');
  expect(resolved).toMatchObject({
    resolution: { type: 'discard' },
    givenUp: [{ opId, data: { title: 'mine' }, changedFields: ['title'] }],
  });
  expect(resolved).not.toHaveProperty('resultData');
  expect(bench.eventsOf('op.discarded')).toMatchObject([{ opId, reason: 'discard' }]);
});

test('F-136: rebases edits made after the question on the result of the decision', async () => {
  const opId = await park();
  await bench.edit('t1', { stock: 8 });
  await bench.engine.resolveConflict(opId, acceptServer());
  await bench.engine.whenIdle();
  await bench.sync();
  expect(bench.backend.get('tasks', 't1')).toMatchObject({ title: 'theirs', stock: 8 });
  expect(bench.eventsOf('conflict.detected')).toHaveLength(1);
});

test('sends operations queued behind a decided conflict in the same run', async () => {
  const opId = await park();
  await bench.edit('t1', { stock: 8 });
  await bench.engine.resolveConflict(opId, acceptClient());
  await bench.engine.whenIdle();
  expect(bench.backend.get('tasks', 't1')).toMatchObject({ title: 'mine', stock: 8 });
  expect(await bench.queued()).toEqual([]);
});

test('keeps showing a conflict that a person defers', async () => {
  const opId = await park();
  await bench.engine.resolveConflict(opId, defer());
  await bench.engine.whenIdle();
  expect(await bench.engine.conflicts()).toMatchObject([{ state: 'awaiting', reason: 'Resolution deferred' }]);
});

test('F-35: rejects a decision that cannot be stored locally at once', async () => {
  const opId = await park();
  await expect(bench.engine.resolveConflict(opId, acceptMerged({ stock: 'many' }))).rejects.toThrow(ValidationError);
  await expect(bench.engine.resolveConflict('no such op', acceptServer())).rejects.toThrow(/no conflict waits/);
  expect(await bench.engine.conflicts()).toMatchObject([{ state: 'awaiting' }]);
});

test('F-03: a decision that the server refuses returns the conflict to the person with the reason', async () => {
  const opId = await park();
  const stop = bench.backend.addRule(() => ({ status: 422, body: { error: 'validation', message: 'no seats left' } }));
  await bench.engine.resolveConflict(opId, acceptClient());
  await bench.engine.whenIdle();
  expect(await bench.engine.conflicts()).toMatchObject([
    { state: 'awaiting', conflict: { serverData: { title: 'theirs' }, localData: { title: 'mine' } } },
  ]);
  expect(bench.eventsOf('conflict.unresolved').at(-1)?.reason).toContain('no seats left');
  const sent = bench.transport.sent.length;
  await bench.sync();
  expect(bench.transport.sent).toHaveLength(sent);
  stop();
  await bench.engine.resolveConflict(opId, acceptClient());
  await bench.engine.whenIdle();
  expect(bench.backend.get('tasks', 't1')).toMatchObject({ title: 'mine' });
});

test('I1: resends a re-push whose reply was lost under the same key and then reports the conflict as resolved', async () => {
  const opId = await park();
  const { push } = bench.transport;
  bench.transport.push = async (ops, context) => {
    await push.call(bench.transport, ops, {});
    bench.transport.push = push;
    context.onAnswer?.({ opId: 'ignored', result: { type: 'pushMalformed', message: '' } });
    return { results: ops.map((op) => ({ opId: op.opId, result: { type: 'pushAmbiguous', message: 'reply lost' } })) };
  };
  await bench.engine.resolveConflict(opId, acceptMerged({ title: 'both' }));
  await bench.engine.whenIdle();
  await expect(bench.engine.resolveConflict(opId, acceptServer())).rejects.toThrow(/is being resolved/);
  await bench.sync().catch((error: unknown) => expect(error).toBeInstanceOf(NetworkError));
  expect(bench.eventsOf('conflict.resolved')).toMatchObject([{ resolution: { type: 'acceptMerged' } }]);
  expect(bench.backend.effectCount({ id: 't1' })).toBe(1);
  expect(await bench.queued()).toEqual([]);
  expect(await bench.engine.conflicts()).toEqual([]);
});

test.each(['throttled', 'unauthorized'] as const)(
  'I7: keeps a decision after an answer that only postpones it: %s',
  async (answer) => {
    const opId = await park();
    const { push } = bench.transport;
    bench.transport.push = (ops) => {
      bench.transport.push = push;
      const result =
        answer === 'throttled'
          ? { type: 'pushThrottled' as const, message: 'slow down', retryAfterMs: 1 }
          : { type: 'pushUnauthorized' as const, message: 'who are you' };
      return Promise.resolve({ results: ops.map((op) => ({ opId: op.opId, result })) });
    };
    await bench.engine.resolveConflict(opId, acceptMerged({ title: 'both' }));
    if (answer === 'throttled') {
      await until(() => bench.engine.status().phase === 'backoff');
      await bench.clock.advance(200_000);
      await until(() => bench.types().includes('conflict.resolved'));
    } else {
      await until(() => bench.types().includes('session.authRequired'));
      await bench.engine.signedIn();
    }
    await bench.sync();
    expect(bench.backend.get('tasks', 't1')).toMatchObject({ title: 'both' });
    expect(bench.eventsOf('conflict.resolved')).toMatchObject([
      { resolution: { type: 'acceptMerged', data: { title: 'both' } } },
    ]);
    expect(await bench.queued()).toEqual([]);
  },
);

test('conflicts$ shows each state that a person must know', async () => {
  bench = await openConflicts({ conflict: { strategy: 'manual' } });
  const seen: (readonly string[])[] = [];
  bench.engine.conflicts$.subscribe((conflicts) => seen.push(conflicts.map(({ state }) => state)));
  await bench.begin('t1');
  await bench.edit('t1', { title: 'mine' });
  bench.backend.update('tasks', 't1', { title: 'theirs' });
  await bench.sync();
  await bench.engine.resolveConflict(await waiting(), acceptServer());
  await bench.engine.whenIdle();
  await until(() => seen.length > 2 && seen.at(-1)?.length === 0);
  expect(seen[0]).toEqual([]);
  expect(seen).toContainEqual(['awaiting']);
  expect(seen.at(-1)).toEqual([]);
});
