import { expect, onTestFinished, test } from 'vitest';
import { attachDevtools } from '../../src/devtools/agent/attach-devtools.ts';
import type { Json, JsonObject } from '../../src/model/values/json.ts';
import { replayBundle } from '../../src/replay/replay-bundle.ts';
import type { ReplayReport } from '../../src/replay/play/replay-report.ts';
import { seededRandom } from '../../src/testing/seeded-random.ts';
import { openEngine, type EngineBench, type EngineBenchOptions } from '../support/open-engine.ts';
import { todoOf } from '../support/todo.ts';

const quietly = (work: Promise<unknown>): Promise<unknown> => work.catch(() => undefined);

/** Saves what a real run did: real engine, database and server. */
async function recorded(
  script: (bench: EngineBench) => Promise<void>,
  options: EngineBenchOptions = {},
  capacity?: number,
): Promise<JsonObject> {
  const bench = await openEngine(options);
  onTestFinished(() => bench.close());
  const agent = attachDevtools(bench.engine, { name: 'todo app', ...(capacity === undefined ? {} : { capacity }) });
  bench.server.seed(
    'todos',
    Array.from({ length: 6 }, (_, index) => ({
      id: `t${index}`,
      title: `Todo ${index}`,
      done: false,
      priority: index,
      tags: ['home'],
    })),
  );
  await bench.engine.sync();
  await bench.clock.advance(5_000);
  await script(bench);
  return JSON.parse(JSON.stringify(await agent.ask('bundle', {}))) as JsonObject;
}

const summary = ({ outcome, departure, differences, violation, drained, left }: ReplayReport): object => ({
  outcome,
  departure,
  differences,
  violation,
  drained: drained.map(({ entityId }) => entityId),
  left: left.map(({ entityId, reason }) => [entityId, reason]),
});
const asRecorded = { outcome: 'same', departure: undefined, differences: [], violation: undefined };

test('I1: replays a day without a network: nothing was lost, and everything drains once it returns', async () => {
  const file = await recorded(
    async ({ engine, server, writer, clock }) => {
      await server.stop();
      await writer.insertAndEnqueue(todoOf('n1', { title: 'Buy milk' }));
      await clock.advance(3_600_000);
      await writer.replaceAndEnqueue(todoOf('t1', { title: 'Call the plumber' }));
      await writer.replaceAndEnqueue(todoOf('t1', { title: 'Call the plumber', done: true }));
      await quietly(engine.sync());
      await clock.advance(7_200_000);
      await writer.enqueueDelete('t2');
      await quietly(engine.sync());
    },
    { config: { maxRetries: 0 } },
  );
  const report = await replayBundle(file);
  expect(summary(report)).toEqual({ ...asRecorded, drained: ['n1', 't1', 't1', 't2'], left: [] });
  expect(report.steps.filter(({ type }) => type === 'phase').length).toBeGreaterThan(5);
  expect(report.unexpected).toEqual([]);
});

test('I8: retries after 5xx happen at their recorded times, whatever was drawn', async () => {
  const script = async ({ engine, server, writer, clock, skipWaits }: EngineBench): Promise<void> => {
    skipWaits();
    server.failNextRequests(3, 503, { match: { method: 'PUT' } });
    await writer.insertAndEnqueue(todoOf('n1'));
    await writer.insertAndEnqueue(todoOf('n2'));
    await quietly(engine.sync());
    await clock.advance(60_000);
    server.failNextRequests(1, 429, { retryAfter: 7, match: { method: 'PUT' } });
    await writer.insertAndEnqueue(todoOf('n3'));
    await quietly(engine.sync());
    await server.stop();
    await writer.insertAndEnqueue(todoOf('n4'));
    void quietly(engine.sync());
    await clock.flush();
  };
  // Not what a re-run would draw itself.
  const file = await recorded(script, { random: seededRandom(77) });
  const report = await replayBundle(file);
  expect(summary(report)).toMatchObject(asRecorded);
  const waits = (steps: ReplayReport['steps']): readonly string[] =>
    steps.filter(({ text }) => text === 'backoff.scheduled').map(({ detail }) => detail);
  expect(waits(report.steps).length).toBeGreaterThan(1);
  expect(waits(report.steps)).toEqual(waits(report.recorded));
  expect(report.left).toEqual([]);
});

