/**
 * Captures what the stories show, from real runs: a real engine, database and server, saved as bundles. `npx tsx
 * stories/capture.ts` writes stories/fixtures/*.json anew; with names, only these. `npx biome check --write
 * stories/fixtures` makes them readable.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { increment } from '../src/model/values/delta.ts';
import type { EngineBenchOptions } from '../test/support/open-engine.ts';
import { todoOf } from '../test/support/todo.ts';
import { bundleOf, onBench, quietly, seeded, type CaptureBench } from './support/capture-bench.ts';
import { capturePhases } from './support/capture-phases.ts';

const folder = fileURLToPath(new URL('./fixtures/', import.meta.url));
const wanted = process.argv.slice(2);
mkdirSync(folder, { recursive: true });

const isWanted = (name: string): boolean => wanted.length === 0 || wanted.includes(name);
const save = (name: string, value: unknown): void => {
  writeFileSync(`${folder}${name}.json`, `${JSON.stringify(value)}\n`);
  process.stdout.write(`${name}\n`);
};
async function capture(
  name: string,
  script: (bench: CaptureBench) => Promise<void>,
  options: EngineBenchOptions = {},
): Promise<void> {
  if (!isWanted(name)) return;
  const bundle = await onBench(async (bench) => {
    await script(bench);
    return bundleOf(bench);
  }, options);
  save(name, bundle);
}

await capture('empty', async ({ engine, after }) => {
  await engine.sync();
  await after(12_000);
});

await capture(
  'offline-day',
  async (bench) => {
    const { engine, server, writer, after } = bench;
    await seeded(bench);
    await writer.insertAndEnqueue(todoOf('n1', { title: 'Buy milk' }));
    // A request that an idle connection loses is sent once more: both are cut.
    server.cutNextRequests(2, 'afterCommit', { method: 'PUT' });
    await quietly(engine.sync());
    await server.stop();
    await after(41_000);
    await writer.replaceAndEnqueue(todoOf('t1', { title: 'Call the plumber about the kitchen sink' }));
    await after(8_000);
    await writer.replaceAndEnqueue(todoOf('t1', { title: 'Call the plumber', done: true }));
    await after(3_000);
    await writer.enqueueDelete('t2');
    await after(1_500);
    await quietly(engine.sync());
    await after(4_000);
  },
  { config: { maxRetries: 0 } },
);

await capture(
  'troubles',
  async (bench) => {
    const { engine, server, writer, after } = bench;
    await seeded(bench);
    server.refuse(({ id }) => id === 't3', {
      status: 422,
      body: { error: 'validation', fields: { title: 'is too long' } },
    });
    server.refuse(({ id }) => id === 't4', { status: 403, body: { error: 'forbidden' } });
    server.poison('todos', 't5');
    for (const id of ['t1', 't3', 't4', 't5', 't6', 't7']) {
      await writer.replaceAndEnqueue(todoOf(id, { title: `${id}, as changed on this device`, priority: 7 }));
      await after(23_000);
    }
    await writer.enqueueDelete('t8');
    for (const id of ['t1', 't6', 't8'])
      server.update('todos', id, { title: `${id}, as changed by somebody else`, tags: ['home', 'office'] });
    await quietly(engine.sync());
    await after(75_000);
    await quietly(engine.sync());
    await after(31_000);
    await writer.replaceAndEnqueue(todoOf('t9', { title: 'Not sent yet', done: true }));
    await after(9_000);
    await writer.replaceAndEnqueue(todoOf('t3', { title: 'Behind the one that is stuck' }));
    await engine.pause();
    await after(6_000);
  },
  { config: { conflictStrategy: 'manual', maxOutboxTryCount: 2, maxRetries: 0 } },
);

/**
 * A day with everything that takes time: a first pull of several pages, retries after waits, a conflict that is merged,
 * a resync.
 */
await capture(
  'busy-day',
  async ({ engine, server, writer, clock, skipWaits, after }) => {
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
    await after(4_000);
    for (let index = 0; index < 8; index += 1)
      await writer.replaceAndEnqueue(todoOf(`t${index}`, { title: `Todo ${index}, again`, priority: index }));
    await quietly(engine.sync());
    await after(2_500);
    server.failNextRequests(3, 503, { match: { method: 'PUT' } });
    await writer.insertAndEnqueue(todoOf('n1', { title: 'Buy milk' }));
    await quietly(engine.sync());
    await after(3_000);
    server.refuse(({ id }) => id === 't11', {
      status: 422,
      body: { error: 'validation', fields: { title: 'is too long' } },
    });
    await writer.replaceAndEnqueue(todoOf('t10', { title: 'Water the plants', tags: ['home'] }));
    await writer.replaceAndEnqueue(todoOf('t11', { title: 'x'.repeat(40) }));
    server.update('todos', 't10', { tags: ['home', 'balcony'] });
    await quietly(engine.sync());
    await after(1_500);
    await quietly(engine.fullResync());
    await after(800);
    await server.stop();
    await writer.enqueueDelete('t12');
    await quietly(engine.sync());
    await clock.advance(3_400);
  },
  { config: { pageSize: 40, maxRetries: 2, conflictStrategy: 'merge' } },
);

