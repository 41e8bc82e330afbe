import { afterEach, describe, expect, test } from 'vitest';
import {
  acceptClient,
  acceptMerged,
  acceptServer,
  defer,
  type Conflict,
  type ConflictResolution,
  type ConflictResolver,
} from '../../src/model/conflict.ts';
import { openConflicts, taskOf, until, type BenchOptions, type ConflictBench } from './bench.ts';

let bench: ConflictBench;
afterEach(() => bench.close());

const turns = async (count = 30): Promise<void> => {
  for (let turn = 0; turn < count; turn += 1)
    await new Promise((resolve) => {
      setImmediate(resolve);
    });
};

/** A dialog that stays open until the test answers it. */
function openDialog() {
  const asked: Conflict[] = [];
  const answers: ((resolution: ConflictResolution) => void)[] = [];
  const resolver: ConflictResolver = (conflict) => {
    asked.push(conflict);
    return new Promise((resolve) => {
      answers.push(resolve);
    });
  };
  return { asked, resolver, answer: (resolution: ConflictResolution) => answers.shift()?.(resolution) };
}

/** Both sides changed the rows. */
async function collide(ids: string | readonly string[], here: string, there: string): Promise<void> {
  const all = [ids].flat();
  for (const id of all) await bench.begin(id);
  for (const id of all) {
    await bench.edit(id, { title: here });
    bench.backend.update('tasks', id, { title: there });
  }
}

const manual = (resolver: ConflictResolver, more: BenchOptions = {}): Promise<ConflictBench> =>
  openConflicts({ ...more, conflict: { strategy: 'manual', resolver } });

test('MAN-01, CFL-02: passes a copy of the whole conflict to the resolver', async () => {
  const seen: Conflict[] = [];
  bench = await manual((conflict) => {
    seen.push(structuredClone(conflict));
    Object.assign(conflict.localData, { title: 'spoilt' });
    return acceptClient();
  });
  await collide('t1', 'mine', 'theirs');
  await bench.sync();
  expect(seen).toMatchObject([
    {
      kind: 'tasks',
      entityId: 't1',
      opType: 'upsert',
      localData: { title: 'mine' },
      serverData: { title: 'theirs' },
      baseData: { title: 'title' },
      changedFields: ['title'],
      serverDeleted: false,
      localTimestamp: '2026-01-01T12:00:00.000Z',
    },
  ]);
  expect(bench.backend.get('tasks', 't1')).toMatchObject({ title: 'mine' });
});

test("MAN-08, TBL-04: calls the table's resolver instead of the global one", async () => {
  let global = 0;
  bench = await openConflicts({
    conflict: { resolver: () => acceptServer() },
    config: {
      conflictStrategy: 'manual',
      conflictResolver: () => {
        global += 1;
        return acceptClient();
      },
    },
  });
  await collide('t1', 'mine', 'theirs');
  await bench.sync();
  expect(global).toBe(0);
  expect(await bench.row('t1')).toMatchObject({ title: 'theirs' });
});

test('TBL-01, TBL-06: a table without its own settings uses the global ones', async () => {
  bench = await openConflicts({ config: { conflictStrategy: 'manual', conflictResolver: () => acceptServer() } });
  await collide('t1', 'mine', 'theirs');
  expect(await bench.sync()).toMatchObject({ conflictsResolved: 1 });
  expect(bench.eventsOf('conflict.detected')[0]?.strategy).toBe('manual');
});

