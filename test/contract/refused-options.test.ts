/** F-13: every function of the public API that takes options rejects a misspelt or invalid option by name. */
import type { DataSource } from 'typeorm';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openBrowserDatabase } from '../../src/browser/open-browser-database.ts';
import { attachDevtools } from '../../src/devtools/agent/attach-devtools.ts';
import { exposeSyncDevtools } from '../../src/devtools/bridge/expose-sync-devtools.ts';
import { startInspector } from '../../src/devtools/inspector/start-inspector.ts';
import { mountSyncDevtools } from '../../src/devtools/mount/mount-sync-devtools.ts';
import { inspectWithStately } from '../../src/devtools/stately/inspect-with-stately.ts';
import { createSyncEngine } from '../../src/engine/create-sync-engine.ts';
import type { SyncEngine } from '../../src/engine/api/sync-engine.ts';
import { createTriggers, SyncCoordinator } from '../../src/engine/triggers.ts';
import { captureWrites } from '../../src/persistence/capture/capture-writes.ts';
import { expoSqliteDriver } from '../../src/persistence/drivers/phones/expo-sqlite-driver.ts';
import { opSqliteDriver } from '../../src/persistence/drivers/phones/op-sqlite-driver.ts';
import { sqlite3Driver } from '../../src/persistence/drivers/sqlite3-driver.ts';
import { liveQuery } from '../../src/persistence/follow/live-query.ts';
import { rowStatus, watchRowStatus } from '../../src/persistence/follow/row-status.ts';
import { gateConnection } from '../../src/persistence/gate/connection-gate.ts';
import { createWriter } from '../../src/persistence/writing/writer.ts';
import { replayBundle } from '../../src/replay/replay-bundle.ts';
import { rpcDriver } from '../../src/rpc/client/rpc-driver.ts';
import { serveDatabase } from '../../src/rpc/host/serve-database.ts';
import { simulate } from '../../src/simulation/simulate.ts';
import {
  createTestServer,
  FaultyTransport,
  MemoryBackend,
  MemoryTransport,
  TestServer,
  transportConformance,
} from '../../src/testing.ts';
import { openTodoDatabase, todos } from '../support/open-store.ts';

let dataSource: DataSource;
let engine: SyncEngine;
beforeAll(async () => {
  dataSource = await openTodoDatabase('better-sqlite3');
  engine = createSyncEngine({ dataSource, transport: new MemoryTransport(), tables: [todos] });
});
afterAll(async () => {
  await engine.dispose();
  await dataSource.destroy();
});

const port = { postMessage: () => undefined, addEventListener: () => undefined };
const read = (): Promise<number> => Promise.resolve(1);

/** Creates each with options that were not type checked. */
const makers: Readonly<Record<string, (options: never) => unknown>> = {
  createTriggers: (options) => createTriggers(engine, options),
  SyncCoordinator: (options) => new SyncCoordinator(engine, options),
  captureWrites: (options) => captureWrites(dataSource, [todos], options),
  createWriter: (options) => createWriter(dataSource, options),
  gateConnection: (options) => gateConnection(dataSource, options),
  liveQuery: (options) => liveQuery(read, options),
  'engine.liveQuery': (options) => engine.liveQuery(read, options),
  rowStatus: (options) => rowStatus(todos, 'a', options),
  watchRowStatus: (options) => watchRowStatus(todos, 'a', options),
  sqlite3Driver,
  expoSqliteDriver: (options) => expoSqliteDriver({} as never, options),
  opSqliteDriver: (options) => opSqliteDriver({} as never, options),
  rpcDriver: (options) => rpcDriver(port as never, options),
  serveDatabase,
  openBrowserDatabase,
  attachDevtools: (options) => attachDevtools(engine, options),
  exposeSyncDevtools: (options) => exposeSyncDevtools(engine, options),
  mountSyncDevtools: (options) => mountSyncDevtools(engine, {} as never, options),
  startInspector: (options) => startInspector(engine, options),
  inspectWithStately: (options) => inspectWithStately(engine, options),
  createTestServer,
  TestServer: (options) => new TestServer(options),
  MemoryBackend: (options) => new MemoryBackend(options),
  MemoryTransport: (options) => new MemoryTransport(options),
  FaultyTransport: (options) => new FaultyTransport(new MemoryTransport(), options),
  transportConformance: (options) => transportConformance('nothing', () => ({}) as never, options),
  simulate,
  replayBundle: (options) => replayBundle({}, options),
};
/** The thrown error, or the reason of the rejected promise. */
async function refusal(name: string, options: unknown): Promise<string> {
  try {
    await makers[name]?.(options as never);
  } catch (error) {
    return String(error);
  }
  return 'nothing';
}
/** Some exports are aliases: `SyncCoordinator` is `createTriggers` as a class. Errors name the function that checks. */
const checkedBy: Readonly<Record<string, string>> = {
  SyncCoordinator: 'createTriggers',
  'engine.liveQuery': 'liveQuery',
  watchRowStatus: 'rowStatus',
  TestServer: 'createTestServer',
};

describe.each(Object.keys(makers))('%s', (name) => {
  const owner = checkedBy[name] ?? name;

  test('F-13: rejects an unknown option by name', async () => {
    expect(await refusal(name, { nonsenseOfAnApp: 1 })).toContain(
      `TypeError: ${owner}: unknown option 'nonsenseOfAnApp'`,
    );
  });

  test('F-13: rejects options that are not an object', async () => {
    expect(await refusal(name, null)).toBe(`TypeError: ${owner}: options must be an object, got null`);
  });
});

