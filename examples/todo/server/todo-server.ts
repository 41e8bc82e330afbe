import fastifyStatic from '@fastify/static';
import type { FastifyInstance } from 'fastify';
import { createSyncServer, type WriteRefusal } from 'synchart/server';
import { DataSource } from 'typeorm';
import { longestTitle } from '../tables.ts';
import type { LanAccess } from './lan/lan-access.ts';
import { listenOnLan } from './lan/listen-on-lan.ts';
import { runServerAction, serverActions } from './server-actions.ts';
import { serverEntities, serverTables } from './server-tables.ts';
import { isUser, Sessions, users } from './sessions.ts';
import { starterRows } from './starter-rows.ts';

export interface TodoServer {
  readonly url: string;
  readonly port: number;
  close(): Promise<void>;
}

/** Scripts of this origin and WebAssembly; nothing from elsewhere. The devtools panel puts its styles into the page. */
const contentSecurityPolicy = [
  "default-src 'self'",
  "script-src 'self' 'wasm-unsafe-eval'",
  "worker-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data:",
].join('; ');

/** Serves the built app, its sessions, and the sync API under `/api`, on one port. */
export async function startTodoServer(options: {
  /** Path of the SQLite file. */
  readonly database: string;
  /** Folder of the built app. */
  readonly folder: string;
  readonly port: number;
  /** Serves https to all devices of the network; only who has the token is let in. */
  readonly lan?: LanAccess | undefined;
}): Promise<TodoServer> {
  const dataSource = await new DataSource({
    type: 'better-sqlite3',
    database: options.database,
    entities: [...serverEntities],
    synchronize: true,
  }).initialize();
  await dataSource.query('PRAGMA journal_mode = WAL');
  const sessions = new Sessions();
  const server = createSyncServer({
    dataSource,
    prefix: '/api',
    tables: serverTables,
    authenticate: ({ headers }) => {
      const userId = sessions.userOf(headers.authorization);
      return userId === undefined ? null : { userId };
    },
    rowScope: (user) => ({ userId: user?.userId ?? '' }),
    beforeWrite: ({ kind, payload }) => (kind === 'todos' ? titleProblem(payload?.['title']) : undefined),
  });
  const { app } = server;
  app.addHook('onSend', async (_request, reply) => {
    void reply.header('content-security-policy', contentSecurityPolicy);
  });
  app.get('/users', async () => users);
  app.post('/session', async ({ body }, reply) => {
    const name = typeof body === 'object' && body !== null && 'user' in body ? body.user : undefined;
    if (!isUser(name))
      return reply.code(400).send({ error: 'unknown_user', message: `Sign in as ${users.join(' or ')}` });
    return { token: sessions.open(name) };
  });
  app.delete('/session', async ({ headers }, reply) => {
    const user = sessions.userOf(headers.authorization);
    if (user !== undefined) sessions.expire(user);
    return reply.code(204).send();
  });
  app.post<{ Params: { action: string } }>('/actions/:action', async ({ params, headers }, reply) => {
    const user = sessions.userOf(headers.authorization);
    const act = Object.hasOwn(serverActions, params.action) ? serverActions[params.action] : undefined;
    if (user === undefined) return reply.code(401).send({ error: 'unauthorized', message: 'Sign in again' });
    if (act === undefined) return reply.code(404).send({ error: 'unknown_action', message: 'There is no such action' });
    return {
      changed: await runServerAction({ app, dataSource }, { act, user, authorization: headers.authorization ?? '' }),
    };
  });
  await app.register(fastifyStatic, { root: options.folder, index: 'index.html', cacheControl: false });
  let stopListening = async (): Promise<void> => undefined;
  const close = async (): Promise<void> => {
    await stopListening();
    await server.close();
    if (dataSource.isInitialized) await dataSource.destroy();
  };
  try {
    let port: number;
    if (options.lan === undefined) ({ port } = await server.listen({ port: options.port }));
    else ({ port, close: stopListening } = await listenOnLan(app, options.lan, options.port));
    for (const user of users) await fillOnce(app, sessions.open(user), user);
    return { url: options.lan === undefined ? `http://127.0.0.1:${port}` : `https://localhost:${port}`, port, close };
  } catch (error) {
    await close();
    throw error;
  }
}

const titleProblem = (title: unknown): WriteRefusal | undefined =>
  typeof title === 'string' && title.length > longestTitle
    ? {
        code: 'title_too_long',
        message: `The title has ${title.length} characters; at most ${longestTitle} are possible`,
        fields: { title: `At most ${longestTitle} characters` },
      }
    : undefined;

/** Gives a user who has no list yet something to look at. */
async function fillOnce(app: FastifyInstance, token: string, user: string): Promise<void> {
  const headers = { authorization: `Bearer ${token}` };
  const found = await app.inject({ method: 'GET', url: '/api/lists?limit=1', headers });
  const { items }: { readonly items: readonly unknown[] } = found.json();
  if (items.length > 0) return;
  for (const { kind, row } of starterRows(user))
    await app.inject({ method: 'PUT', url: `/api/${kind}/${encodeURIComponent(row.id)}`, headers, payload: row });
}
