/**
 * Captures what the stories show, from real runs: a real engine, database and server, saved as bundles. `npx tsx stories/capture.ts` writes
 * stories/fixtures/*.json anew; with names, only these.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { attachDevtools } from '../src/devtools/agent/attach-devtools.ts';
import { createSimulatedClock } from '../src/testing/simulated-clock.ts';
import { createTestServer } from '../src/testing/test-server.ts';
import { RestTransport } from '../src/transport/rest-transport.ts';
import { openEngine, type EngineBench, type EngineBenchOptions } from '../test/support/open-engine.ts';
import { todoOf } from '../test/support/todo.ts';
import { pacedTransport } from './support/paced-transport.ts';

const folder = fileURLToPath(new URL('./fixtures/', import.meta.url));
const wanted = process.argv.slice(2);

interface CaptureOptions extends EngineBenchOptions {
  /** Also writes the rows of the todos, as `<name>-rows.json`: a bundle has none. */
  readonly withRows?: boolean;
}

async function capture(name: string, script: (bench: EngineBench) => Promise<void>, { withRows = false, ...options }: CaptureOptions = {}): Promise<void> {
  if (wanted.length > 0 && !wanted.includes(name)) return;
  const bench = await openEngine(options);
  const agent = attachDevtools(bench.engine, { name: 'todo app' });
  await script(bench);
  writeFileSync(`${folder}${name}.json`, `${JSON.stringify(await agent.ask('bundle', {}))}\n`);
  if (withRows) writeFileSync(`${folder}${name}-rows.json`, `${JSON.stringify(await agent.ask('rows', { kind: 'todos', limit: 500 }))}\n`);
  agent.detach();
  await bench.close();
  process.stdout.write(`${name}\n`);
}

const seeded = async ({ engine, server }: EngineBench): Promise<void> => {
  server.seed(
    'todos',
    Array.from({ length: 12 }, (_, index) => ({ id: `t${index}`, title: `Todo ${index}`, done: index % 3 === 0, priority: index, tags: ['home'] })),
  );
  await engine.sync();
};
const quietly = (work: Promise<unknown>): Promise<unknown> => work.catch(() => undefined);

mkdirSync(folder, { recursive: true });

await capture('empty', async ({ engine }) => {
  await engine.sync();
});

const offlineDay = async (bench: EngineBench): Promise<void> => {
  const { engine, server, writer } = bench;
  await seeded(bench);
  await server.stop();
  await writer.insertAndEnqueue(todoOf('n1', { title: 'Buy milk' }));
  await writer.replaceAndEnqueue(todoOf('t1', { title: 'Call the plumber about the kitchen sink' }));
  await writer.replaceAndEnqueue(todoOf('t1', { title: 'Call the plumber', done: true }));
  await writer.enqueueDelete('t2');
  await quietly(engine.sync());
};
await capture('offline-day', offlineDay, { config: { maxRetries: 0 } });

await capture(
  'troubles',
  async (bench) => {
    const { engine, server, writer } = bench;
    await seeded(bench);
    server.refuse(({ id }) => id === 't3', { status: 422, body: { error: 'validation', fields: { title: 'is too long' } } });
    server.refuse(({ id }) => id === 't4', { status: 403, body: { error: 'forbidden' } });
    server.poison('todos', 't5');
    for (const id of ['t1', 't3', 't4', 't5', 't6', 't7'])
      await writer.replaceAndEnqueue(todoOf(id, { title: `${id}, as changed on this device`, priority: 7 }));
    await writer.enqueueDelete('t8');
    for (const id of ['t1', 't6', 't8']) server.update('todos', id, { title: `${id}, as changed by somebody else`, tags: ['home', 'office'] });
    await quietly(engine.sync());
    await quietly(engine.sync());
    await writer.replaceAndEnqueue(todoOf('t9', { title: 'Not sent yet', done: true }));
    await writer.replaceAndEnqueue(todoOf('t3', { title: 'Behind the one that is stuck' }));
    await engine.pause();
  },
  { config: { conflictStrategy: 'manual', maxOutboxTryCount: 2, maxRetries: 0 } },
);

/** A day with everything that takes time: a first pull of several pages, retries after waits, a conflict that is merged, a resync. */
const pacedServer = await createTestServer({ naming: 'camelCase' });
const pacedClock = createSimulatedClock();
await capture(
  'busy-day',
  async ({ engine, server, writer, clock, skipWaits }) => {
    skipWaits();
    server.seed(
      'todos',
      Array.from({ length: 130 }, (_, index) => ({
        id: `t${index}`,
        title: `Todo ${index}`,
        done: index % 3 === 0,
        priority: index,
        tags: ['home'],
      })),
    );
    await engine.sync();
    await clock.advance(4_000);
    for (let index = 0; index < 8; index += 1) await writer.replaceAndEnqueue(todoOf(`t${index}`, { title: `Todo ${index}, again`, priority: index }));
    await quietly(engine.sync());
    await clock.advance(2_500);
    server.failNextRequests(3, 503, { match: { method: 'PUT' } });
    await writer.insertAndEnqueue(todoOf('n1', { title: 'Buy milk' }));
    await quietly(engine.sync());
    await clock.advance(3_000);
    server.refuse(({ id }) => id === 't11', { status: 422, body: { error: 'validation', fields: { title: 'is too long' } } });
    await writer.replaceAndEnqueue(todoOf('t10', { title: 'Water the plants', tags: ['home'] }));
    await writer.replaceAndEnqueue(todoOf('t11', { title: 'x'.repeat(40) }));
    server.update('todos', 't10', { tags: ['home', 'balcony'] });
    await quietly(engine.sync());
    await clock.advance(1_500);
    await quietly(engine.fullResync());
    await clock.advance(800);
    await server.stop();
    await writer.enqueueDelete('t12');
    await quietly(engine.sync());
  },
  {
    server: pacedServer,
    clock: pacedClock,
    transport: pacedTransport(new RestTransport({ baseUrl: pacedServer.url, clock: pacedClock }), pacedClock),
    config: { pageSize: 40, maxRetries: 2, conflictStrategy: 'merge' },
  },
);
await pacedServer.close();

/** Rows that differ from the server's, rows in conflict, and some that could not be stored. */
await capture(
  'replica',
  async (bench) => {
    const { engine, server, writer } = bench;
    await seeded(bench);
    for (const id of ['t1', 't6']) await writer.replaceAndEnqueue(todoOf(id, { title: `${id}, as changed on this device`, priority: 7 }));
    for (const id of ['t1', 't8']) server.update('todos', id, { title: `${id}, as changed by somebody else`, tags: ['home', 'office'] });
    server.update('todos', 't5', { title: null, tags: 'not a list' });
    server.refuse(({ id }) => id === 't6', { status: 422, body: { error: 'validation' } });
    await quietly(engine.sync());
    await writer.insertAndEnqueue(todoOf('n1', { title: 'Buy milk' }));
    await writer.replaceAndEnqueue(todoOf('t9', { title: 'Not sent yet', done: true }));
    await writer.enqueueDelete('t2');
  },
  { withRows: true, config: { conflictStrategy: 'manual', maxRetries: 0 } },
);
