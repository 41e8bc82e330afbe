import fastifyStatic from '@fastify/static';
import { createSyncServer, type WriteRefusal } from 'synchart/server';
import { DataSource } from 'typeorm';
import { longestTitle } from '../tables.ts';
import { runServerAction, serverActions } from './server-actions.ts';
import { serverEntities, serverTables } from './server-tables.ts';
import { isUser, Sessions, users } from './sessions.ts';
import { starterRows } from './starter-rows.ts';

export interface TodoServer {
  readonly url: string;
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
  readonly host?: string;
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
  const close = async (): Promise<void> => {
    await server.close();
    if (dataSource.isInitialized) await dataSource.destroy();
  };
  try {
    const { url } = await server.listen({
      port: options.port,
      ...(options.host === undefined ? {} : { host: options.host }),
    });
    for (const user of users) await fillOnce(url.replace(/\/api$/, ''), sessions.open(user), user);
    return { url: url.replace(/\/api$/, ''), close };
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
async function fillOnce(origin: string, token: string, user: string): Promise<void> {
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
  const found: unknown = await (await fetch(`${origin}/api/lists?limit=1`, { headers })).json();
  if (
    typeof found === 'object' &&
    found !== null &&
    'items' in found &&
    Array.isArray(found.items) &&
    found.items.length > 0
  )
    return;
  for (const { kind, row } of starterRows(user)) {
    const url = `${origin}/api/${kind}/${encodeURIComponent(row.id)}`;
    await fetch(url, { method: 'PUT', headers, body: JSON.stringify(row) });
  }
}
