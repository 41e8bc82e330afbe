import { DataSource } from 'typeorm';
import { parseKindSchema, toEntity } from '../../src/server/kind-schema.ts';
import { createSyncServer } from '../../src/server.ts';
import {
  createTestServer,
  MemoryTransport,
  type ConformanceServer,
  type ConformanceSubject,
  type MemoryBackend,
  type MemoryTransportOptions,
  type PagingStyle,
  type TestServer,
} from '../../src/testing.ts';
import { RestTransport, type RestTransportOptions } from '../../src/transport.ts';

type RestChoices = Partial<Omit<RestTransportOptions, 'baseUrl' | 'token'>>;

/** Why the reference server takes no part in what goes wrong: the test server does it for the same transport. */
const byTestServer = 'the reference server has no switch for it; the same transport is tested with the test server';
export const withoutFaults = {
  statuses: byTestServer,
  cuts: byTestServer,
  hangs: byTestServer,
  holds: byTestServer,
  garbage: byTestServer,
  refusals: byTestServer,
  gateways: byTestServer,
  tokens: byTestServer,
  outages: byTestServer,
};

const noWire = 'there is no network in it';
export const withoutWire = {
  statuses: noWire,
  cuts: noWire,
  hangs: noWire,
  holds: noWire,
  garbage: noWire,
  refusals: noWire,
  gateways: noWire,
  tokens: noWire,
  outages: noWire,
};

/** The REST transport and a server with every fault switch. */
export const overTestServer =
  (options: RestChoices = {}) =>
  async (): Promise<ConformanceSubject> => {
    const server = await createTestServer({ acceptedToken: 'token 1' });
    let accepted = 1;
    let offered = 1;
    const transport = new RestTransport({
      baseUrl: server.url,
      requestTimeoutMs: 400,
      token: ({ refresh } = {}) => {
        if (refresh === true) offered = accepted;
        return `token ${offered}`;
      },
      ...options,
    });
    return {
      transport,
      server: {
        failNextRequests: server.failNextRequests.bind(server),
        cutNextRequests: server.cutNextRequests.bind(server),
        hangNextRequests: server.hangNextRequests.bind(server),
        holdNextRequests: () => server.holdNextRequests(),
        stop: () => server.stop(),
        garble: (how) => garble(server, how),
        refuseWrites: refuseWrites(server.backend),
        setGateway: (isThere) =>
          isThere
            ? server.failNextRequests(Infinity, 404, {
                body: '<html><h1>404 Not Found</h1>',
                headers: { 'content-type': 'text/html' },
              })
            : server.clearFaults(),
        endToken: (how) => {
          accepted += 1;
          server.acceptedToken = how === 'expired' ? `token ${accepted}` : () => false;
        },
      },
      dispose: async () => {
        transport.close();
        await server.close();
      },
    };
  };

/** Refuses writes of a row of the backend, in the words of the test. */
export const refuseWrites =
  (backend: MemoryBackend): NonNullable<ConformanceServer['refuseWrites']> =>
  (id, how, message) => {
    const row = backend.get('todos', id);
    const body =
      how === 'notFound'
        ? { message }
        : { error: how, message, ...(how === 'locked' && row !== undefined ? { current: row } : {}) };
    backend.addRule((write) => (write.id === id ? { status: how === 'notFound' ? 404 : 409, body } : undefined));
  };

function garble(server: TestServer, how: 'html' | 'brokenJson' | 'otherRow' | 'proper'): void {
  server.captivePortal = how === 'html';
  server.returnInvalidJson = how === 'brokenJson';
  server.returnWrongEntity = how === 'otherRow';
}

/** The REST transport and the reference server on a database in memory. */
export const overSyncServer =
  (options: RestChoices = {}, paging?: PagingStyle) =>
  async (): Promise<ConformanceSubject> => {
    const entities = parseKindSchema({ todos: { title: 'text' } }).map(toEntity);
    const dataSource = await new DataSource({
      type: 'better-sqlite3',
      database: ':memory:',
      entities,
      synchronize: true,
    }).initialize();
    const server = createSyncServer({ dataSource, tables: entities, ...(paging === undefined ? {} : { paging }) });
    const { url } = await server.listen();
    const transport = new RestTransport({ baseUrl: url, ...options });
    return {
      transport,
      dispose: async () => {
        transport.close();
        await server.close();
        await dataSource.destroy();
      },
    };
  };

export const inMemory =
  (options: MemoryTransportOptions = {}) =>
  (): ConformanceSubject => ({ transport: new MemoryTransport(options) });
