import { expect, test } from 'vitest';
import { AuthError, NetworkError } from '../../src/model/errors/errors.ts';
import { RestTransport, type TokenProvider } from '../../src/transport.ts';
import { echo, edit, idOf, restWith, typesOf } from './todo-ops.ts';
import type { Exchange } from './stub-server.ts';

const pullTodos = { kind: 'todos', updatedSince: 'T', pageSize: 10, includeDeleted: true } as const;

/** A server that accepts one token only. */
const accepting =
  (token: string) =>
  (exchange: Exchange): void => {
    if (exchange.headers.authorization !== token) exchange.reply(401, { error: 'unauthorized' });
    else if (exchange.method === 'GET') exchange.reply(200, { items: [], id: idOf(exchange) });
    else echo(exchange);
  };

/** A session whose token becomes another one when it is refreshed. */
function session(first: string, next: string): { readonly token: TokenProvider; readonly refreshes: () => number } {
  let current = first;
  let refreshes = 0;
  return {
    refreshes: () => refreshes,
    token: async (options) => {
      if (options?.refresh === true) {
        refreshes += 1;
        await new Promise((resolve) => {
          setImmediate(resolve);
        });
        current = next;
      }
      return current;
    },
  };
}

test('RST-02, RST-03, F-84: reads the token verbatim and anew for every attempt', async () => {
  let count = 0;
  const { rest, server } = await restWith(echo, { token: () => `Custom  t${(count += 1)}` });
  await rest.push([edit('1'), edit('2')], {});
  await rest.health({});
  expect(server.requests.map(({ headers }) => headers.authorization)).toEqual([
    'Custom  t1',
    'Custom  t2',
    'Custom  t3',
  ]);
});

test('RST-02: sends no Authorization without a token, and a 401 is final', async () => {
  const { rest, server } = await restWith(accepting('never'));
  expect(typesOf((await rest.push([edit('1')], {})).results)).toEqual(['pushUnauthorized']);
  expect(server.requests).toHaveLength(1);
  expect(server.requests[0]?.headers).not.toHaveProperty('authorization');
});

test.each([
  ['without words of the server', undefined, 'The server asks for a token (401)'],
  ['with words of the server', { detail: 'Credentials were not provided.' }, 'Credentials were not provided.'],
])('a 401 without a configured token says so, %s', async (_, body, said) => {
  const hint = 'no token is configured: pass the option token to RestTransport';
  const refusing = (exchange: Exchange): void => exchange.reply(401, body);
  const { rest } = await restWith(refusing);
  for (const { result } of (await rest.push([edit('1')], {})).results)
    expect(result).toEqual({ type: 'pushUnauthorized', message: `${said}; ${hint}` });
  const { rest: batching } = await restWith(refusing, { enableBatch: true });
  expect((await batching.push([edit('1')], {})).results[0]?.result).toMatchObject({ message: `${said}; ${hint}` });
  await expect(rest.pull({ kind: 'todos', updatedSince: '', pageSize: 1, includeDeleted: true })).rejects.toThrow(hint);
  expect(String(((await rest.fetch({ kind: 'todos', id: '1' })) as { error: Error }).error)).toContain(hint);
  // Who gives the header in another way has a token.
  for (const options of [{ token: () => 'Bearer t' }, { headers: { authorization: 'Basic x' } }]) {
    const { rest: signed } = await restWith(refusing, options);
    expect(JSON.stringify(await signed.push([edit('1')], {}))).not.toContain('no token');
  }
});

test('F-84: eight requests refused at once share one refresh and are each resent once', async () => {
  const { token, refreshes } = session('old', 'new');
  const held: Exchange[] = [];
  const { rest, server } = await restWith(
    (exchange) => {
      if (exchange.headers.authorization === 'new') return echo(exchange);
      // All eight are in flight before the first is refused.
      held.push(exchange);
      if (held.length === 8) for (const each of held) each.reply(401);
    },
    { token, pushConcurrency: 8 },
  );
  const { results } = await rest.push(
    Array.from({ length: 8 }, (_, index) => edit(`e${index}`)),
    {},
  );
  expect(new Set(typesOf(results))).toEqual(new Set(['pushSuccess']));
  expect(refreshes()).toBe(1);
  expect(server.requests).toHaveLength(16);
});

test('F-84: a late 401 for the old token uses the refresh completed meanwhile', async () => {
  const { token, refreshes } = session('old', 'new');
  let late: Exchange | undefined;
  const { rest, server } = await restWith(
    (exchange) => {
      if (exchange.headers.authorization === 'old' && idOf(exchange) === 'late') late = exchange;
      else accepting('new')(exchange);
    },
    { token, pushConcurrency: 2 },
  );
  const pushed = rest.push([edit('late'), edit('soon')], {});
  await server.arrived(3);
  late?.reply(401);
  expect(typesOf((await pushed).results)).toEqual(['pushSuccess', 'pushSuccess']);
  expect(refreshes()).toBe(1);
});