/** A device that never pulled: with full resyncs on, its first run fetches all rows as a first pull. */
await capture(
  'first-pull',
  async ({ engine, server, writer, skipWaits, after }) => {
    skipWaits();
    server.seed(
      'todos',
      Array.from({ length: 90 }, (_, index) => ({
        id: `t${index}`,
        title: `Todo ${index}`,
        done: index % 3 === 0,
        priority: index,
        tags: ['home'],
      })),
    );
    await engine.sync();
    await after(4_000);
    await writer.replaceAndEnqueue(todoOf('t1', { title: 'Todo 1, again' }));
    await quietly(engine.sync());
    await after(2_000);
    await quietly(engine.fullResync());
    await after(800);
  },
  { config: { pageSize: 40, fullResyncIntervalMs: 7 * 86_400_000 } },
);

/** Each way in which two sides can disagree: edit and edit, edit and delete, delete and edit, a relative change. */
await capture(
  'conflict-kinds',
  async (bench) => {
    const { engine, server, writer, after } = bench;
    await seeded(bench);
    await writer.replaceAndEnqueue(
      todoOf('t1', { title: 'Buy oat milk', done: true, priority: 1, tags: ['home', 'shop'] }),
    );
    server.update('todos', 't1', { title: 'Buy milk, two litres', tags: ['home', 'today'] });
    await after(12_000);
    await writer.replaceAndEnqueue(
      todoOf('t2', { title: 'Paint the fence, after the rain', priority: 2, tags: ['garden'] }),
    );
    server.softDelete('todos', 't2');
    await after(8_000);
    await writer.enqueueDelete('t3');
    server.update('todos', 't3', { title: 'Fetch the parcel before six' });
    await after(15_000);
    await writer.applyDeltas('t4', [increment('priority', 3)]);
    server.update('todos', 't4', { priority: 11, title: 'Count the chairs once more' });
    await after(2_000);
    await quietly(engine.sync());
    await after(64_000);
  },
  { config: { conflictStrategy: 'manual', maxRetries: 0 } },
);

const longId = `project-${'7f3a9c'.repeat(12)}-todo-0000000001`;
const longText =
  'Ask the landlord whether the heating in the back room can be repaired before the first frost, and who pays for it. '.repeat(
    8,
  );
/** Ids, titles, lists and messages that are longer than any place there is for them. */
await capture(
  'long-texts',
  async (bench) => {
    const { engine, server, writer, after } = bench;
    server.seed('todos', [{ id: longId, title: 'A todo', done: false, priority: 1, tags: ['home'] }]);
    await seeded(bench);
    await writer.replaceAndEnqueue(
      todoOf(longId, {
        title: longText,
        tags: Array.from({ length: 40 }, (_, index) => `label-${index}-${'x'.repeat(30)}`),
      }),
    );
    server.update('todos', longId, { title: longText.toUpperCase(), tags: ['home', 'office'.repeat(30)] });
    server.refuse(({ id }) => id === 't3', {
      status: 422,
      body: { error: 'validation', fields: { title: `is too long: ${longText}` } },
    });
    await writer.replaceAndEnqueue(todoOf('t3', { title: longText }));
    await after(3_600_000);
    await quietly(engine.sync());
    await after(5 * 86_400_000);
  },
  { config: { conflictStrategy: 'manual', maxOutboxTryCount: 1, maxRetries: 0 } },
);

/** Rows that differ from the server's, rows in conflict, and some that could not be stored. */
if (isWanted('replica')) {
  const made = await onBench(
    async (bench) => {
      const { engine, server, writer, after, agent } = bench;
      await seeded(bench);
      for (const id of ['t1', 't6'])
        await writer.replaceAndEnqueue(todoOf(id, { title: `${id}, as changed on this device`, priority: 7 }));
      for (const id of ['t1', 't8'])
        server.update('todos', id, { title: `${id}, as changed by somebody else`, tags: ['home', 'office'] });
      server.update('todos', 't5', { title: null, tags: 'not a list' });
      server.refuse(({ id }) => id === 't6', { status: 422, body: { error: 'validation' } });
      await quietly(engine.sync());
      await after(18_000);
      await writer.insertAndEnqueue(todoOf('n1', { title: 'Buy milk' }));
      await writer.replaceAndEnqueue(todoOf('t9', { title: 'Not sent yet', done: true }));
      await writer.enqueueDelete('t2');
      await after(5_000);
      return { bundle: await bundleOf(bench), rows: await agent.ask('rows', { kind: 'todos', limit: 500 }) };
    },
    { config: { conflictStrategy: 'manual', maxRetries: 0 } },
  );
  save('replica', made.bundle);
  save('replica-rows', made.rows);
}

if (isWanted('phases')) save('phases', await capturePhases());
