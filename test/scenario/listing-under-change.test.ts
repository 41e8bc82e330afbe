import { afterEach, describe, expect, test } from 'vitest';
import type { PullPage, PullRequest } from '../../src/model/transport.ts';
import { createSimulatedClock } from '../../src/testing/simulated-clock.ts';
import { createTestServer, type TestServer, type TestServerOptions } from '../../src/testing/test-server.ts';
import { RestTransport } from '../../src/transport/rest-transport.ts';
import { openEngine, type EngineBench, type EngineBenchOptions } from '../support/open-engine.ts';
import { todoEntity, todoOf } from '../support/todo.ts';

let bench: EngineBench;
afterEach(() => bench.close());

/** Runs something on the server between two pages of a listing. */
class InterruptedTransport extends RestTransport {
  pages = 0;
  fetches = 0;
  betweenPages: (pages: number) => void = () => undefined;

  override async pull(request: PullRequest): Promise<PullPage> {
    const page = await super.pull(request);
    this.pages += 1;
    this.betweenPages(this.pages);
    return page;
  }

  override async fetch(request: {
    readonly kind: string;
    readonly id: string;
    readonly signal?: AbortSignal | undefined;
  }) {
    this.fetches += 1;
    return super.fetch(request);
  }
}

const ids = ['a', 'b', 'c', 'd', 'e', 'f'];
const second = (index: number): string => `2026-01-01T00:00:0${index}.000Z`;

async function open(
  options: TestServerOptions & Pick<EngineBenchOptions, 'config'>,
): Promise<{ server: TestServer; transport: InterruptedTransport }> {
  const { config, ...serverOptions } = options;
  const server = await createTestServer({ naming: 'camelCase', paging: 'offsetToken', ...serverOptions });
  const clock = createSimulatedClock();
  const transport = new InterruptedTransport({ baseUrl: server.url, clock });
  bench = await openEngine({ server, transport, clock, config: { pageSize: 2, maxRetries: 0, ...config } });
  server.seed(
    'todos',
    ids.map((id, index) => ({ id, title: id, done: false, updatedAt: second(index) })),
  );
  return { server, transport };
}

const localIds = async (): Promise<readonly string[]> =>
  (await bench.dataSource.getRepository(todoEntity).find({ order: { id: 'ASC' } })).map(({ id }) => id);
const touch = (server: TestServer, id: string, title: string): unknown => server.update('todos', id, { title });

