import { browserDatabaseOptions } from '../../src/browser/open-browser-database.ts';
import { devtoolsOptions } from '../../src/devtools/agent/devtools-agent.ts';
import { exposeOptions } from '../../src/devtools/bridge/expose-sync-devtools.ts';
import { inspectorOptions } from '../../src/devtools/inspector/start-inspector.ts';
import { mountOptions } from '../../src/devtools/mount/mount-sync-devtools.ts';
import { syncDevtoolsProps } from '../../src/devtools/mount/sync-devtools.tsx';
import { statelyOptions } from '../../src/devtools/stately/inspect-with-stately.ts';
import { conflictOptions } from '../../src/engine/ports/check-conflict-config.ts';
import { engineOptions } from '../../src/engine/ports/engine-options.ts';
import { triggerOptions } from '../../src/engine/triggers.ts';
import { configOptions } from '../../src/model/config.ts';
import { without, type Option } from '../../src/model/options/option-list.ts';
import { captureOptions } from '../../src/persistence/capture/capture-writes.ts';
import { openDatabaseOptions } from '../../src/persistence/database/open-database.ts';
import { phoneDriverOptions } from '../../src/persistence/drivers/phones/expo-sqlite-driver.ts';
import { sqlite3DriverOptions } from '../../src/persistence/drivers/sqlite3-driver.ts';
import { liveQueryOptions } from '../../src/persistence/follow/live-query.ts';
import { rowStatusOptions } from '../../src/persistence/follow/row-status.ts';
import { tableOptions } from '../../src/persistence/tables/sync-table.ts';
import { writerOptions } from '../../src/persistence/writing/writer.ts';
import { replayOptions } from '../../src/replay/replay-bundle.ts';
import { rpcDriverOptions } from '../../src/rpc/client/rpc-driver.ts';
import { connectOptions, serveOptions } from '../../src/rpc/host/serve-database.ts';
import { createSyncServerOptions } from '../../src/server/create-sync-server.ts';
import { serverTableOptions } from '../../src/server/table-shape.ts';
import { simulateOptions } from '../../src/simulation/simulate.ts';
import { faultyTransportOptions } from '../../src/testing/faulty-transport.ts';
import { memoryBackendOptions } from '../../src/testing/memory-backend.ts';
import { memoryTransportOptions } from '../../src/testing/memory-transport.ts';
import { testServerOptions } from '../../src/testing/test-server.ts';
import { conformanceOptions } from '../../src/testing/transport-conformance.ts';
import { createTransportOptions } from '../../src/transport/create-transport.ts';
import { crudSendOptions } from '../../src/transport/crud-send.ts';
import { restOptions } from '../../src/transport/http/rest-options.ts';

type List = Readonly<Record<string, Option>>;

export interface Section {
  readonly title: string;
  readonly about: string;
  readonly list: List;
  /** Where the options are declared, as `file#interface`. */
  readonly declared: readonly string[];
}

/** Options of `openDatabase` that TypeORM documents. */
const passedOn = ['logging', 'logger', 'subscribers', 'namingStrategy', 'maxQueryExecutionTime'] as const;

/** Names in both lists. */
const sharedWith = (base: List, list: List, except: readonly string[] = []): readonly string[] =>
  Object.keys(list).filter((name) => name in base && !except.includes(name));
/** The options that only the second list has. */
const besides = (base: List, list: List): List => without(list, ...Object.keys(base));
const mean = (names: readonly string[], where: string): string =>
  `${names.map((name) => `\`${name}\``).join(', ')} mean the same as for \`${where}\`.`;