test('F-46: an operation that was refused until stuck is stuck for the same reason; the others drain', async () => {
  const file = await recorded(
    async ({ engine, server, writer, clock }) => {
      server.refuse(({ id }) => id === 't3', {
        status: 422,
        body: { error: 'validation', fields: { title: 'is too long' } },
      });
      await writer.replaceAndEnqueue(todoOf('t3', { title: 'x'.repeat(40) }));
      await writer.replaceAndEnqueue(todoOf('t4', { title: 'fine' }));
      for (let round = 0; round < 3; round += 1) {
        await quietly(engine.sync());
        await clock.advance(10_000);
      }
      await writer.replaceAndEnqueue(todoOf('t3', { title: 'behind it' }));
      await writer.replaceAndEnqueue(todoOf('t5', { title: 'not sent yet' }));
    },
    { config: { maxRetries: 0, maxOutboxTryCount: 2 } },
  );
  const report = await replayBundle(file);
  expect(summary(report)).toEqual({
    ...asRecorded,
    drained: ['t5'],
    left: [
      ['t3', 'stuck'],
      ['t3', 'waitingFor'],
    ],
  });
  expect(report.left[0]?.detail).toMatch(/refused it 2 times/);
});

test('F-33: a conflict that waits for a person also waits in the replay, with the other side that was met', async () => {
  const file = await recorded(
    async ({ engine, server, writer }) => {
      await writer.replaceAndEnqueue(todoOf('t1', { title: 'mine' }));
      await writer.replaceAndEnqueue(todoOf('t2', { title: 'fine' }));
      server.update('todos', 't1', { title: 'theirs' });
      await quietly(engine.sync());
    },
    { config: { conflictStrategy: 'manual', maxRetries: 0 } },
  );
  const report = await replayBundle(file);
  expect(summary(report)).toEqual({ ...asRecorded, drained: [], left: [['t1', 'conflict']] });
  expect(report.assumed.join(' ')).toMatch(/made-up edits/);
});

test('I5: merges have the same result', async () => {
  const file = await recorded(async ({ engine, server, writer, clock }) => {
    await writer.replaceAndEnqueue(todoOf('t1', { title: 'mine' }));
    server.update('todos', 't1', { tags: ['home', 'office'] });
    await engine.sync();
    await clock.advance(1_000);
    await writer.replaceAndEnqueue(todoOf('t4', { title: 'later' }));
  });
  expect(summary(await replayBundle(file))).toEqual({ ...asRecorded, drained: ['t4'], left: [] });
});

test('I2: resends a lost reply under its key with one effect', async () => {
  const file = await recorded(
    async ({ engine, server, writer }) => {
      server.cutNextRequests(2, 'afterCommit', { method: 'PUT' });
      await writer.insertAndEnqueue(todoOf('n1'));
      await quietly(engine.sync());
    },
    { config: { maxRetries: 0 } },
  );
  const report = await replayBundle(file);
  expect(summary(report)).toEqual({ ...asRecorded, drained: ['n1'], left: [] });
  expect(report.assumed.join(' ')).toMatch(/no complete answer/);
});

test('I10: replays the complete runs of a truncated log, and reports it', async () => {
  const file = await recorded(
    async ({ engine, server, writer, clock }) => {
      server.refuse(({ id }) => id === 't3', { status: 422, body: { error: 'validation' } });
      await writer.replaceAndEnqueue(todoOf('t3', { title: 'too long' }));
      for (let round = 0; round < 6; round += 1) {
        await quietly(engine.sync());
        await clock.advance(10_000);
      }
    },
    { config: { maxRetries: 0, maxOutboxTryCount: 9 } },
    60,
  );
  const report = await replayBundle(file);
  expect(report.assumed[0]).toMatch(/^The log was cut off \(\d+ older entries gone\)/);
  expect(summary(report)).toMatchObject({ ...asRecorded, left: [['t3', 'stuck']] });
});

