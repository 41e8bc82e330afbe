import axios from 'axios';
import { afterEach, describe, expect, test } from 'vitest';
import { createRestSyncEngine, type RestSyncEngineOptions } from '../../src/engine/create-sync-engine.ts';
import type { SyncEngine } from '../../src/engine/api/sync-engine.ts';
import type { Clock } from '../../src/model/platform/clock.ts';
import { createTestServer, type RecordedRequest, type TestServer, type TestServerOptions } from '../../src/testing.ts';
import type { RestTransportOptions } from '../../src/transport.ts';
import { openTodoDatabase, todos } from '../support/open-store.ts';
import { todoOf } from '../support/todo.ts';

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

interface Bench {
  readonly engine: SyncEngine;
  readonly server: TestServer;
  /** What the server got with this method. */
  requests(method: string): readonly RecordedRequest[];
}

type Given = Partial<Omit<RestSyncEngineOptions, 'dataSource' | 'tables'>>;

/** An engine made in one call, with the creates of these todos in its queue. */
async function open(
  given: Given,
  ids: readonly string[] = ['a', 'b', 'c'],
  serverOptions: TestServerOptions = {},
): Promise<Bench> {
  const server = await createTestServer({ naming: 'camelCase', ...serverOptions });
  const dataSource = await openTodoDatabase('better-sqlite3');
  const engine = createRestSyncEngine({ dataSource, tables: [todos], baseUrl: server.url, ...given });
  closing.push(
    () => server.close(),
    () => dataSource.destroy(),
    () => engine.dispose(),
  );
  for (const id of ids) await engine.writer(todos).insertAndEnqueue(todoOf(id));
  return {
    engine,
    server,
    requests: (method) => server.recordedRequests.filter((request) => request.method === method),
  };
}

const failureOf = (promise: Promise<unknown>): Promise<string> =>
  promise.then(
    () => 'nothing failed',
    (error: unknown) => String(error),
  );

/** The platform's clock, which notes the waits that it is asked for. */
function notingClock(): Clock & { readonly waits: number[] } {
  const waits: number[] = [];
  return {
    waits,
    now: () => Date.now(),
    setTimeout: (callback, ms) => {
      waits.push(ms);
      return setTimeout(callback, ms);
    },
    clearTimeout: (timer) => clearTimeout(timer as NodeJS.Timeout),
  };
}

