import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import type { Intercept } from '../../examples/adapters/answer-of.ts';
import { startGraphqlServer } from '../../examples/adapters/graphql/graphql-server.ts';
import { graphqlTransport } from '../../examples/adapters/graphql/graphql-transport.ts';
import { startWebsocketServer } from '../../examples/adapters/websocket/websocket-server.ts';
import { websocketTransport } from '../../examples/adapters/websocket/websocket-transport.ts';
import { MemoryBackend, transportConformance, type ConformanceServer } from '../../src/testing.ts';
import type { RemoteAnswer } from '../../src/transport.ts';
import { createHold } from '../../src/testing/test-server-faults.ts';
import { refuseWrites } from '../support/conformance-subjects.ts';
import { openEngine } from '../support/open-engine.ts';
import { todoOf } from '../support/todo.ts';

type Fault = (proceed: () => RemoteAnswer) => Promise<RemoteAnswer | 'cut' | 'silence'>;

/** The switches of the suite for a server over this backend that lets a test intercept, and the tokens it accepts. */
function switches(backend: MemoryBackend) {
  const next: Fault[] = [];
  let always: Fault | undefined;
  let accepted = 1;
  let offered = 1;
  let revoked = false;
  const arm = (count: number, fault: Fault): void => {
    for (let index = 0; index < count; index += 1) next.push(fault);
  };
  const intercept: Intercept = (proceed) => (always ?? next.shift() ?? (async (go) => go()))(proceed);
  const server: ConformanceServer = {
    failNextRequests: (count, status, { retryAfter, afterCommit = false } = {}) =>
      arm(count, async (proceed) => {
        if (afterCommit) proceed();
        return { status, body: { error: 'injected' }, retryAfter };
      }),
    cutNextRequests: (count, at) =>
      arm(count, async (proceed) => {
        if (at !== 'beforeCommit') proceed();
        return 'cut';
      }),
    hangNextRequests: (count) => arm(count, async () => 'silence'),
    holdNextRequests: () => {
      const { held, enter } = createHold(() => {
        always = undefined;
      });
      always = async (proceed) => {
        await enter();
        return proceed();
      };
      return held;
    },
    garble: (how) => {
      if (how === 'html') always = async () => ({ status: 200, text: '<!doctype html><p>Welcome' });
      else if (how === 'brokenJson') always = async () => ({ status: 200, text: '{"data": {"result": {"items": [' });
      else if (how === 'otherRow')
        always = async (proceed) => ({ ...proceed(), body: { id: 'other', updatedAt: 'x' } });
      else always = undefined;
    },
    refuseWrites: refuseWrites(backend),
    setGateway: (isThere) => {
      always = isThere ? async () => ({ status: 404, text: '<html><h1>404 Not Found</h1>' }) : undefined;
    },
    endToken: (how) => {
      accepted += 1;
      revoked = how === 'revoked';
    },
  };
  return {
    intercept,
    server,
    accepts: (authorization: string | undefined) => !revoked && authorization === `token ${accepted}`,
    token: ({ refresh }: { readonly refresh?: boolean } = {}) => {
      if (refresh === true) offered = accepted;
      return `token ${offered}`;
    },
  };
}

async function overGraphql() {
  const backend = new MemoryBackend();
  const { intercept, server, accepts, token } = switches(backend);
  const { url, stop } = await startGraphqlServer({ backend, accepts, intercept });
  return {
    transport: graphqlTransport({ url, token, requestTimeoutMs: 400 }),
    server: { ...server, stop },
    dispose: stop,
  };
}

async function overWebsocket() {
  const backend = new MemoryBackend();
  const { intercept, server, accepts, token } = switches(backend);
  const { url, stop } = await startWebsocketServer({ backend, accepts, intercept });
  const transport = websocketTransport({ url, token, requestTimeoutMs: 400 });
  const dispose = async (): Promise<void> => {
    transport.close();
    await stop();
  };
  return { transport, server: { ...server, stop }, dispose };
}

transportConformance('GraphQL', overGraphql, {
  describe,
  test,
  lacks: { subscribe: 'the example server has no GraphQL subscriptions' },
});
transportConformance('WebSocket', overWebsocket, { describe, test });

test.each([
  ['GraphQL', overGraphql],
  ['WebSocket', overWebsocket],
])('I5: an engine syncs through %s, including conflicts', async (_, open) => {
  const { transport, dispose } = await open();
  const here = await openEngine({ transport });
  const there = await openEngine({ transport });
  await here.writer.insertAndEnqueue(todoOf('a', { title: 'A', tags: ['x'] }));
  await here.engine.sync();
  await there.engine.sync();
  await here.writer.replaceAndEnqueue(
    { ...todoOf('a', { title: 'mine', tags: ['x'] }), updatedAt: (await here.row('a'))?.updatedAt ?? '' },
    { changedFields: ['title'] },
  );
  await there.writer.replaceAndEnqueue(
    { ...todoOf('a', { title: 'A', done: true, tags: ['x'] }), updatedAt: (await there.row('a'))?.updatedAt ?? '' },
    { changedFields: ['done'] },
  );
  await here.engine.sync();
  await there.engine.sync();
  await here.engine.sync();
  expect(await here.row('a')).toMatchObject({ title: 'mine', done: true, tags: ['x'] });
  expect(await there.row('a')).toMatchObject({ title: 'mine', done: true, tags: ['x'] });
  await here.close();
  await there.close();
  await dispose();
});

test('each adapter is at most 120 lines', () => {
  for (const file of ['graphql/graphql-transport.ts', 'websocket/websocket-transport.ts']) {
    const text = readFileSync(fileURLToPath(new URL(`../../examples/adapters/${file}`, import.meta.url)), 'utf8');
    expect(text.split('\n').length, file).toBeLessThanOrEqual(121);
  }
});