test('F-84: a token refused again ends in authRequired: no second retry, nothing more sent', async () => {
  const { token, refreshes } = session('old', 'also old');
  const { rest, server } = await restWith(accepting('never'), { token });
  const { results } = await rest.push([edit('1'), edit('2'), edit('3')], {});
  expect(results.map(({ result }) => result)).toMatchObject([
    { type: 'pushUnauthorized' },
    { dispatched: false },
    { dispatched: false },
  ]);
  await expect(rest.pull(pullTodos)).rejects.toBeInstanceOf(AuthError);
  expect(await rest.fetch({ kind: 'todos', id: '1' })).toMatchObject({
    type: 'fetchError',
    error: expect.any(AuthError) as AuthError,
  });
  expect([server.requests.length, refreshes()]).toEqual([6, 3]);
});

test('F-84: a 401 to the old token does not sign out a user who signed in during the request', async () => {
  let current = 'old';
  const { rest, server } = await restWith(
    (exchange) => {
      // The second one is refused, too; by then somebody has signed in.
      if (server.requests.length === 2) current = 'new';
      accepting('new')(exchange);
    },
    { token: () => current },
  );
  expect(typesOf((await rest.push([edit('1')], {})).results)).toEqual(['pushSuccess']);
  expect(server.requests.map(({ headers }) => headers.authorization)).toEqual(['old', 'old', 'new']);
});

test('F-84: resends a pull and a fetch with the refreshed token', async () => {
  const { token } = session('old', 'new');
  const { rest } = await restWith(accepting('new'), { token });
  expect((await rest.pull(pullTodos)).items).toEqual([]);
  expect(await rest.fetch({ kind: 'todos', id: '1' })).toMatchObject({ type: 'fetchSuccess' });
});

test.each<[string, TokenProvider]>([
  [
    'throws',
    () => {
      throw new Error('keychain is locked');
    },
  ],
  ['rejects', () => Promise.reject(new Error('keychain is locked'))],
  ['gives a line break', () => 'Bearer x\n'],
  ['gives nothing', () => ''],
])('F-84: a token() that %s is an AuthError with its cause, and nothing was sent', async (_, token) => {
  const { rest, server } = await restWith(echo, { token });
  const { results } = await rest.push([edit('1'), edit('2')], {});
  expect(results.map(({ result }) => result)).toMatchObject([
    { type: 'pushUnauthorized' },
    { type: 'pushUnavailable', dispatched: false },
  ]);
  await expect(rest.pull(pullTodos)).rejects.toBeInstanceOf(AuthError);
  expect(server.requests).toHaveLength(0);
  expect(await rest.health({})).toBe(true);
});

test('F-84: keeps the cause of a failed token()', async () => {
  const cause = new Error('keychain is locked');
  const { rest } = await restWith(echo, { token: () => Promise.reject(cause) });
  await expect(rest.pull(pullTodos)).rejects.toMatchObject({ name: 'AuthError', cause });
});

test('F-84: a refresh that cannot reach its server signs nobody out', async () => {
  const { rest } = await restWith(accepting('never'), {
    token: (options) => {
      if (options?.refresh === true) throw new NetworkError('token server unreachable');
      return 'old';
    },
  });
  expect((await rest.push([edit('1')], {})).results[0]?.result).toMatchObject({
    type: 'pushUnavailable',
    dispatched: false,
    noConnection: true,
  });
  await expect(rest.pull(pullTodos)).rejects.toBeInstanceOf(NetworkError);
});

test('I8, I9: gives up a token() that never answers, and an abort does not wait for it', async () => {
  const { server } = await restWith(echo);
  const token = (): Promise<string> => new Promise(() => undefined);
  const hanging = new RestTransport({ baseUrl: server.baseUrl, token, requestTimeoutMs: 30 });
  expect((await hanging.push([edit('1')], {})).results[0]?.result).toMatchObject({ type: 'pushUnauthorized' });
  const patient = new RestTransport({ baseUrl: server.baseUrl, token });
  const controller = new AbortController();
  const pushed = patient.push([edit('1')], { signal: controller.signal });
  controller.abort();
  expect((await pushed).results[0]?.result).toMatchObject({ type: 'pushUnavailable', dispatched: false });
  expect(server.requests).toHaveLength(0);
});

test('no loggable error contains the token', async () => {
  const { rest } = await restWith((exchange) => exchange.socket.destroy(), { token: () => 'Bearer secret-token' });
  const error: unknown = await rest.pull(pullTodos).catch((thrown: unknown) => thrown);
  const { inspect } = await import('node:util');
  expect(error).toBeInstanceOf(NetworkError);
  expect(inspect(error, { depth: 20, showHidden: true })).not.toContain('secret-token');
});