/** For every option, a way to see from outside that the transport uses it. An option without one does not compile. */
const arrives: Readonly<Record<keyof RestTransportOptions, () => Promise<void>>> = {
  baseUrl: async () => {
    const { engine, requests } = await open({}, ['a'], { basePath: '/v1' });
    await engine.sync();
    expect(requests('PUT').map(({ url }) => url)).toEqual(['/v1/todos/a']);
  },
  trailingSlash: async () => {
    const { engine, requests } = await open({ trailingSlash: true }, ['a']);
    await engine.sync().catch(() => undefined);
    expect(requests('PUT').map(({ url }) => url)).toEqual(['/todos/a/']);
    expect(requests('GET')[0]?.url ?? '/todos/?').toMatch(/^\/todos\/\?/);
  },
  token: async () => {
    const { engine, requests } = await open({ token: () => 'Bearer mine' });
    await engine.sync();
    expect(requests('PUT')[0]?.headers.authorization).toBe('Bearer mine');
  },
  axios: async () => {
    const urls: string[] = [];
    const instance = axios.create();
    instance.interceptors.request.use((config) => {
      urls.push(config.url ?? '');
      return config;
    });
    const { engine, server } = await open({ axios: instance }, ['a']);
    await engine.sync();
    expect(urls).toContain(`${server.url}/todos/a`);
  },
  headers: async () => {
    const { engine, requests } = await open({ headers: { 'X-Tenant': 'acme' } });
    await engine.sync();
    expect(requests('PUT')[0]?.headers['x-tenant']).toBe('acme');
  },
  pushConcurrency: async () => {
    const { engine, server, requests } = await open({ pushConcurrency: 3 });
    const release = server.holdNextRequests(3, { method: 'PUT' });
    const run = engine.sync();
    // All three are with the server although none has an answer.
    await expect.poll(() => requests('PUT').length).toBe(3);
    release();
    await run;
  },
  enableBatch: async () => {
    const { engine, requests } = await open({ enableBatch: true });
    await engine.sync();
    expect(requests('POST').map(({ path }) => path)).toEqual(['/batch']);
  },
  batchSize: async () => {
    const { engine, requests } = await open({ enableBatch: true, batchSize: 2 });
    await engine.sync();
    expect(requests('POST').map(({ body }) => (body as { ops: unknown[] }).ops.length)).toEqual([2, 1]);
  },
  batchPath: async () => {
    const { engine, requests } = await open({ enableBatch: true, batchPath: 'v2/bulk' }, ['a'], {
      batchPath: 'v2/bulk',
    });
    await engine.sync();
    expect(requests('POST').map(({ path }) => path)).toEqual(['/v2/bulk']);
  },
  requestTimeoutMs: async () => {
    const clock = notingClock();
    const { engine } = await open({ requestTimeoutMs: 12_345, config: { requestTimeoutMs: 20_000 }, clock });
    await engine.sync();
    expect(clock.waits).toContain(12_345);
    expect(clock.waits).not.toContain(20_000);
  },
  maxContentLength: async () => {
    const { engine, server } = await open({ maxContentLength: 50 }, []);
    server.seed('todos', { id: 'long', title: 'x'.repeat(100), done: false });
    expect(await failureOf(engine.sync())).toContain('longer than maxContentLength (50)');
  },
  conditionalWrite: async () => {
    const { engine, requests } = await open({ conditionalWrite: true });
    await engine.sync();
    expect(requests('PUT')[0]?.headers['x-create-only']).toBe('true');
  },
  deltas: async () => {
    const { engine, server, requests } = await open({ deltas: true }, []);
    server.seed('todos', { id: 'a', title: 'A', done: false, priority: 1 });
    await engine.sync();
    await engine.writer(todos).increment('a', 'priority', 2);
    await engine.sync();
    expect(requests('PUT')[0]?.body).toEqual({ id: 'a', _deltas: { priority: { increment: 2 } } });
  },
  idempotency: async () => {
    const { engine, server, requests } = await open({ idempotency: 'none', config: { maxRetries: 0 } }, ['a']);
    server.cutNextRequests(1, 'afterCommit', { method: 'PUT' });
    await engine.sync().catch(() => undefined);
    await engine.sync();
    // The write had arrived: the engine looked, and did not send it again.
    expect(requests('PUT')).toHaveLength(1);
  },
  classifyStatus: async () => {
    const seen: number[] = [];
    const { engine } = await open({
      classifyStatus: ({ status }) => {
        seen.push(status);
        return undefined;
      },
    });
    await engine.sync();
    expect(seen).toContain(201);
  },
  readRefusal: async () => {
    const { engine, server } = await open({ readRefusal: ({ status }) => ({ message: `no, ${status}` }) }, ['a']);
    server.refuse(() => true);
    await engine.sync();
    expect((await engine.explain())[0]?.lastError).toBe('no, 422');
  },
  clock: async () => {
    const clock = notingClock();
    const { engine } = await open({ requestTimeoutMs: 23_456, clock });
    await engine.sync();
    expect(clock.waits).toContain(23_456);
  },
};

describe('createRestSyncEngine passes on every option of RestTransport', () => {
  test.each(Object.entries(arrives))('%s', async (_, proof) => {
    await proof();
  });

  test('config.requestTimeoutMs applies to requests when the transport has no setting of its own', async () => {
    const clock = notingClock();
    const { engine } = await open({ config: { requestTimeoutMs: 20_000 }, clock });
    await engine.sync();
    expect(clock.waits).toContain(20_000);
  });
});
