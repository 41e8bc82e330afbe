import { afterEach, describe, expect, test } from 'vitest';
import { acceptMerged, type ConflictStrategy } from '../../src/model/conflict.ts';
import { deepMerge, preservingMerge } from '../../src/rules/merging/merge.ts';
import { openConflicts, taskOf, type BenchOptions, type ConflictBench, type Task } from './bench.ts';

/** Behaviours of parity table §12 to §21, by number, unless the golden table or the hazards cover them. */
let bench: ConflictBench;
afterEach(() => bench.close());

async function collide(
  options: BenchOptions,
  here: Partial<Task> | 'deleted' = { title: 'mine' },
  there: Partial<Task> = { title: 'theirs', stock: 9 },
) {
  bench = await openConflicts(options);
  await bench.begin('t1', { meta: { a: 1 } });
  if (here === 'deleted') await bench.writer.enqueueDelete('t1');
  else await bench.edit('t1', here);
  bench.backend.update('tasks', 't1', there as Record<string, string>);
  return bench.sync();
}
const strategy = (name: ConflictStrategy): BenchOptions => ({ conflict: { strategy: name } });

test('CFL-01, AUT-01: merges a conflict by default', async () => {
  expect(await collide({})).toMatchObject({ conflicts: 1, conflictsResolved: 1 });
  expect(bench.eventsOf('conflict.detected')).toMatchObject([
    { strategy: 'autoPreserve', conflict: { kind: 'tasks', entityId: 't1' } },
  ]);
});

test('CFL-02, EVT-18: gives a delete no local data', async () => {
  await collide(strategy('manual'), 'deleted');
  expect(bench.eventsOf('conflict.detected')[0]?.conflict).toMatchObject({
    opType: 'delete',
    localData: {},
    serverData: { title: 'theirs' },
  });
});

test('CFL-05, SRV-04: removes a resolved operation from the outbox and counts it', async () => {
  await collide(strategy('serverWins'));
  expect(await bench.queued()).toEqual([]);
  expect(bench.eventsOf('sync.completed')[0]?.stats).toMatchObject({ conflicts: 1, conflictsResolved: 1 });
});

test("CFL-10, CFL-12: sends a merge with the operation's id, a new key, and the version that it was merged with", async () => {
  await collide({});
  const [first, second] = bench.transport.sent;
  expect(second).toMatchObject({
    opId: first?.opId,
    kind: 'tasks',
    id: 't1',
    requestId: `${first?.opId ?? ''}#2`,
    force: false,
  });
  expect(second?.baseUpdatedAt).toBe(bench.eventsOf('conflict.detected')[0]?.conflict.serverTimestamp);
  expect(await bench.row('t1')).toMatchObject({ title: 'mine', stock: 9 });
});

test('CFL-11, SRV-01 to SRV-03, EVT-19: takes the complete server row and sends no forced request', async () => {
  await collide(strategy('serverWins'));
  expect(await bench.row('t1')).toMatchObject({ title: 'theirs', stock: 9, meta: { a: 1 } });
  expect(bench.eventsOf('conflict.resolved')).toMatchObject([
    { resolution: { type: 'acceptServer' }, resultData: { title: 'theirs' } },
  ]);
  expect(bench.transport.sent).toHaveLength(1);
});

test("CFL-17: does not report the same value on both sides as a change; keeps the server's other fields", async () => {
  expect(await collide(strategy('manual'), { done: true }, { done: true })).toMatchObject({ conflicts: 0, pushed: 1 });
  expect(bench.transport.sent).toHaveLength(1);
});

test("SRV-05, DEL-01: a delete yields to the server's newer row", async () => {
  await collide(strategy('serverWins'), 'deleted');
  expect(await bench.row('t1')).toMatchObject({ title: 'theirs', deletedAtLocal: null, deletedAt: null });
});

test('CLI-01, CLI-02, EVT-19: sends a forced write without a base and stores locally what was sent', async () => {
  await collide(strategy('clientWins'));
  expect(bench.transport.forced).toMatchObject([{ type: 'upsert', force: true, payload: { title: 'mine' } }]);
  expect(bench.transport.forced[0]).not.toHaveProperty('baseUpdatedAt');
  expect(await bench.row('t1')).toMatchObject({ title: 'mine' });
  expect(bench.eventsOf('conflict.resolved')).toMatchObject([
    { resolution: { type: 'acceptClient' }, resultData: { title: 'mine' } },
  ]);
});

test('CLI-03, DEL-02: sends a forced delete', async () => {
  await collide(strategy('clientWins'), 'deleted');
  expect(bench.transport.forced).toMatchObject([{ type: 'delete', force: true }]);
  expect(bench.backend.get('tasks', 't1')).toBeUndefined();
});

test("LWW-02: accepts the server's later edit without a request", async () => {
  await collide(strategy('lastWriteWins'), { title: 'mine' }, { title: 'theirs', updatedAt: '2026-01-01T13:00:00Z' });
  expect(bench.transport.sent).toHaveLength(1);
  expect(await bench.row('t1')).toMatchObject({ title: 'theirs', updatedAt: '2026-01-01T13:00:00Z' });
});

