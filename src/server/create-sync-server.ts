import { fastify, type FastifyInstance, type FastifyServerOptions } from 'fastify';
import type { AddressInfo, Socket } from 'node:net';
import { isObject, valueThat } from '../model/options/bounds.ts';
import { checkOptions, ownedBy, withDefaults } from '../model/options/complete-options.ts';
import { byDefault, type OptionList } from '../model/options/option-list.ts';
import { aPrefix, serverOptions, type ServerUser, type SyncServerOptions } from './server-options.ts';
import { mountSyncServer } from './sync-server.ts';

export interface CreateSyncServerOptions<User extends ServerUser = ServerUser> extends SyncServerOptions<User> {
  /** Path before the kinds, such as `/api`. @defaultValue `''` */
  readonly prefix?: string;
  /** Fastify's option `logger`. Payloads are never logged. @defaultValue false */
  readonly logger?: Exclude<FastifyServerOptions['logger'], undefined>;
}

/** Defaults and bounds of {@link CreateSyncServerOptions}. */
export const createSyncServerOptions = {
  ...serverOptions,
  prefix: byDefault('', aPrefix),
  logger: byDefault(
    false,
    valueThat('true, false or options of the logger', (value) => typeof value === 'boolean' || isObject(value)),
  ),
} satisfies OptionList<CreateSyncServerOptions>;

/** A sync server as a standalone app. */
export interface SyncServer {
  /** The Fastify app, for your own routes (before `listen`) and `inject`. */
  readonly app: FastifyInstance;
  /** Listens, by default on 127.0.0.1 and a free port. Returns the base URL for transports. */
  listen(options?: {
    readonly port?: number;
    readonly host?: string;
  }): Promise<{ readonly url: string; readonly port: number }>;
  /** Finishes running requests, then closes the server and a DataSource that it initialised. Idempotent. */
  close(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

/**
 * Creates the reference sync server over TypeORM entities on SQLite (PROTOCOL §9). Throws for invalid tables and
 * options, here or at the start.
 */
export function createSyncServer<User extends ServerUser = ServerUser>(
  options: CreateSyncServerOptions<User>,
): SyncServer {
  checkOptions(ownedBy('createSyncServer'), createSyncServerOptions, options);
  const { logger, ...settings } = withDefaults<CreateSyncServerOptions<User>, typeof createSyncServerOptions>(
    createSyncServerOptions,
    options,
  );
  const ownsDatabase = !options.dataSource.isInitialized;
  const app = fastify({
    logger,
    forceCloseConnections: 'idle',
    exposeHeadRoutes: false,
    clientErrorHandler: refuseUnreadable,
  });
  let closing = false;
  app.addHook('preClose', async () => {
    closing = true;
  });
  // A connection kept alive after its last response would delay the shutdown until its timeout.
  app.addHook('onSend', async (_request, reply) => {
    if (closing) void reply.header('connection', 'close');
  });
  const prefix = settings.prefix.replace(/\/+$/, '');
  app.register(
    async (instance) => {
      await mountSyncServer(instance, options);
    },
    { prefix },
  );
  app.setNotFoundHandler((request, reply) =>
    reply.code(404).send({
      error: 'unknown_route',
      message: `there is no route ${request.method} ${request.url.split('?', 1)[0] ?? ''}`,
    }),
  );
  const close = async (): Promise<void> => {
    await app.close();
    // Not in an onClose hook, because those run while requests are still in progress.
    if (ownsDatabase && options.dataSource.isInitialized) await options.dataSource.destroy();
  };
  return {
    app,
    listen: async ({ port = 0, host = '127.0.0.1' } = {}) => {
      await app.listen({ port, host });
      const address = app.server.address() as AddressInfo;
      const name = host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host.includes(':') ? `[${host}]` : host;
      return { url: `http://${name}:${address.port}${prefix}`, port: address.port };
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}

const unreadable: Readonly<Record<string, readonly [status: string, error: string, message: string]>> = {
  HPE_HEADER_OVERFLOW: ['431 Request Header Fields Too Large', 'too_large', 'the address or the headers are too long'],
  ERR_HTTP_REQUEST_TIMEOUT: ['408 Request Timeout', 'timeout', 'the request did not arrive in time'],
};

/**
 * Answers an unreadable request and announces the end of the connection. A client that reused it would lose its next
 * request.
 */
function refuseUnreadable(problem: Error & { readonly code?: string }, socket: Socket): void {
  if (problem.code === 'ECONNRESET' || socket.destroyed || !socket.writable) {
    socket.destroy();
    return;
  }
  const [status, error, message] = unreadable[problem.code ?? ''] ?? [
    '400 Bad Request',
    'bad_request',
    'this is not an HTTP request',
  ];
  const body = JSON.stringify({ error, message });
  socket.end(
    `HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  );
}
