import { readFileSync } from 'node:fs';
import { filter, firstValueFrom } from 'rxjs';
import { afterEach, expect, test } from 'vitest';
import { waitFor } from 'xstate';
import { createSyncMachine } from '../../src/engine/machine/create-sync-machine.ts';
import type { SyncOptions } from '../../src/engine/api/sync-engine.ts';
import { interpret } from '../../src/machines/interpret.ts';
import { SyncAbortedError } from '../../src/model/errors/errors.ts';
import { MemoryTransport } from '../../src/testing/memory-transport.ts';
import { openEngine, type EngineBench } from '../support/open-engine.ts';
import { openTodoDatabase, todos } from '../support/open-store.ts';
import { todoOf } from '../support/todo.ts';

let bench: EngineBench | undefined;
afterEach(async () => {
  await bench?.close();
  bench = undefined;
});
/** A database that was paused before a restart. */
const openPaused = async (): Promise<EngineBench> => {
  const first = await openEngine();
  await first.engine.pause();
  bench = await first.reopen();
  return bench;
};
const calls = {
  sync: ({ engine }: EngineBench, options: SyncOptions) => engine.sync(options),
  syncRun: ({ engine }: EngineBench, options: SyncOptions) => engine.syncRun(options),
  fullResync: ({ engine }: EngineBench, { whenPaused, signal }: SyncOptions) =>
    engine.fullResync({ whenPaused, signal }),
};

test.each(Object.entries(calls))(
  'I12: %s as the first call on a paused database waits and reports it',
  async (_name, call) => {
    const { engine, types } = await openPaused();
    const syncing = call(bench!, {});
    await bench!.until(({ paused }) => paused);
    await bench!.clock.flush();
    expect(types()).toContain('request.deferred');
    await engine.resume();
    await syncing;
  },
);

test.each(Object.entries(calls))(
  '%s rejects on a paused database if configured, and leaves nothing behind',
  async (_name, call) => {
    const { engine, writer } = await openPaused();
    await writer.insertAndEnqueue(todoOf('a'));
    await expect(call(bench!, { whenPaused: 'reject' })).rejects.toThrow(SyncAbortedError);
    await expect(call(bench!, { whenPaused: 'reject' })).rejects.toThrow(
      /paused, so the call did nothing; call engine\.resume\(\)/,
    );
    expect(bench!.types()).not.toContain('request.deferred');
    await engine.resume();
    await engine.whenIdle();
    expect(bench!.server.requestCounts).toEqual({});
    await call(bench!, { whenPaused: 'reject' });
    expect(await bench!.queued()).toEqual([]);
  },
);

test('a pause during the run rejects callers that chose so; resume continues the run', async () => {
  bench = await openEngine();
  const { engine, writer } = bench;
  await writer.insertAndEnqueue(todoOf('a'));
  await engine.start();
  bench.skipWaits();
  const begun = firstValueFrom(
    engine.events$.pipe(filter((event) => event.type === 'sync.started' && event.phase === 'pull')),
  );
  const syncing = engine.sync({ whenPaused: 'reject' });
  const waiting = engine.sync();
  await begun;
  await engine.pause();
  await expect(syncing).rejects.toThrow(/continues after engine\.resume\(\)/);
  await engine.resume();
  await waiting;
  expect(await bench.queued()).toEqual([]);
});

test('rejects a misspelt value at the call', async () => {
  bench = await openEngine();
  // A value that an app without types may pass.
  const options = JSON.parse('{"whenPaused":"fail"}') as SyncOptions;
  expect(() => bench?.engine.sync(options)).toThrow(/whenPaused must be 'wait' or 'reject', got 'fail'/);
  expect(() => bench?.engine.fullResync({ whenPaused: options.whenPaused })).toThrow(TypeError);
});

test("the commands of the README's first example leave the database usable", async () => {
  const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8');
  const [example = ''] = /^```ts\n[\s\S]*?^```$/m.exec(readme) ?? [];
  const commands = [...example.matchAll(/sync\.send\(\{ type: '(\w+)' \}\)/g)].map(([, type]) => type);
  expect(commands).toContain('SYNC');
  expect(commands).toContain('PAUSE');
  const dataSource = await openTodoDatabase('better-sqlite3');
  try {
    const play = () =>
      interpret(createSyncMachine({ dataSource, transport: new MemoryTransport(), tables: [todos] })).start();
    const first = play();
    for (const type of commands) first.send({ type: type as 'SYNC' | 'PAUSE' | 'RESUME' });
    await waitFor(first, (snapshot) => snapshot.matches({ activity: 'idle' }) && snapshot.context.runCount > 0);
    first.send({ type: 'STOP' });
    await waitFor(first, (snapshot) => snapshot.status === 'done');
    const second = play();
    await waitFor(second, (snapshot) => snapshot.matches({ activity: 'idle' }));
    second.send({ type: 'STOP' });
    await waitFor(second, (snapshot) => snapshot.status === 'done');
  } finally {
    await dataSource.destroy();
  }
});