describe('F-145: an unanswered question', () => {
  test('MAN-09: sync waits for the answer and applies it in the same run', async () => {
    const dialog = openDialog();
    bench = await manual(dialog.resolver);
    await collide('t1', 'mine', 'theirs');
    const running = bench.sync();
    await until(() => bench.types().includes('page.pulled') && dialog.asked.length === 1);
    await turns();
    expect(bench.types()).not.toContain('sync.completed');
    // Other tabs and processes are not blocked meanwhile.
    await until(async () => (await lease()) === 0);
    dialog.answer(acceptMerged({ title: 'both' }));
    expect(await running).toMatchObject({ conflicts: 1, conflictsResolved: 1, pushed: 1 });
    expect(bench.backend.get('tasks', 't1')).toMatchObject({ title: 'both' });
    expect(bench.types('conflict.')).toEqual(['conflict.detected', 'conflict.resolved']);
    expect(bench.types('sync.').filter((type) => type !== 'sync.progress')).toEqual([
      'sync.started',
      'sync.started',
      'sync.completed',
    ]);
  });

  test('pushes and pulls other rows meanwhile; a new sync ends the wait, and a late answer applies automatically', async () => {
    const dialog = openDialog();
    bench = await manual(dialog.resolver);
    await collide('t1', 'mine', 'theirs');
    const first = bench.sync();
    await until(() => dialog.asked.length === 1 && bench.types().includes('page.pulled'));
    await bench.writer.insertAndEnqueue(taskOf('t2'));
    await bench.sync();
    expect(await first).toMatchObject({ conflicts: 1, conflictsResolved: 0 });
    expect(bench.backend.get('tasks', 't2')).toBeDefined();
    expect(await bench.engine.conflicts()).toMatchObject([{ state: 'awaiting', conflict: { entityId: 't1' } }]);
    await bench.sync();
    expect(dialog.asked).toHaveLength(1);
    dialog.answer(acceptClient());
    await until(() => bench.types().includes('conflict.resolved'));
    await bench.engine.whenIdle();
    expect(bench.backend.get('tasks', 't1')).toMatchObject({ title: 'mine' });
    expect(await bench.queued()).toEqual([]);
  });

  test('PAUSE ends the wait at once, and RESUME applies an answer given meanwhile', async () => {
    const dialog = openDialog();
    bench = await manual(dialog.resolver);
    await collide('t1', 'mine', 'theirs');
    const running = bench.sync();
    await until(() => dialog.asked.length === 1 && bench.types().includes('page.pulled'));
    await bench.engine.pause();
    dialog.answer(acceptClient());
    await until(async () => (await bench.engine.conflicts()).length === 0);
    expect(bench.backend.get('tasks', 't1')).toMatchObject({ title: 'theirs' });
    await bench.engine.resume();
    await running;
    await bench.engine.whenIdle();
    expect(bench.backend.get('tasks', 't1')).toMatchObject({ title: 'mine' });
    expect(await bench.engine.conflicts()).toEqual([]);
  });

  test('STOP does not wait; a restart asks again and ignores the old answer', async () => {
    const dialog = openDialog();
    const { mkdtemp, rm } = await import('node:fs/promises');
    const directory = await mkdtemp('/tmp/conflicts-');
    try {
      bench = await manual(dialog.resolver, { database: `${directory}/app.db` });
      await collide('t1', 'mine', 'theirs');
      const running = bench.sync().catch((error: unknown) => error);
      await until(() => dialog.asked.length === 1);
      bench = await bench.reopen({
        conflict: { strategy: 'manual', resolver: () => acceptMerged({ title: 'second' }) },
      });
      expect(await running).toBeInstanceOf(Error);
      dialog.answer(acceptServer());
      await bench.sync();
      expect(bench.backend.get('tasks', 't1')).toMatchObject({ title: 'second' });
    } finally {
      await bench.close();
      await rm(directory, { recursive: true });
    }
  });

  test('CFL-14: asks a resolver one question at a time, in operation order', async () => {
    const dialog = openDialog();
    bench = await manual(dialog.resolver);
    await collide(['t1', 't2'], 'mine', 'theirs');
    const running = bench.sync();
    await until(() => bench.types().includes('page.pulled'));
    await turns();
    expect(dialog.asked.map(({ entityId }) => entityId)).toEqual(['t1']);
    dialog.answer(acceptClient());
    await until(() => dialog.asked.length === 2);
    dialog.answer(acceptServer());
    expect(await running).toMatchObject({ conflicts: 2, conflictsResolved: 2 });
    expect(bench.backend.get('tasks', 't1')).toMatchObject({ title: 'mine' });
    expect(await bench.row('t2')).toMatchObject({ title: 'theirs' });
  });

  test('I7: asks again about the new version instead of applying an answer to an outdated one', async () => {
    const dialog = openDialog();
    bench = await manual(dialog.resolver);
    await collide('t1', 'mine', 'theirs');
    const running = bench.sync();
    await until(() => dialog.asked.length === 1 && bench.types().includes('page.pulled'));
    bench.backend.update('tasks', 't1', { title: 'newest' });
    dialog.answer(acceptClient());
    await until(() => dialog.asked.length === 2);
    expect(dialog.asked[1]?.serverData).toMatchObject({ title: 'newest' });
    expect(bench.backend.get('tasks', 't1')).toMatchObject({ title: 'newest' });
    dialog.answer(acceptMerged({ title: 'all' }));
    await running;
    expect(bench.backend.get('tasks', 't1')).toMatchObject({ title: 'all' });
  });

  test('a decision made elsewhere while the question is open counts', async () => {
    const dialog = openDialog();
    bench = await manual(dialog.resolver);
    await collide('t1', 'mine', 'theirs');
    void bench.sync();
    await until(() => dialog.asked.length === 1 && bench.types().includes('page.pulled'));
    const [stored] = await bench.engine.conflicts();
    await bench.engine.resolveConflict(stored?.conflict.opId ?? '', acceptMerged({ title: 'elsewhere' }));
    await until(() => bench.types().includes('conflict.resolved'));
    dialog.answer(acceptServer());
    await turns();
    await bench.engine.whenIdle();
    expect(bench.backend.get('tasks', 't1')).toMatchObject({ title: 'elsewhere' });
  });
});

