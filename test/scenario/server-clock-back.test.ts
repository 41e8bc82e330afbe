import { afterEach, describe, expect, test } from 'vitest';
import { syncTable } from '../../src/persistence/tables/sync-table.ts';
import { openEngine, type EngineBench } from '../support/open-engine.ts';
import { todoEntity, todoOf } from '../support/todo.ts';

let bench: EngineBench;
afterEach(() => bench.close());

const types = (): readonly string[] => bench.told.map(({ type }) => type);
const edit = async (change: object): Promise<void> =>
  bench.writer.replaceAndEnqueue(todoOf('x', { ...(await bench.row('x')), ...change }));

/** Row x is known; then the clock of the server goes back by an hour. */
async function turnBack(): Promise<void> {
  bench = await openEngine();
  await bench.writer.insertAndEnqueue(todoOf('x', { title: 'one' }));
  await bench.engine.sync();
  bench.server.backend.turnBack(3_600_000);
}

describe('a server whose clock was set back (F-161)', () => {
  test('F-161, I3: accepts the answer to a write based on the known version, and bases the next edit on it', async () => {
    await turnBack();
    const before = (await bench.row('x'))?.updatedAt ?? '';
    await edit({ title: 'two' });
    expect(await bench.engine.sync()).toMatchObject({ pushed: 1, conflicts: 0 });
    const row = await bench.row('x');
    expect(row).toMatchObject({ title: 'two', updatedAt: bench.server.get('todos', 'x')?.['updatedAt'] });
    expect((row?.updatedAt ?? '') < before).toBe(true);
    await edit({ title: 'three' });
    expect(await bench.engine.sync()).toMatchObject({ pushed: 1, conflicts: 0 });
    expect(bench.server.get('todos', 'x')).toMatchObject({ title: 'three' });
    expect(types()).not.toContain('conflict.detected');
  });

  test('F-161, I4: after an answer without a row, a full resync brings the row although its version is older', async () => {
    await turnBack();
    bench.server.putAnswer = 'empty';
    await edit({ title: 'two' });
    await bench.engine.sync();
    expect(await bench.row('x')).toMatchObject({ title: 'two' });
    await bench.engine.fullResync();
    expect(await bench.row('x')).toMatchObject({
      title: 'two',
      updatedAt: bench.server.get('todos', 'x')?.['updatedAt'],
    });
  });

  test("F-161, I5: others' writes arrive with a full resync, and later pulls work again", async () => {
    await turnBack();
    bench.server.update('todos', 'x', { title: 'theirs' });
    bench.server.seed('todos', { ...todoOf('y', { title: 'new' }), updatedAt: undefined } as never);
    await bench.engine.sync();
    await bench.engine.fullResync();
    expect(await bench.row('x')).toMatchObject({ title: 'theirs' });
    expect(await bench.row('y')).toMatchObject({ title: 'new' });
    bench.server.update('todos', 'x', { title: 'later' });
    expect(await bench.engine.sync()).toMatchObject({ pulled: 1, ignored: 0 });
    expect(await bench.row('x')).toMatchObject({ title: 'later' });
  });

  test('F-161: a conflict with a row from after the clock step stays a conflict and keeps both sides', async () => {
    await turnBack();
    bench.server.update('todos', 'x', { priority: 7 });
    await edit({ title: 'mine' });
    await bench.engine.sync();
    expect(types()).toContain('conflict.merged');
    expect(bench.server.get('todos', 'x')).toMatchObject({ title: 'mine', priority: 7 });
    expect(await bench.row('x')).toMatchObject({ title: 'mine', priority: 7 });
  });

  test('F-161, F-157: a row removed here and restored there in an older version arrives with a full resync', async () => {
    bench = await openEngine({ tables: [syncTable(todoEntity, { kind: 'todos', tombstones: 'remove' })] });
    await bench.writer.insertAndEnqueue(todoOf('x', { title: 'one' }));
    await bench.engine.sync();
    await bench.writer.enqueueDelete('x');
    await bench.engine.sync();
    expect(await bench.row('x')).toBeNull();
    bench.server.backend.turnBack(3_600_000);
    bench.server.update('todos', 'x', { title: 'again', deletedAt: null });
    await bench.engine.fullResync();
    expect(await bench.row('x')).toMatchObject({ title: 'again' });
  });
});