test('also replays a file from before full rows and answers were recorded', async () => {
  const file = await recorded(
    async ({ engine, server, writer }) => {
      await writer.replaceAndEnqueue(todoOf('t1', { title: 'mine' }));
      server.update('todos', 't1', { title: 'theirs' });
      await quietly(engine.sync());
      await server.stop();
      await writer.replaceAndEnqueue(todoOf('t2', { title: 'later' }));
      await quietly(engine.sync());
    },
    { config: { conflictStrategy: 'manual', maxRetries: 0 } },
  );
  const added = new Set([
    'creates',
    'changedFields',
    'baseUpdatedAt',
    'localTimestamp',
    'dispatched',
    'noConnection',
    'failure',
    'since',
    'healthy',
    'input',
    'options',
    'fields',
  ]);
  const older = (value: Json): Json =>
    Array.isArray(value)
      ? (value as readonly Json[]).map(older)
      : typeof value === 'object' && value !== null
        ? Object.fromEntries(
            Object.entries(value).flatMap(([key, inner]) => (added.has(key) ? [] : [[key, older(inner as Json)]])),
          )
        : value;
  const { rows: _rows, entries, engine, kinds, ...rest } = file;
  const report = await replayBundle({
    ...rest,
    entries: older(entries ?? []),
    engine: older(engine ?? {}),
    kinds: older(kinds ?? []),
  });
  expect(summary(report)).toMatchObject({ violation: undefined, left: [['t1', 'conflict']], drained: ['t2'] });
});

test('I12: on a deviating recording, reports where the replay diverges and what waits instead', async () => {
  const file = await recorded(
    async ({ engine, server, writer }) => {
      server.refuse(({ id }) => id === 't3', { status: 422, body: { error: 'validation' } });
      await writer.replaceAndEnqueue(todoOf('t3', { title: 'too long' }));
      await quietly(engine.sync());
    },
    { config: { maxRetries: 0 } },
  );
  const changed = JSON.parse(
    JSON.stringify(file).replace('"outcome":"pushRejected","statusCode":422', '"outcome":"pushSuccess"'),
  ) as Json;
  const report = await replayBundle(changed);
  expect(report.outcome).toBe('different');
  expect(report.differences).toEqual([
    expect.stringMatching(
      /^upsert todos\/t3 \(.+\) has left the queue in the re-run; in the file it waits: backoff\.$/,
    ),
  ]);
});

test('F-112: replays a push of many operations without a runtime warning about leaking listeners', async () => {
  const file = await recorded(async ({ engine, writer }) => {
    for (let index = 0; index < 15; index += 1) await writer.insertAndEnqueue(todoOf(`n${index}`));
    await engine.sync();
  });
  const warnings: string[] = [];
  const note = ({ message }: Error): void => void warnings.push(message);
  process.on('warning', note);
  const report = await replayBundle(file);
  // Warnings come with the next turn of the event loop.
  await new Promise((resolve) => {
    setImmediate(resolve);
  });
  process.off('warning', note);
  expect(warnings).toEqual([]);
  expect(summary(report)).toEqual({ ...asRecorded, drained: [], left: [] });
});

test('the same file and seed give the same replay', async () => {
  const file = await recorded(async ({ engine, server, writer, skipWaits }) => {
    skipWaits();
    server.failNextRequests(2, 500, { match: { method: 'PUT' } });
    await writer.insertAndEnqueue(todoOf('n1'));
    await quietly(engine.sync());
  });
  const [first, second] = [await replayBundle(file, { seed: 3 }), await replayBundle(file, { seed: 3 })];
  expect(second).toEqual(first);
});