describe('F-02: a resolver that defers its decision', () => {
  test('sends one request and asks once per run; asks again on an explicit sync or a new server version', async () => {
    let asked = 0;
    bench = await manual(() => {
      asked += 1;
      return defer();
    });
    await collide('t1', 'mine', 'theirs');
    await bench.sync();
    expect({ asked, sent: bench.transport.sent.length }).toEqual({ asked: 1, sent: 1 });
    expect(bench.types('conflict.')).toEqual(['conflict.detected', 'conflict.unresolved']);
    const automatic = async (): Promise<void> => {
      bench.engine.actor.send({ type: 'SYNC', automatic: true });
      await bench.engine.whenIdle();
    };
    await automatic();
    expect(asked).toBe(1);
    await bench.sync();
    expect(asked).toBe(2);
    bench.backend.update('tasks', 't1', { title: 'newer' });
    // The first pull brings the new version; the next run asks.
    await automatic();
    await automatic();
    expect(asked).toBe(3);
    expect(bench.transport.sent).toHaveLength(1);
  });

  test('includes edits made meanwhile in the next question', async () => {
    const seen: Conflict[] = [];
    bench = await manual((conflict) => {
      seen.push(conflict);
      return seen.length === 1 ? defer() : acceptClient();
    });
    await collide('t1', 'mine', 'theirs');
    await bench.sync();
    await bench.edit('t1', { stock: 77 });
    await bench.sync();
    expect(seen[1]).toMatchObject({ localData: { title: 'mine', stock: 77 }, changedFields: ['title', 'stock'] });
    expect(bench.backend.get('tasks', 't1')).toMatchObject({ title: 'mine', stock: 77 });
    expect(await bench.queued()).toEqual([]);
  });
});

describe('F-16: a resolver or merge function that fails', () => {
  test('leaves its conflict unresolved with the reason, and the others go on', async () => {
    bench = await manual((conflict) => {
      if (conflict.entityId === 't1') throw new Error('no such form');
      return acceptServer();
    });
    await collide(['t1', 't2'], 'mine', 'theirs');
    await bench.writer.insertAndEnqueue(taskOf('t3'));
    expect(await bench.sync()).toMatchObject({ conflicts: 2, conflictsResolved: 1 });
    expect(bench.eventsOf('conflict.unresolved')).toMatchObject([
      { conflict: { entityId: 't1' }, reason: 'The conflict resolver failed: no such form' },
    ]);
    expect(bench.backend.get('tasks', 't3')).toBeDefined();
    expect(bench.types()).toContain('page.pulled');
  });

  test('the run that picks up a late failure reports it', async () => {
    let fail: (error: Error) => void = () => undefined;
    bench = await manual(
      () =>
        new Promise((_, reject) => {
          fail = reject;
        }),
    );
    await collide('t1', 'mine', 'theirs');
    const running = bench.sync();
    await until(() => bench.types().includes('page.pulled'));
    fail(new Error('the dialog crashed'));
    expect(await running).toMatchObject({ conflictsResolved: 0 });
    expect(bench.eventsOf('conflict.unresolved')).toMatchObject([
      { reason: 'The conflict resolver failed: the dialog crashed' },
    ]);
    expect(await bench.engine.conflicts()).toMatchObject([{ state: 'awaiting' }]);
  });

  test.each([
    ['nothing', undefined],
    ['a stranger', { type: 'wins' }],
    ['a merge without data', { type: 'acceptMerged' }],
    ['a forbidden key', { type: 'acceptMerged', data: JSON.parse('{"meta":{"__proto__":{"x":1}}}') as object }],
    ['another row', { type: 'acceptMerged', data: { id: 'other' } }],
    ['data that cannot be stored (F-35)', { type: 'acceptMerged', data: { stock: 'many' } }],
  ])('does not send an invalid answer: %s', async (_, answer) => {
    bench = await manual(() => answer as ConflictResolution);
    await collide('t1', 'mine', 'theirs');
    expect(await bench.sync()).toMatchObject({ conflictsResolved: 0 });
    expect(bench.types('conflict.')).toEqual(['conflict.detected', 'conflict.unresolved']);
    expect(bench.transport.sent).toHaveLength(1);
    expect(await bench.queued()).toHaveLength(1);
  });

  test('leaves the conflict unresolved when a merge function throws, and tries again in the next run', async () => {
    let isBroken = true;
    bench = await openConflicts({
      conflict: {
        strategy: 'merge',
        mergeFunction: (local, server) => {
          if (isBroken) throw new Error('bug');
          return { ...server, ...local };
        },
      },
    });
    await collide('t1', 'mine', 'theirs');
    await bench.sync();
    expect(bench.eventsOf('conflict.unresolved')).toMatchObject([{ reason: "The strategy 'merge' failed: bug" }]);
    isBroken = false;
    expect(await bench.sync()).toMatchObject({ conflictsResolved: 1 });
    expect(bench.backend.get('tasks', 't1')).toMatchObject({ title: 'mine' });
  });
});

async function lease(): Promise<number> {
  const { dataSource } = bench;
  const rows: { expires: number }[] = await dataSource.query('SELECT "expires_at" AS "expires" FROM "sync_lease"');
  return Number(rows[0]?.expires);
}
