/**
 * A misspelt or misplaced option must not be ignored: the engine would behave in another way than the app says (F-13).
 */
import type { DataSource } from 'typeorm';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createRestSyncEngine, createSyncEngine } from '../../src/engine/create-sync-engine.ts';
import { createSyncMachine } from '../../src/engine/machine/create-sync-machine.ts';
import { syncTable } from '../../src/persistence/tables/sync-table.ts';
import { MemoryTransport } from '../../src/testing.ts';
import { createTransport, RestTransport } from '../../src/transport.ts';
import { openTodoDatabase, todos } from '../support/open-store.ts';

let dataSource: DataSource;
beforeAll(async () => {
  dataSource = await openTodoDatabase('better-sqlite3');
});
afterAll(() => dataSource.destroy());

const given = (options: object): never => options as never;
const engine = (options: object): unknown =>
  createSyncEngine(given({ dataSource, transport: new MemoryTransport(), tables: [todos], ...options }));
const machine = (options: object): unknown =>
  createSyncMachine(given({ dataSource, transport: new MemoryTransport(), tables: [todos], ...options }));
const restEngine = (options: object): unknown =>
  createRestSyncEngine(given({ dataSource, tables: [todos], baseUrl: 'http://localhost', ...options }));
const rest = (options: object): unknown => new RestTransport(given({ baseUrl: 'http://localhost', ...options }));
const remote = (options: object): unknown => createTransport(given({ send: () => undefined, ...options }));
const table = (options: object): unknown => syncTable(todos.target, given(options));

describe.each([
  ['createSyncEngine', engine],
  ['createSyncMachine', machine],
  ['createRestSyncEngine', restEngine],
  ['RestTransport', rest],
  ['createTransport', remote],
  ['syncTable', table],
])('%s', (name, make) => {
  test('rejects an unknown option', () => {
    expect(() => make({ nonsenseOfAnApp: 1 })).toThrow(TypeError);
    expect(() => make({ nonsenseOfAnApp: 1 })).toThrow(`${name}: unknown option 'nonsenseOfAnApp'`);
  });

  test('rejects options that are not an object', () => {
    const bare = {
      createSyncEngine,
      createSyncMachine,
      createRestSyncEngine,
      createTransport,
      syncTable: (options: never) => syncTable(todos.target, options),
    };
    const call =
      name === 'RestTransport'
        ? () => new RestTransport(given(null as never))
        : () => bare[name as keyof typeof bare](null as never);
    expect(call).toThrow(/options must be an object, got null/);
  });
});

test.each([
  [
    'createSyncEngine: dataSource must be a DataSource of TypeORM, an object with getMetadata(), got undefined',
    () => engine({ dataSource: undefined }),
  ],
  [
    /^createSyncEngine: transport must be a transport adapter, an object with pull\(\), push\(\), .*, got an object$/,
    () => engine({ transport: {} }),
  ],
  [
    /^createSyncEngine: transport must be a transport adapter, .*, got undefined$/,
    () => engine({ transport: undefined }),
  ],
  [
    'createSyncEngine: tables must be a list of synchronised tables: pass [syncTable(…), …], got an object',
    () => engine({ tables: todos }),
  ],
  [
    'createSyncEngine: clock must be a clock, an object with now(), setTimeout(), clearTimeout(), got an object',
    () => engine({ clock: { now: () => 0 } }),
  ],
  ['createSyncEngine: scope must be a function, got a text', () => engine({ scope: 'user-1' })],
  [
    "createSyncMachine: unknown option 'connectivity'",
    () => machine({ connectivity: { isOnline: () => true, subscribe: () => () => undefined } }),
  ],
  [
    "conflict.stratgy of kind 'todos' is not a setting, did you mean 'strategy'?",
    () => engine({ tableConflicts: { todos: { stratgy: 'merge' } } }),
  ],
  [
    /^conflict.strategy of kind 'todos' must be one of .*, got 'newest'$/,
    () => engine({ tableConflicts: { todos: { strategy: 'newest' } } }),
  ],
  [
    "conflict.fields.title of kind 'todos' must be a function or one of",
    () => engine({ tableConflicts: { todos: { fields: { title: 'theirs' } } } }),
  ],
  ["config.pagesSize is not a setting, did you mean 'pageSize'?", () => engine({ config: { pagesSize: 1 } })],
  [
    "createRestSyncEngine: unknown option 'pushConcurency', did you mean 'pushConcurrency'?",
    () => restEngine({ pushConcurency: 4 }),
  ],
  ["createRestSyncEngine: unknown option 'transport'", () => restEngine({ transport: new MemoryTransport() })],
  [
    'RestTransport: pushConcurrency must be a whole number of at least 1, got 0',
    () => restEngine({ pushConcurrency: 0 }),
  ],
  ['RestTransport: token must be a function, got a text', () => rest({ token: 'Bearer secret' })],
  ['RestTransport: enableBatch must be true or false, got a text', () => rest({ enableBatch: 'yes' })],
  ["createTransport: unknown option 'headers'", () => remote({ headers: { 'x-tenant': 'acme' } })],
  ['createTransport: send must be a function, got a text', () => remote({ send: 'http://localhost' })],
  [
    'createTransport: pushConcurrency must be a whole number of at least 1, got 0',
    () => remote({ pushConcurrency: 0 }),
  ],
  ["syncTable: naming must be one of property, snake_case, got 'camelCase'", () => table({ naming: 'camelCase' })],
  ['syncTable: pullOnly must be true or false, got a text', () => table({ pullOnly: 'yes' })],
  ['syncTable: localOnly must be a list of property names, got a text', () => table({ localOnly: 'notes' })],
  [
    'syncTable: dependsOn must be a list of kinds, or an object of kinds by property, got an object',
    () => table({ dependsOn: { listId: 7 } }),
  ],
  [
    'syncTable: retentionMs must be a number of milliseconds of at least 0, or Infinity, got -1',
    () => table({ retentionMs: -1 }),
  ],
  ['syncTable: version must be a whole number of at least 1, got 1.5', () => table({ version: 1.5 })],
])('F-13: %s', (message, make) => {
  expect(make).toThrow(message);
});
