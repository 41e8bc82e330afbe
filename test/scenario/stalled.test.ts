import { afterEach, expect, test } from 'vitest';
import { openEngine, type EngineBench } from '../support/open-engine.ts';
import { todoOf } from '../support/todo.ts';

let bench: EngineBench;
afterEach(() => bench.close());

const stalls = () => bench.told.filter((event) => event.type === 'run.stalled');

test('I12: reports a claimed operation without progress once, with its phase, but not a progressing one', async () => {
  bench = await openEngine({ config: { stallAfterMs: 20_000 }, rest: { requestTimeoutMs: 600_000 } });
  const { engine, server, writer, clock } = bench;
  await engine.sync();
  await clock.advance(60_000);
  await writer.insertAndEnqueue(todoOf('a'));
  const held = server.holdNextRequests(1, { method: 'PUT' });
  const run = engine.sync();
  await held.arrived;
  await clock.advance(19_000);
  expect(stalls()).toEqual([]);
  await clock.advance(100_000);
  expect(stalls()).toMatchObject([
    {
      phase: 'pushing',
      stalledMs: 20_000,
      operations: [{ kind: 'todos', entityId: 'a' }],
      at: clock.now() - 99_000,
      runId: 2,
    },
  ]);
  // An observation: the request goes on, and its answer counts.
  held();
  await run;
  expect(server.get('todos', 'a')).toMatchObject({ id: 'a' });
  await clock.advance(100_000);
  expect(stalls()).toHaveLength(1);
});

test('I12: reports nothing with Infinity', async () => {
  bench = await openEngine({ config: { stallAfterMs: Infinity }, rest: { requestTimeoutMs: 600_000 } });
  const { engine, server, clock } = bench;
  const held = server.holdNextRequests(1, { method: 'GET' });
  const run = engine.sync();
  await held.arrived;
  await clock.advance(500_000);
  held();
  await run;
  expect(stalls()).toEqual([]);
});