describe('merge', () => {
  test('MRG-01, MRG-06, EVT-06: reports the default merge like any other merge', async () => {
    await collide(strategy('merge'));
    expect(bench.backend.get('tasks', 't1')).toMatchObject({ title: 'mine', stock: 9 });
    expect(bench.types('conflict.')).toEqual(['conflict.detected', 'conflict.merged', 'conflict.resolved']);
  });
  test("MRG-02, MRG-03, TBL-03: calls the table's merge function instead of the global one", async () => {
    const global = { mergeFunction: (_: object, server: object) => ({ ...server, title: 'global' }) };
    await collide({ ...strategy('merge'), config: global });
    expect(bench.backend.get('tasks', 't1')).toMatchObject({ title: 'global', stock: 9 });
    await bench.close();
    await collide({
      conflict: { strategy: 'merge', mergeFunction: (_, server) => ({ ...server, title: 'table' }) },
      config: global,
    });
    expect(bench.backend.get('tasks', 't1')).toMatchObject({ title: 'table' });
  });
  test('MRG-02: passes the base and the changed fields to the merge function', async () => {
    const seen: unknown[] = [];
    await collide({
      conflict: {
        strategy: 'merge',
        mergeFunction: (local, server, context) => {
          seen.push(context);
          return { ...server, ...local };
        },
      },
    });
    expect(seen).toMatchObject([{ base: { title: 'title' }, changedFields: ['title'] }]);
  });
  test('MRG-04, MRG-05: accepts deepMerge and preservingMerge as functions', async () => {
    await collide(
      { conflict: { strategy: 'merge', mergeFunction: (local, server) => deepMerge(local, server) } },
      { meta: { a: 1, b: 2 } },
      { meta: { a: 1, c: 3 } },
    );
    expect(bench.backend.get('tasks', 't1')).toMatchObject({ meta: { a: 1, b: 2, c: 3 } });
    await bench.close();
    await collide(
      { conflict: { strategy: 'merge', mergeFunction: (local, server) => preservingMerge(local, server).data } },
      { tags: ['a', 'n'] },
      { tags: ['a', 'm'] },
    );
    expect(bench.backend.get('tasks', 't1')).toMatchObject({ tags: ['a', 'm', 'n'] });
  });
});

test('MAN-10: a resolver may declare where its fields came from', async () => {
  const info = { localFields: ['title'], serverFields: ['stock'] };
  await collide({
    conflict: {
      strategy: 'manual',
      resolver: ({ localData, serverData }) => acceptMerged({ ...serverData, title: localData['title'] ?? null }, info),
    },
  });
  expect(bench.eventsOf('conflict.resolved')).toMatchObject([
    { resolution: { type: 'acceptMerged', mergeInfo: info } },
  ]);
  expect(bench.backend.get('tasks', 't1')).toMatchObject({ title: 'mine', stock: 9 });
});

describe('autoPreserve', () => {
  test("AUT-02, AUT-05: keeps both sides' edits on server and client and names both", async () => {
    await collide({}, { title: 'name', done: true }, { stock: 10, tags: ['a', 'b', 'note'] });
    const expected = { title: 'name', done: true, stock: 10, tags: ['a', 'b', 'note'] };
    expect(bench.backend.get('tasks', 't1')).toMatchObject(expected);
    expect(await bench.row('t1')).toMatchObject(expected);
    expect(bench.eventsOf('conflict.merged')).toMatchObject([{ localFields: ['title', 'done'], mergedData: expected }]);
  });
  test("AUT-03: takes the server's value for fields outside the changed fields, even if our payload differs", async () => {
    bench = await openConflicts();
    await bench.begin('t1');
    await bench.writer.replaceAndEnqueue(taskOf('t1', { title: 'mine', stock: 1 }), { changedFields: ['title'] });
    bench.backend.update('tasks', 't1', { stock: 9 });
    await bench.sync();
    expect(bench.backend.get('tasks', 't1')).toMatchObject({ title: 'mine', stock: 9 });
  });
  test("AUT-04: an empty field that we did not touch does not clear the server's value", async () => {
    bench = await openConflicts();
    await bench.writer.insertAndEnqueue(taskOf('t1', { dueDate: null }));
    bench.backend.seed('tasks', { id: 't1', title: 'theirs', dueDate: '2026-07-01', done: false, deletedAt: null });
    await openedConditionally();
    expect(bench.backend.get('tasks', 't1')).toMatchObject({ dueDate: '2026-07-01', title: 'title' });
  });
});

/** A create conflicts only when the server is asked to create only (F-40). */
async function openedConditionally(): Promise<void> {
  Object.defineProperty(bench.transport, 'capabilities', { value: { idempotency: 'key', conditionalWrite: true } });
  await bench.sync();
}

test("TBL-02: prefers the table's strategy over the global one", async () => {
  await collide({ conflict: { strategy: 'serverWins' }, config: { conflictStrategy: 'clientWins' } });
  expect(bench.eventsOf('conflict.detected')).toMatchObject([{ strategy: 'serverWins' }]);
});

test('applies field rules by property name, whatever the wire names are', async () => {
  bench = await openConflicts({ table: { naming: 'snake_case' }, conflict: { fields: { dueDate: 'min' } } });
  bench.backend.seed('tasks', {
    id: 't1',
    title: 'x',
    done: false,
    stock: 1,
    due_date: '2026-05-01',
    tags: null,
    meta: null,
    deleted_at: null,
    updated_at: '2026-01-01T10:00:00Z',
  });
  await bench.sync();
  await bench.edit('t1', { dueDate: '2026-08-01' });
  bench.backend.update('tasks', 't1', { due_date: '2026-06-01', updated_at: '2026-01-01T11:00:00Z' });
  expect(await bench.sync()).toMatchObject({ conflictsResolved: 1 });
  expect(await bench.row('t1')).toMatchObject({ dueDate: '2026-06-01' });
  expect(bench.eventsOf('conflict.resolved')[0]?.givenUp).toMatchObject([
    { changedFields: ['due_date'], data: { due_date: '2026-08-01' } },
  ]);
});
