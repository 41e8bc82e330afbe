import { afterEach, expect, test } from 'vitest';
import { requestIdOf, type Op } from '../../src/model/operation.ts';
import {
  pushAmbiguous,
  pushUnavailable,
  type OpPushResult,
  type PushResult,
  type TransportAdapter,
} from '../../src/model/transport.ts';
import { MemoryTransport } from '../../src/testing.ts';
import { openEngine, type EngineBench } from '../support/open-engine.ts';
import { todoOf } from '../support/todo.ts';

let bench: EngineBench;
afterEach(() => bench.close());

/**
 * A server in memory; `lose` says what becomes of an operation's answer, undefined: it arrives. `'never'`: the push
 * does not end, whatever its signal says.
 */
function losing(lose: (op: Op, time: number) => PushResult | 'never' | undefined) {
  const sent: string[] = [];
  let reach: () => void = () => undefined;
  const reached = new Promise<void>((resolve) => {
    reach = resolve;
  });
  const inner = new MemoryTransport();
  const times = new Map<string, number>();
  const transport: TransportAdapter = {
    capabilities: inner.capabilities,
    pull: (request) => inner.pull(request),
    forcePush: (op, context) => inner.forcePush(op, context),
    fetch: (request) => inner.fetch(request),
    health: (context) => inner.health(context),
    push: async (ops, { onAnswer }) => {
      const results: OpPushResult[] = [];
      for (const op of ops) {
        sent.push(requestIdOf(op));
        reach();
        const time = (times.get(op.id) ?? 0) + 1;
        times.set(op.id, time);
        const lost = lose(op, time);
        const { results: answered } = await inner.push([op], {});
        if (lost === 'never') return new Promise(() => undefined);
        const answer = lost === undefined ? answered[0] : { opId: op.opId, result: lost };
        if (answer === undefined) continue;
        results.push(answer);
        onAnswer?.(answer);
      }
      return { results };
    },
  };
  return { transport, backend: inner.backend, sent, reached };
}

test('I1, I9: requests of an adapter that ignores its signal stay queued after PAUSE and are resent under their keys', async () => {
  const { transport, backend, sent, reached } = losing((_, time) => (time === 1 ? 'never' : undefined));
  bench = await openEngine({ transport });
  const { engine, writer } = bench;
  await writer.insertAndEnqueue(todoOf('a'));
  const [opId = ''] = await bench.queued();
  void engine.sync().catch(() => undefined);
  await reached;
  void engine.pause();
  await bench.until(({ phase }) => phase === 'paused');
  expect(await bench.queued()).toEqual([opId]);
  expect(bench.types()).not.toContain('op.pushed');
  void engine.resume();
  await engine.sync();
  expect(await bench.queued()).toEqual([]);
  expect(sent).toEqual([opId, opId]);
  expect(backend.effectCount({ id: 'a' })).toBe(1);
});

test('I2, F-132: resends an operation whose answer was lost while others succeeded, under its key and with one effect', async () => {
  const { transport, backend, sent } = losing(({ id }, time) =>
    id === 'a' && time === 1 ? pushAmbiguous({ message: 'lost', timedOut: true }) : undefined,
  );
  bench = await openEngine({ transport });
  const { engine, writer, clock } = bench;
  await writer.insertAndEnqueue(todoOf('a'));
  await writer.insertAndEnqueue(todoOf('b'));
  const [first = '', second = ''] = await bench.queued();
  await engine.sync();
  expect(await bench.queued()).toEqual([first]);
  await clock.advance(10_000);
  await engine.sync();
  expect(sent).toEqual([first, second, first]);
  expect(await bench.queued()).toEqual([]);
  expect(backend.effectCount({ id: 'a' })).toBe(1);
});

test('F-09: a server that fails for everybody counts no try', async () => {
  let fails = true;
  const { transport } = losing(() =>
    fails ? pushUnavailable({ dispatched: true, statusCode: 500, message: 'down', noConnection: true }) : undefined,
  );
  bench = await openEngine({ transport, config: { maxRetries: 0 } });
  const { engine, writer } = bench;
  await writer.insertAndEnqueue(todoOf('a'));
  for (let round = 0; round < 7; round += 1) await expect(engine.sync()).rejects.toThrow();
  expect(await engine.explain()).toMatchObject([{ entityId: 'a', tryCount: 0 }]);
  fails = false;
  await engine.sync();
  expect(await engine.explain()).toEqual([]);
});
