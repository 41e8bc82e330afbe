/** An option of the server that is misspelt or cannot work must not be ignored (F-13). */
import { fastify } from 'fastify';
import { DataSource } from 'typeorm';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readFlags, usage } from '../../src/server/command-flags.ts';
import { createSyncServer, serverTable, syncServer } from '../../src/server.ts';
import { todos } from '../support/open-store.ts';

const entity = todos.target;
let dataSource: DataSource;
beforeAll(async () => {
  dataSource = await new DataSource({
    type: 'better-sqlite3',
    database: ':memory:',
    entities: [entity as never],
    synchronize: true,
  }).initialize();
});
afterAll(() => dataSource.destroy());

const server = (options: object): unknown => createSyncServer({ dataSource, tables: [entity], ...options } as never);

test.each([
  ["createSyncServer: unknown option 'maxPagesize', did you mean 'maxPageSize'?", () => server({ maxPagesize: 10 })],
  ['createSyncServer: maxPageSize must be a whole number of at least 1, got 0', () => server({ maxPageSize: 0 })],
  [
    "createSyncServer: paging must be one of keyset, offsetToken, cursorToken, tokenWithEmptyPages, got 'offset'",
    () => server({ paging: 'offset' }),
  ],
  [
    "createSyncServer: batchPath must be one segment of a path, such as 'batch', got '/batch'",
    () => server({ batchPath: '/batch' }),
  ],
  [
    'createSyncServer: cleanUpIntervalMs must be between 1 and 2147483647 ms, got Infinity',
    () => server({ cleanUpIntervalMs: Infinity }),
  ],
  ['createSyncServer: authenticate must be a function, got a text', () => server({ authenticate: 'Bearer secret' })],
  ["createSyncServer: prefix must be a path that begins with '/', or '', got 'api'", () => server({ prefix: 'api' })],
  [
    'createSyncServer: tables must be a list of entities, or of what serverTable(…) returns, got undefined',
    () => server({ tables: undefined }),
  ],
  [
    'createSyncServer: dataSource must be a DataSource of TypeORM, an object with initialize(), getMetadata(), got undefined',
    () => server({ dataSource: undefined }),
  ],
  ["serverTable: unknown option 'name', did you mean 'naming'?", () => serverTable(entity, { name: 'todos' } as never)],
  [
    "serverTable: deletes must be one of soft, hard, got 'none'",
    () => serverTable(entity, { deletes: 'none' } as never),
  ],
  ["--port must be a number from 0 to 65535, got 'x'", () => readFlags(['--port', 'x'])],
  ["--prefix must be a path that begins with '/', or '', got 'api'", () => readFlags(['--prefix', 'api'])],
  ["Unknown option '--prot'", () => readFlags(['--prot', '1'])],
])('F-13: %s', (message, make) => {
  expect(make).toThrow(message);
});

test("F-13: the plugin rejects a misspelt option, and leaves register's options to Fastify", async () => {
  const register = async (options: object): Promise<void> => {
    const app = fastify();
    app.register(syncServer, { dataSource, tables: [entity], ...options } as never);
    await app.ready();
    await app.close();
  };
  await register({ prefix: '/api', logLevel: 'warn' });
  await expect(register({ rowscope: () => undefined })).rejects.toThrow(
    "syncServer: unknown option 'rowscope', did you mean 'rowScope'?",
  );
});

test('the command has defaults, and --help lists every flag with them', () => {
  expect(readFlags([])).toEqual({
    port: '3000',
    host: '127.0.0.1',
    database: 'synchart-server.db',
    prefix: '',
    log: false,
    version: false,
    help: false,
  });
  expect(readFlags(['--port', '0', '--token', 'Bearer x', '--log', '-h'])).toMatchObject({
    port: '0',
    token: 'Bearer x',
    log: true,
    help: true,
  });
  expect(usage()).toContain('  --port <n>             port to listen on; 0 = a free one (default: 3000)\n');
  expect(usage()).toContain('(default: everybody may)');
});