const aClock = 'a clock, an object with now(), setTimeout(), clearTimeout()';

test.each<[string, object, string]>([
  [
    'createTriggers',
    { pushDebounceMs: 0 },
    'RangeError: createTriggers: pushDebounceMs must be a number of milliseconds above 0, got 0',
  ],
  [
    'createTriggers',
    { pullOnStartup: 'yes' },
    'TypeError: createTriggers: pullOnStartup must be true or false, got a text',
  ],
  [
    'createTriggers',
    { pullOnStartUp: true },
    "TypeError: createTriggers: unknown option 'pullOnStartUp', did you mean 'pullOnStartup'?",
  ],
  [
    'createTriggers',
    { connectivity: {} },
    'TypeError: createTriggers: connectivity must be true, false or a port, an object with isOnline(), subscribe(), got an object',
  ],
  ['captureWrites', { hideDeleted: 0 }, 'TypeError: captureWrites: hideDeleted must be true or false, got 0'],
  ['captureWrites', { opId: 'x' }, 'TypeError: captureWrites: opId must be a function, got a text'],
  [
    'createWriter',
    { clock: {} },
    'TypeError: createWriter: clock must be a clock, an object with now(), got an object',
  ],
  [
    'gateConnection',
    { gateTimeoutMs: 0 },
    'RangeError: gateConnection: gateTimeoutMs must be a finite number of milliseconds of at least 1, got 0',
  ],
  ['liveQuery', { tables: todos }, 'TypeError: liveQuery: tables must be a list of tables, got an object'],
  [
    'liveQuery',
    { tables: [todos], pollIntervalMs: -1 },
    'RangeError: liveQuery: pollIntervalMs must be a number of milliseconds of at least 0, or Infinity, got -1',
  ],
  ['rowStatus', { clock: 1 }, `TypeError: rowStatus: clock must be ${aClock}, got 1`],
  [
    'sqlite3Driver',
    { synchronous: 'SOMETIMES' },
    "RangeError: sqlite3Driver: synchronous must be one of OFF, NORMAL, FULL, EXTRA, got 'SOMETIMES'",
  ],
  [
    'rpcDriver',
    { answerTimeoutMs: 0 },
    'RangeError: rpcDriver: answerTimeoutMs must be between 1 and 2147483647 ms, got 0',
  ],
  [
    'serveDatabase',
    { connection: {} },
    'TypeError: serveDatabase: connection must be a connection to SQLite, an object with execute(), isInTransaction(), close(), got an object',
  ],
  ['openBrowserDatabase', { name: 'a' }, 'TypeError: openBrowserDatabase: entities must be a list, got undefined'],
  [
    'openBrowserDatabase',
    { name: 'a', entities: [], openTimeoutMs: -1 },
    'RangeError: openBrowserDatabase: openTimeoutMs must be between 1 and 2147483647 ms, got -1',
  ],
  [
    'openBrowserDatabase',
    { name: 'a', entities: [], driver: 'sqljs' },
    "TypeError: openBrowserDatabase: unknown option 'driver'",
  ],
  [
    'attachDevtools',
    { capacity: 0 },
    'RangeError: attachDevtools: capacity must be a whole number from 1 to 100000, got 0',
  ],
  [
    'attachDevtools',
    { redact: { field: ['pin'] } },
    "TypeError: attachDevtools: unknown option 'redact.field', did you mean 'fields'?",
  ],
  [
    'attachDevtools',
    { redact: { fields: 'pin' } },
    'TypeError: attachDevtools: redact.fields must be a list of property names, got a text',
  ],
  ['exposeSyncDevtools', { recordFrom: 'now' }, "must be one of start, panel, got 'now'"],
  ['mountSyncDevtools', { open: 1 }, 'TypeError: mountSyncDevtools: open must be true or false, got 1'],
  [
    'mountSyncDevtools',
    { redact: { field: [] } },
    "TypeError: mountSyncDevtools: unknown option 'redact.field', did you mean 'fields'?",
  ],
  [
    'startInspector',
    { port: 70_000 },
    'RangeError: startInspector: port must be a whole number from 0 to 65535, got 70000',
  ],
  ['inspectWithStately', { url: 'nonsense' }, 'inspectWithStately: url must be a WebSocket address on this machine'],
  ['inspectWithStately', { url: 'ws://example.com' }, 'RangeError: inspectWithStately: url must be'],
  ['createTestServer', { kinds: 'todos' }, 'TypeError: createTestServer: kinds must be a list of kinds, got a text'],
  ['createTestServer', { paging: 'pages' }, 'RangeError: createTestServer: paging must be one of keyset, offsetToken'],
  ['MemoryBackend', { pageCap: 0 }, 'RangeError: MemoryBackend: pageCap must be a whole number of at least 1, got 0'],
  [
    'MemoryTransport',
    { backend: {} },
    'TypeError: MemoryTransport: backend must be a MemoryBackend, an object with list(), write(), fetch(), got an object',
  ],
  ['FaultyTransport', { rate: 2 }, 'RangeError: FaultyTransport: rate must be a number from 0 to 1, got 2'],
  ['simulate', { seed: '1' }, "RangeError: simulate: seed must be a whole number of at least 0, got '1'"],
])(
  'F-13: %s rejects %j and names the field, the expected value and the actual value',
  async (name, options, message) => {
    expect(await refusal(name, options)).toContain(message);
  },
);
