import { afterEach, describe, expect, test } from 'vitest';
import { openEngine, type EngineBench } from '../support/open-engine.ts';
import { todoOf } from '../support/todo.ts';

let bench: EngineBench;
afterEach(() => bench.close());

describe.each([
  ['one by one', {}],
  ['several at a time', { pushConcurrency: 3 }],
  ['in batches', { enableBatch: true, batchSize: 2 }],
])('F-162: a middlebox between client and server that drops every idle connection, %s', (_, rest) => {
  test.each(['beforeCommit', 'afterCommit'] as const)(
    'I2, I12: counts no try, and applies each write once (cut %s)',
    async (cut) => {
      bench = await openEngine({ rest, config: { maxOutboxTryCount: 1 } });
      const { engine, writer, server, told } = bench;
      await engine.sync();
      server.cutKeptConnections = cut;
      const ids = ['a', 'b', 'c', 'd', 'e', 'f'];
      for (const id of ids) await writer.insertAndEnqueue(todoOf(id));
      expect(await engine.sync()).toMatchObject({ pushed: 6, errors: 0 });
      expect(
        told.filter(({ type }) => type === 'op.failed' || type === 'op.stuck' || type === 'backoff.scheduled'),
      ).toEqual([]);
      expect(await engine.explain()).toEqual([]);
      expect(
        server
          .getAll('todos')
          .map(({ id }) => id)
          .sort(),
      ).toEqual(ids);
      for (const id of ids) expect(server.effectCount({ kind: 'todos', id })).toBe(1);
    },
  );
});