describe('a listing by position while rows move (F-156)', () => {
  test('F-156, I6: a row that a first pull skipped arrives with the next one', async () => {
    const { server, transport } = await open({});
    transport.betweenPages = (pages) =>
      pages === 1 && server.update('todos', 'a', { title: 'edited', updatedAt: second(7) });
    await bench.engine.sync();
    expect(await localIds()).toEqual(['a', 'b', 'd', 'e', 'f']);
    transport.betweenPages = () => undefined;
    await bench.engine.sync();
    expect(await localIds()).toEqual(ids);
    transport.pages = 0;
    expect(await bench.engine.sync()).toMatchObject({ pulled: 0 });
    expect(transport.pages).toBe(1);
  });

  test('F-156, I6: a row that another edit moved behind a page, so that no version was listed, arrives with the next pull', async () => {
    const { server, transport } = await open({});
    // The last page has one row; both edits go behind it, and push one another.
    server.remove('todos', 'f');
    transport.betweenPages = (pages) => {
      if (pages !== 2) return;
      touch(server, 'a', 'edited');
      touch(server, 'e', 'edited');
    };
    await bench.engine.sync();
    transport.betweenPages = () => undefined;
    expect(await bench.row('a')).toMatchObject({ title: 'a' });
    await bench.engine.sync();
    expect(await bench.row('a')).toMatchObject({ title: 'edited' });
    expect(await bench.row('e')).toMatchObject({ title: 'edited' });
    transport.pages = 0;
    expect(await bench.engine.sync()).toMatchObject({ pulled: 0 });
    expect(transport.pages).toBe(1);
  });

  test('F-156: a stable listing in several pages moves the cursor to its end', async () => {
    const { transport } = await open({});
    await bench.engine.sync();
    transport.pages = 0;
    expect(await bench.engine.sync()).toMatchObject({ pulled: 0 });
    expect(transport.pages).toBe(1);
  });

  test('F-156, I7: a sequence continued after a restart does not move the cursor past possibly missed rows', async () => {
    const { server, transport } = await open({});
    server.cutNextRequests(Infinity, 'beforeCommit', ({ query }) => query['pageToken'] !== undefined);
    await bench.engine.sync().catch(() => undefined);
    server.clearFaults();
    bench = await bench.reopen();
    touch(server, 'a', 'edited');
    await bench.engine.sync();
    expect(await localIds()).not.toContain('c');
    await bench.engine.sync();
    expect(await localIds()).toEqual(ids);
    expect(transport.pages).toBeGreaterThan(3);
  });

  test('F-156, I5: a full resync keeps live rows that its listing skipped, and removes deleted ones', async () => {
    const { server, transport } = await open({});
    await bench.engine.sync();
    server.remove('todos', 'f');
    transport.betweenPages = (pages) => pages === 4 && touch(server, 'a', 'edited');
    transport.pages = 2;
    await bench.engine.fullResync();
    transport.betweenPages = () => undefined;
    expect(await localIds()).toEqual(['a', 'b', 'c', 'd', 'e']);
    await bench.engine.sync();
    expect(await bench.row('a')).toMatchObject({ title: 'edited' });
  });

  test("F-156: a hard delete during a full resync's listing costs no live row", async () => {
    const { server, transport } = await open({ deletes: 'hard' });
    await bench.engine.sync();
    transport.pages = 0;
    transport.betweenPages = (pages) => pages === 1 && server.remove('todos', 'a');
    await bench.engine.fullResync();
    expect(await localIds()).toContain('c');
    await bench.engine.fullResync();
    expect(await localIds()).toEqual(['b', 'c', 'd', 'e', 'f']);
  });

  test('F-156: a server that denies every single row proves nothing; keeps every row and warns', async () => {
    const { server } = await open({});
    await bench.engine.sync();
    server.remove('todos', 'f');
    server.failNextRequests(Infinity, 404, {
      match: ({ method, path }) => method === 'GET' && path.includes('/todos/'),
    });
    await bench.engine.fullResync();
    expect(await localIds()).toEqual(ids);
    expect(bench.told).toContainEqual(
      expect.objectContaining({ type: 'transport.warning', message: expect.stringContaining('removed nothing') }),
    );
  });

  test('F-156, I8: removes nothing while single reads fail temporarily; the next run completes it', async () => {
    const { server } = await open({});
    await bench.engine.sync();
    server.remove('todos', 'f');
    server.failNextRequests(Infinity, 503, {
      match: ({ method, path }) => method === 'GET' && path.includes('/todos/'),
    });
    await expect(bench.engine.fullResync()).rejects.toThrow();
    expect(await localIds()).toEqual(ids);
    server.clearFaults();
    await bench.engine.sync();
    expect(await localIds()).toEqual(ids.slice(0, 5));
  });

  test('F-156: a keyset listing suffices as proof: no single reads', async () => {
    const { server, transport } = await open({ paging: 'keyset' });
    await bench.engine.sync();
    server.remove('todos', 'f');
    await bench.engine.fullResync();
    expect(await localIds()).toEqual(ids.slice(0, 5));
    expect(transport.fetches).toBe(0);
  });

  test('F-156, I4: an edit queued meanwhile stays, whatever the listing omitted', async () => {
    const { server, transport } = await open({});
    await bench.engine.sync();
    transport.pages = 0;
    transport.betweenPages = (pages) => pages === 1 && touch(server, 'a', 'edited');
    await bench.writer.replaceAndEnqueue({ ...((await bench.row('c')) ?? todoOf('c')), title: 'mine' });
    await bench.engine.fullResync();
    expect(await localIds()).toEqual(ids);
    expect(server.get('todos', 'c')).toMatchObject({ title: 'mine' });
  });
});
