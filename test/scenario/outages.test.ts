import { afterEach, expect, test } from 'vitest';
import type { TestServer } from '../../src/testing/test-server.ts';
import { openEngine, type EngineBench } from '../support/open-engine.ts';
import { todoOf } from '../support/todo.ts';

let bench: EngineBench;
afterEach(() => bench.close());

const failing =
  (status: number) =>
  (server: TestServer): void =>
    server.failNextRequests(Infinity, status);
const outages: readonly (readonly [name: string, begin: (server: TestServer) => void])[] = [
  ['500', failing(500)],
  ['502', failing(502)],
  ['503 of a maintenance window', failing(503)],
  ['408', failing(408)],
  ['425', failing(425)],
  ['429', failing(429)],
  ['401', failing(401)],
  ['403', failing(403)],
  [
    'an HTML page',
    (server) => {
      server.captivePortal = true;
    },
  ],
  ['connections cut before the effect', (server) => server.cutNextRequests(Infinity, 'beforeCommit')],
  ['connections cut after the effect', (server) => server.cutNextRequests(Infinity, 'afterCommit')],
  ['answers cut in the middle', (server) => server.cutNextRequests(Infinity, 'midBody')],
];

test.each(outages)(
  'F-09: twelve syncs against %s count no try, park and lose nothing; each change is made once',
  async (_name, begin) => {
    bench = await openEngine({ config: { maxRetries: 0 }, rest: { token: () => 'Bearer old' } });
    const { engine, server, writer } = bench;
    server.seed('todos', { id: 'x', title: 'there', done: false });
    await engine.sync();
    for (const id of ['a', 'b', 'c']) await writer.insertAndEnqueue(todoOf(id));
    await writer.replaceAndEnqueue(todoOf('x', { title: 'mine' }));
    begin(server);
    for (let attempt = 0; attempt < 12; attempt += 1) {
      await engine.sync().catch(() => undefined);
      await bench.clock.advance(1_000);
    }
    expect((await engine.explain()).map(({ entityId, tryCount }) => `${entityId} ${tryCount}`)).toEqual([
      'a 0',
      'b 0',
      'c 0',
      'x 0',
    ]);
    expect(engine.status()).toMatchObject({ stuck: 0, pending: 4, conflicts: 0 });
    expect(bench.types()).not.toContain('op.stuck');
    server.clearFaults();
    await engine.signedIn();
    await engine.sync();
    expect(await bench.queued()).toEqual([]);
    expect(
      server
        .getAll('todos')
        .map(({ id, title }) => `${String(id)} ${String(title)}`)
        .sort(),
    ).toEqual(['a title of a', 'b title of b', 'c title of c', 'x mine']);
    for (const id of ['a', 'b', 'c', 'x']) expect(server.effectCount({ kind: 'todos', id })).toBe(1);
  },
);
