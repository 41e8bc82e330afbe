/**
 * A device that is used for a long time: edits, conflicts, outages, pauses, resyncs, subscriptions that come and go.
 * Says at each checkpoint what the process holds on to. Run by prove-long.ts, with `--expose-gc`.
 */
import { writeSync } from 'node:fs';
import { firstValueFrom } from 'rxjs';
import { createSyncEngine } from '../../src/engine/create-sync-engine.ts';
import { createTriggers } from '../../src/engine/triggers.ts';
import { systemClock } from '../../src/model/platform/system-clock.ts';
import { FaultyTransport } from '../../src/testing/faulty-transport.ts';
import { MemoryTransport } from '../../src/testing/memory-transport.ts';
import { seededRandom } from '../../src/testing/seeded-random.ts';
import { createSimulatedClock } from '../../src/testing/simulated-clock.ts';
import { RestTransport } from '../../src/transport/rest-transport.ts';
import { openTodoDatabase, todos } from '../support/open-store.ts';
import { todoEntity, todoOf } from '../support/todo.ts';
import { optionsOf } from './child-process.ts';
import type { LongCheckpoint, LongOptions } from './prove-long.ts';

const { cycles, forMs, checkpointEvery, driver, database, url } = optionsOf<LongOptions>();
const { gc } = globalThis;
if (gc === undefined) throw new Error('start this process with --expose-gc');

const rowCount = 100;
const memory = url === undefined ? new MemoryTransport({ naming: 'camelCase' }) : undefined;
const simulated = memory === undefined ? undefined : createSimulatedClock();
const clock = simulated ?? systemClock;
const transport = new FaultyTransport(memory ?? new RestTransport({ baseUrl: url ?? '', pushConcurrency: 2 }), {
  rate: 0,
});
const dataSource = await openTodoDatabase(driver, database);
const engine = createSyncEngine({
  dataSource,
  tables: [todos],
  transport,
  clock,
  random: seededRandom(1),
  config: { pageSize: 20, pushBatchSize: 10, backoffMinMs: 20, backoffMaxMs: 100, maxRetries: 1 },
});
engine.events$.subscribe((event) => {
  if (event.type === 'backoff.scheduled' && simulated !== undefined)
    setImmediate(() => void simulated.advance(event.delayMs));
});

/** Every promise that an app would hold; what is left of them after `dispose()` never ends. */
const open = new Set<Promise<unknown>>();
const hold = <T>(promise: Promise<T>): Promise<T | undefined> => {
  open.add(promise);
  const end = (): void => void open.delete(promise);
  promise.then(end, end);
  return promise.catch(() => undefined);
};

/** Somebody else changes a row on the server. */
const changeOnServer = async (id: string, priority: number): Promise<void> => {
  if (memory !== undefined) memory.backend.update('todos', id, { priority });
  else {
    const row = (await (await fetch(`${url}/todos/${id}`)).json()) as object;
    const headers = { 'content-type': 'application/json', 'x-force-update': 'true' };
    await (
      await fetch(`${url}/todos/${id}`, { method: 'PUT', headers, body: JSON.stringify({ ...row, priority }) })
    ).text();
  }
};

const writer = engine.writer(todos);
const rows = dataSource.getRepository(todoEntity);
const edit = async (id: string, title: string): Promise<void> => {
  const before = await rows.findOneByOrFail({ id });
  await writer.replaceAndEnqueueDiff(before, { ...before, title });
};

async function cycle(index: number): Promise<void> {
  const id = `todo-${index % rowCount}`;
  await edit(id, `title ${index}`);
  await edit(`todo-${(index * 7) % rowCount}`, `other title ${index}`);
  if (index % 3 === 0) await changeOnServer(`todo-${(index + 1) % rowCount}`, index);
  // The same row on both sides: a conflict.
  if (index % 5 === 0) await changeOnServer(id, index);
  if (index % 17 === 0) {
    await writer.insertAndEnqueue(todoOf(`short-lived-${index}`));
    await hold(engine.sync());
    await writer.enqueueDelete(`short-lived-${index}`);
  }
  if (index % 20 === 0) {
    transport.offline = true;
    await hold(engine.sync());
    transport.offline = false;
  }
  if (index % 31 === 0) {
    await hold(engine.pause());
    const given = new AbortController();
    const wait = hold(engine.sync({ signal: given.signal }));
    given.abort();
    await wait;
    await hold(engine.resume());
  }
  if (index % 37 === 0) {
    const live = engine.liveQuery(() => rows.find(), { tables: [todos] }).subscribe(() => undefined);
    const counts = engine.pending$().subscribe(() => undefined);
    await hold(firstValueFrom(engine.conflicts$));
    await hold(engine.explain());
    live.unsubscribe();
    counts.unsubscribe();
  }
  if (index % 41 === 0) {
    const triggers = createTriggers(engine, { interval: 60_000, pushOnOutboxChanges: true, visibility: false });
    await hold(triggers.start());
    await edit(id, `triggered ${index}`);
    triggers.dispose();
  }
  if (index % 97 === 0) await hold(engine.fullResync());
  const pushed = hold(engine.whenPushed());
  await hold(engine.sync());
  await pushed;
}

/** Timers, sockets and the like that keep this process alive, by type. */
const resources = (): Record<string, number> => {
  const counts: Record<string, number> = {};
  for (const type of process.getActiveResourcesInfo()) counts[type] = (counts[type] ?? 0) + 1;
  return counts;
};
const sizeOf = (owner: object, key: string): number => {
  const held: unknown = Reflect.get(owner, key);
  return held instanceof Set || held instanceof Map ? held.size : -1;
};
async function checkpoint(cycle: number): Promise<void> {
  if (memory !== undefined) {
    // What the server's side of this process remembers is not the engine's.
    memory.calls.length = 0;
    memory.backend.effects.length = 0;
    memory.backend.forgetIdempotencyKeys();
  }
  transport.injected.length = 0;
  for (let round = 0; round < 3; round++) {
    await new Promise((resolve) => setImmediate(resolve));
    gc?.();
  }
  const { heapUsed, external, rss } = process.memoryUsage();
  const said: LongCheckpoint = {
    cycle,
    atMs: Math.round(performance.now()),
    heap: heapUsed,
    external,
    rss,
    timers: simulated?.pending ?? resources()['Timeout'] ?? 0,
    resources: resources(),
    observers: sizeOf(engine.actor, 'observers') + sizeOf(engine.actor, 'eventListeners'),
    openPromises: open.size,
    pending: engine.status().pending,
  };
  writeSync(1, `${JSON.stringify(said)}\n`);
}

await hold(engine.start());
for (let index = 0; index < rowCount; index++) await writer.insertAndEnqueue(todoOf(`todo-${index}`));
await hold(engine.sync());
const started = performance.now();
let index = 0;
while (forMs === undefined ? index < cycles : performance.now() - started < forMs) {
  index += 1;
  await cycle(index);
  if (index % checkpointEvery === 0) await checkpoint(index);
}
// In the middle of things, with somebody waiting for everything.
await edit('todo-1', 'the last one');
transport.offline = true;
void hold(engine.sync());
void hold(engine.whenPushed());
void hold(engine.whenIdle());
void hold(engine.pause());
void hold(engine.fullResync());
await engine.dispose();
await new Promise((resolve) => setImmediate(resolve));
await dataSource.destroy();
await checkpoint(index);
writeSync(1, `done ${open.size}\n`);
process.exit(0);
