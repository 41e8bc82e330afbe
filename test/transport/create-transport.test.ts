import { expect, expectTypeOf, onTestFinished, test } from 'vitest';
import { answerOf } from '../../examples/adapters/answer-of.ts';
import { NetworkError, SyncError } from '../../src/model/errors/errors.ts';
import type { Json, JsonObject } from '../../src/model/values/json.ts';
import { MemoryBackend } from '../../src/testing.ts';
import {
  createTransport,
  type CreateTransportOptions,
  type RemotePage,
  type RemoteRequest,
} from '../../src/transport.ts';
import { openEngine } from '../support/open-engine.ts';
import { todoOf } from '../support/todo.ts';
import { edit } from './todo-ops.ts';

const opened = async (send: CreateTransportOptions['send']) => {
  const bench = await openEngine({ transport: createTransport({ send }), config: { maxRetries: 0 } });
  onTestFinished(() => bench.close());
  await bench.engine.start();
  return bench;
};
const pull = { kind: 'todos', updatedSince: '', pageSize: 10, includeDeleted: true } as const;
const causesOf = (error: unknown): unknown[] => (error instanceof Error ? [error, ...causesOf(error.cause)] : []);

test("types: the action determines a request's fields", () => {
  const look = (request: RemoteRequest): void => {
    switch (request.action) {
      case 'list':
        expectTypeOf(request.page).toEqualTypeOf<RemotePage>();
        return;
      case 'upsert':
        expectTypeOf(request.payload).toEqualTypeOf<JsonObject>();
        expectTypeOf(request.deltas).toEqualTypeOf<Json | undefined>();
        expectTypeOf(request.key).toEqualTypeOf<string>();
        return;
      case 'delete':
        expectTypeOf(request.base).toEqualTypeOf<string | undefined>();
        expectTypeOf(request.payload).toEqualTypeOf<undefined>();
        return;
      case 'fetch':
      case 'health':
        expectTypeOf(request.page).toEqualTypeOf<undefined>();
        return;
      default:
        expectTypeOf(request).toEqualTypeOf<never>();
    }
  };
  expect(look).toBeTypeOf('function');
});

test('I12: reports a bug in send with the thrown value, its request and its cause, not as a network failure; the queue stays', async () => {
  const bug = new TypeError('token is undefined');
  const bench = await opened(() => Promise.reject(bug));
  await bench.writer.insertAndEnqueue(todoOf('a'));
  await bench.writer.insertAndEnqueue(todoOf('b'));
  const error = await bench.engine.sync().catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(SyncError);
  expect((error as Error).message).toMatch(/send threw TypeError: token is undefined, in upsert of todos\/[ab]$/);
  expect(causesOf(error)).toContain(bug);
  expect(causesOf(error).some((cause) => cause instanceof NetworkError)).toBe(false);
  expect(bench.types()).not.toContain('backoff.scheduled');
  expect(await bench.queued()).toHaveLength(2);
  expect((await bench.engine.explain())[0]?.lastError).toMatch(
    /send threw TypeError: token is undefined, in upsert of todos\/a/,
  );
});

test('I12: a pull and a fetch also report a bug, including a missing answer', async () => {
  const transport = createTransport({
    send: ({ action }) =>
      action === 'list' ? Promise.reject(new RangeError('wrong')) : Promise.resolve(undefined as never),
  });
  await expect(transport.pull(pull)).rejects.toThrow(/^send threw RangeError: wrong, in list of todos$/);
  const fetched = await transport.fetch({ kind: 'todos', id: 'ä/1' });
  expect(fetched).toMatchObject({
    type: 'fetchError',
    error: {
      message: expect.stringMatching(/send returned no answer: .* got undefined, in fetch of todos\/ä\/1/) as string,
    },
  });
});

test('I2: possible network errors stay network errors: fetch in Node and browsers, aborts, codes, app errors; the message names the request', async () => {
  const failures: readonly Error[] = [
    new TypeError('fetch failed', { cause: Object.assign(new Error('reset'), { code: 'ECONNRESET' }) }),
    new TypeError('Failed to fetch'),
    new TypeError('NetworkError when attempting to fetch resource.'),
    new TypeError('Load failed'),
    new DOMException('gone', 'AbortError'),
    new Error('the connection was lost'),
    Object.assign(new Error('no'), { code: 'ECONNREFUSED' }),
  ];
  for (const failure of failures) {
    const transport = createTransport({ send: () => Promise.reject(failure) });
    const error = await transport.pull(pull).catch((thrown: unknown) => thrown);
    expect(error, failure.message).toBeInstanceOf(NetworkError);
    expect((error as Error).message).toBe(`list of todos: ${failure.message}`);
    const { results } = await transport.push([edit('a', { opId: 'o' })], {});
    expect(results[0]?.result.type, failure.message).toMatch(/^push(Ambiguous|Unavailable)$/);
  }
});

test('I2: sends the same requests under the same keys once the bug is fixed', async () => {
  const backend = new MemoryBackend({});
  const keys: (string | undefined)[] = [];
  let isBroken = true;
  const bench = await opened((request) => {
    if (request.action === 'upsert') keys.push(request.key);
    if (isBroken) throw new ReferenceError('x is not defined');
    return Promise.resolve(answerOf(backend, request));
  });
  await bench.writer.insertAndEnqueue(todoOf('a'));
  await bench.engine.sync().catch(() => undefined);
  isBroken = false;
  expect(await bench.engine.sync()).toMatchObject({ pushed: 1, errors: 0 });
  expect(new Set(keys).size).toBe(1);
});