/** What the page shows, in this order; `flags` are those of the command. */
export const sections: readonly (Section | 'flags')[] = [
  {
    title: '## The engine',
    about:
      '`createSyncEngine(options)`. `createSyncMachine` takes the same without `connectivity`; `createRestSyncEngine` takes [the options of REST](#rest) instead of `transport`.',
    list: engineOptions,
    declared: [
      'src/engine/ports/engine-options.ts#SyncEngineOptions',
      'src/engine/ports/engine-options.ts#SyncMachineOptions',
    ],
  },
  {
    title: '### `config`',
    about:
      'The option `config` of the engine. `defaultSyncConfig` has the defaults as values, `resolveSyncConfig` checks and completes a configuration.',
    list: configOptions,
    declared: ['src/model/config.ts#SyncConfig'],
  },
  {
    title: '## The database',
    about:
      '`openDatabase(options)`. It passes `logging`, `logger`, `subscribers`, `namingStrategy` and `maxQueryExecutionTime` on to TypeORM. `gateConnection(dataSource, options)` takes the last four.',
    list: without(openDatabaseOptions, ...passedOn),
    declared: [
      'src/persistence/database/open-database.ts#OpenDatabaseOptions',
      'src/persistence/gate/connection-gate.ts#GateOptions',
    ],
  },
  {
    title: '### In a browser',
    about: `\`openBrowserDatabase(options)\`. ${mean(sharedWith(openDatabaseOptions, browserDatabaseOptions, passedOn), 'openDatabase')}`,
    list: besides(openDatabaseOptions, browserDatabaseOptions),
    declared: ['src/browser/open-browser-database.ts#BrowserDatabaseOptions'],
  },
  {
    title: '### Drivers',
    about: '`sqlite3Driver(options)`.',
    list: sqlite3DriverOptions,
    declared: ['src/persistence/drivers/sqlite3-driver.ts#Sqlite3DriverOptions'],
  },
  {
    title: '### Drivers of phones',
    about: '`expoSqliteDriver(module, options)` and `opSqliteDriver(module, options)`.',
    list: phoneDriverOptions,
    declared: ['src/persistence/drivers/phones/expo-sqlite-driver.ts#PhoneDriverOptions'],
  },
  {
    title: '### A database behind a message port',
    about: '`rpcDriver(port, options)`, the side of the client.',
    list: rpcDriverOptions,
    declared: ['src/rpc/client/rpc-driver.ts#RpcDriverOptions'],
  },
  {
    title: '#### The host',
    about: '`serveDatabase(options)`.',
    list: serveOptions,
    declared: ['src/rpc/host/serve-database.ts#ServeOptions'],
  },
  {
    title: '#### A client of the host',
    about: '`connect(port, options)` of what `serveDatabase` returns.',
    list: connectOptions,
    declared: ['src/rpc/host/serve-database.ts#ConnectOptions'],
  },
  {
    title: '## Tables',
    about: '`syncTable(entity, options)`.',
    list: tableOptions,
    declared: [
      'src/persistence/tables/sync-table.ts#SyncTableOptions',
      'src/persistence/columns/table-schema.ts#TableSchemaOptions',
    ],
  },
  {
    title: '### `conflict`',
    about: 'The option `conflict` of a table, and each value of the engine’s `tableConflicts`.',
    list: conflictOptions,
    declared: ['src/model/conflict.ts#TableConflictConfig'],
  },
  {
    title: '## Triggers',
    about: '`createTriggers(engine, options)` and `new SyncCoordinator(engine, options)`.',
    list: triggerOptions,
    declared: ['src/engine/triggers.ts#TriggerOptions'],
  },
  {
    title: '## Writing',
    about: '`createWriter(dataSource, options)`.',
    list: writerOptions,
    declared: ['src/persistence/writing/writer.ts#WriterOptions'],
  },
  {
    title: '### The app’s own writes',
    about: '`captureWrites(dataSource, tables, options)`.',
    list: captureOptions,
    declared: ['src/persistence/capture/capture-writes.ts#CaptureOptions'],
  },
  {
    title: '## Live queries',
    about: '`liveQuery(query, options)`; `engine.liveQuery` sets `dataSource` and `clock` itself.',
    list: liveQueryOptions,
    declared: [
      'src/persistence/follow/live-query.ts#LiveQueryOptions',
      'src/persistence/follow/live-query.ts#AnyLiveQueryOptions',
    ],
  },
  {
    title: '### The status of a row',
    about: '`rowStatus(table, id, options)` and `watchRowStatus(table, id, options)`.',
    list: rowStatusOptions,
    declared: ['src/persistence/follow/row-status.ts#RowStatusOptions'],
  },
  {
    title: '## REST',
    about:
      '`new RestTransport(options)`, and `createRestSyncEngine`, which also takes [those of the engine](#the-engine).',
    list: restOptions,
    declared: ['src/transport/http/rest-options.ts#RestTransportOptions'],
  },
  {
    title: '### Other wires',
    about: `\`createTransport(options)\`. ${mean(sharedWith(restOptions, createTransportOptions), 'RestTransport')}`,
    list: besides(restOptions, createTransportOptions),
    declared: ['src/transport/create-transport.ts#CreateTransportOptions'],
  },
  {
    title: '### CRUD calls',
    about:
      '`crudSend(options)`, which makes the `send` of `createTransport` ([adapters](adapters.md#an-ordinary-crud-api)).',
    list: crudSendOptions,
    declared: ['src/transport/crud-send.ts#CrudSendOptions'],
  },
  {
    title: '## The server',
    about:
      '`createSyncServer(options)`. The plugin `syncServer` takes the same without `logger`; its `prefix` is that of Fastify’s `register`.',
    list: createSyncServerOptions,
    declared: [
      'src/server/server-options.ts#SyncServerOptions',
      'src/server/create-sync-server.ts#CreateSyncServerOptions',
    ],
  },
  {
    title: '### Its tables',
    about: '`serverTable(entity, options)`.',
    list: serverTableOptions,
    declared: ['src/server/table-shape.ts#ServerTableOptions'],
  },
  'flags',
  {
    title: '## Devtools',
    about: '`attachDevtools(engine, options)`.',
    list: devtoolsOptions,
    declared: ['src/devtools/agent/devtools-agent.ts#DevtoolsOptions'],
  },
  {
    title: '### The panel in a page',
    about: `\`mountSyncDevtools(engine, element, options)\`. ${mean(Object.keys(devtoolsOptions), 'attachDevtools')}`,
    list: besides(devtoolsOptions, mountOptions),
    declared: ['src/devtools/mount/mount-sync-devtools.ts#MountOptions'],
  },
  {
    title: '### The panel in a React app',
    about: `The props of \`SyncDevtools\`. ${mean(Object.keys(devtoolsOptions), 'attachDevtools')}`,
    list: besides(devtoolsOptions, syncDevtoolsProps),
    declared: ['src/devtools/mount/sync-devtools.tsx#SyncDevtoolsProps'],
  },
  {
    title: '### The panel of the browser extension',
    about: `\`exposeSyncDevtools(engine, options)\`. ${mean(Object.keys(devtoolsOptions), 'attachDevtools')}`,
    list: besides(devtoolsOptions, exposeOptions),
    declared: ['src/devtools/bridge/expose-sync-devtools.ts#ExposeOptions'],
  },
  {
    title: '### The panel of a Node process',
    about: `\`startInspector(engine, options)\`. ${mean(Object.keys(devtoolsOptions), 'attachDevtools')}`,
    list: besides(devtoolsOptions, inspectorOptions),
    declared: ['src/devtools/inspector/start-inspector.ts#InspectorOptions'],
  },
  {
    title: '### Stately’s inspector',
    about: `\`inspectWithStately(engine, options)\`. ${mean(Object.keys(devtoolsOptions), 'attachDevtools')}`,
    list: besides(devtoolsOptions, statelyOptions),
    declared: ['src/devtools/stately/inspect-with-stately.ts#StatelyOptions'],
  },
  {
    title: '## Testing',
    about: '`new MemoryBackend(options)`.',
    list: memoryBackendOptions,
    declared: ['src/testing/memory-backend.ts#MemoryBackendOptions'],
  },
  {
    title: '### A server',
    about: `\`createTestServer(options)\`. ${mean(Object.keys(memoryBackendOptions), 'MemoryBackend')}`,
    list: besides(memoryBackendOptions, testServerOptions),
    declared: ['src/testing/test-server.ts#TestServerOptions'],
  },
  {
    title: '### A transport',
    about: `\`new MemoryTransport(options)\`. ${mean(Object.keys(memoryBackendOptions), 'MemoryBackend')}`,
    list: besides(memoryBackendOptions, memoryTransportOptions),
    declared: ['src/testing/memory-transport.ts#MemoryTransportOptions'],
  },
  {
    title: '### A transport that fails',
    about: '`new FaultyTransport(transport, options)`.',
    list: faultyTransportOptions,
    declared: ['src/testing/faulty-transport.ts#FaultyTransportOptions'],
  },
  {
    title: '### The contract of transports',
    about: '`transportConformance(name, factory, options)`.',
    list: conformanceOptions,
    declared: [
      'src/testing/transport-conformance.ts#ConformanceOptions',
      'src/testing/transport-conformance.ts#ConformanceRunner',
    ],
  },
  {
    title: '### The simulator',
    about: '`simulate(options)`.',
    list: simulateOptions,
    declared: ['src/simulation/simulate.ts#SimulateOptions'],
  },
  {
    title: '### Replaying a saved file',
    about: '`replayBundle(file, options)`.',
    list: replayOptions,
    declared: ['src/replay/replay-bundle.ts#ReplayOptions'],
  },
];
