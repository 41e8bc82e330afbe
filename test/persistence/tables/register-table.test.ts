import {
  ChildEntity,
  Column,
  DataSource,
  Entity,
  EntitySchema,
  PrimaryColumn,
  TableInheritance,
  Tree,
  TreeChildren,
  TreeParent,
  ViewColumn,
  ViewEntity,
  type EntitySchemaColumnOptions,
  type ObjectLiteral,
} from 'typeorm';
import { afterAll, describe, expect, test } from 'vitest';
import { createSyncMachine } from '../../../src/engine/machine/create-sync-machine.ts';
import { captureWrites } from '../../../src/persistence/capture/capture-writes.ts';
import { registerTables } from '../../../src/persistence/tables/register-table.ts';
import { SyncColumns, syncColumns } from '../../../src/persistence/tables/sync-columns.ts';
import { syncTable, type SyncTable, type SyncTableOptions } from '../../../src/persistence/tables/sync-table.ts';
import { createWriter } from '../../../src/persistence/writing/writer.ts';
import { MemoryTransport } from '../../../src/testing.ts';
import { todoEntity } from '../../support/todo.ts';

const id: EntitySchemaColumnOptions = { type: 'text', primary: true };
const schemaOf = (name: string, columns: Record<string, EntitySchemaColumnOptions>): EntitySchema =>
  new EntitySchema({ name, columns });

class Plain extends SyncColumns {
  id = '';
  name = '';
}
PrimaryColumn('text')(Plain.prototype, 'id');
Column('text')(Plain.prototype, 'name');
Entity('plain_things')(Plain);

class Animal extends SyncColumns {
  id = '';
}
class Dog extends Animal {
  bark = '';
}
PrimaryColumn('text')(Animal.prototype, 'id');
Entity('animals')(Animal);
TableInheritance({ column: { type: 'varchar', name: 'species' } })(Animal);
Column({ type: 'text', nullable: true })(Dog.prototype, 'bark');
ChildEntity()(Dog);

class ClosureTree extends SyncColumns {
  id = '';
}
class NestedSet extends SyncColumns {
  id = '';
}
class PathTree extends SyncColumns {
  id = '';
}
for (const [target, type] of [
  [ClosureTree, 'closure-table'],
  [NestedSet, 'nested-set'],
  [PathTree, 'materialized-path'],
] as const) {
  PrimaryColumn('text')(target.prototype, 'id');
  TreeParent()(target.prototype, 'parent');
  TreeChildren()(target.prototype, 'children');
  Entity()(target);
  Tree(type)(target);
}

class TodoView {
  id = '';
}
ViewColumn()(TodoView.prototype, 'id');
ViewEntity({ expression: 'SELECT id FROM todos' })(TodoView);

const entities = {
  todos: todoEntity as EntitySchema,
  bare: schemaOf('bare', { id, title: { type: 'text' } }),
  noDeletedAt: schemaOf('no_deleted_at', {
    id,
    updatedAt: syncColumns.updatedAt,
    deletedAtLocal: syncColumns.deletedAtLocal,
  }),
  noLocal: schemaOf('no_local', { id, updatedAt: syncColumns.updatedAt, deletedAt: syncColumns.deletedAt }),
  dated: schemaOf('dated', { id, ...syncColumns, updatedAt: { type: 'datetime' } }),
  dateClass: schemaOf('date_class', { id, ...syncColumns, updatedAt: { type: Date } }),
  numbered: schemaOf('numbered', { id, ...syncColumns, updatedAt: { type: 'integer' } }),
  datedTombstone: schemaOf('dated_tombstone', { id, ...syncColumns, deletedAt: { type: 'datetime', nullable: true } }),
  composite: schemaOf('composite', { a: id, b: id, ...syncColumns }),
  counted: schemaOf('counted', {
    id: { type: 'integer', primary: true, generated: 'increment' },
    name: { type: 'text' },
    ...syncColumns,
  }),
  whole: schemaOf('whole', { id: { type: 'integer', primary: true }, ...syncColumns }),
  uuid: schemaOf('uuids', { id: { type: 'text', primary: true, generated: 'uuid' }, ...syncColumns }),
  snake: schemaOf('snake', {
    id,
    updated_at: { type: 'text', default: '' },
    deleted_at: { type: 'text', nullable: true },
    deleted_at_local: { type: 'text', nullable: true },
  }),
  strict: schemaOf('strict', {
    id,
    draft: { type: 'text' },
    count: { type: 'integer', default: 0 },
    note: { type: 'text', nullable: true },
    ...syncColumns,
  }),
};
const outside = schemaOf('outside', { id, ...syncColumns });

const dataSource = await new DataSource({
  type: 'better-sqlite3',
  database: ':memory:',
  entities: [...Object.values(entities), Plain, Animal, Dog, ClosureTree, NestedSet, PathTree, TodoView],
}).initialize();
afterAll(() => dataSource.destroy());

const register = (...tables: readonly SyncTable[]): ReturnType<typeof registerTables> =>
  registerTables(dataSource, tables);
const table = (entity: EntitySchema, options: SyncTableOptions<ObjectLiteral> = {}): SyncTable =>
  syncTable<ObjectLiteral>(entity, options);

test('accepts a materialized-path tree, whose paths derive from the parents', () => {
  expect([...register(syncTable(PathTree) as SyncTable).keys()]).toEqual(['path_tree']);
});

describe('rejected, with the necessary change', () => {
  test.each<[string, () => unknown, RegExp]>([
    [
      'a class in place of a table',
      () => register(Plain as unknown as SyncTable),
      /tables\[0\] is an entity, not a synchronised table: pass syncTable\(Plain\)/,
    ],
    [
      'an EntitySchema in place of a table',
      () => register(table(entities.todos), entities.strict as unknown as SyncTable),
      /tables\[1\] is an entity, not a synchronised table: pass syncTable\(strict\)/,
    ],
    [
      'a name in place of a table',
      () => register('todos' as unknown as SyncTable),
      /tables\[0\] is an entity.*pass syncTable\('todos'\)/,
    ],
    [
      'nothing in place of a table',
      () => register(undefined as unknown as SyncTable),
      /tables\[0\] is undefined, not a synchronised table: pass syncTable\(…\)/,
    ],
    [
      'no list of tables',
      () => registerTables(dataSource, table(entities.todos) as unknown as SyncTable[]),
      /tables must be a list/,
    ],
    [
      'a class given to a writer',
      () => createWriter(dataSource).forTable(Plain as unknown as SyncTable<Plain>),
      /forTable: .*pass syncTable\(Plain\)/,
    ],
    [
      'a class given to captureWrites',
      () => captureWrites(dataSource, [Plain as unknown as SyncTable]),
      /tables\[0\] is an entity.*pass syncTable\(Plain\)/,
    ],
    [
      'a class given to the engine',
      () =>
        createSyncMachine({
          dataSource,
          tables: [Plain as unknown as SyncTable],
          transport: new MemoryTransport(),
          tableConflicts: { plain_things: { strategy: 'serverWins' } },
        }),
      /tables\[0\] is an entity.*pass syncTable\(Plain\)/,
    ],
    [
      'a misspelt option',
      () => table(entities.todos, { pullonly: true } as SyncTableOptions<ObjectLiteral>),
      /syncTable: unknown option 'pullonly', did you mean 'pullOnly'\?/,
    ],
    [
      'an option like no other',
      () => table(entities.todos, { zzzzzzzz: 1 } as SyncTableOptions<ObjectLiteral>),
      /syncTable: unknown option 'zzzzzzzz'; known are kind, naming, .*upgradeRow/,
    ],
    ['a blank kind', () => table(entities.todos, { kind: '  ' }), /kind must not be blank/],
    [
      'the reserved kind (NAM-07)',
      () => register(table(entities.todos, { kind: '__full_resync__' })),
      /syncTable\(todos\).*'__full_resync__' is reserved/,
    ],
    ['the reserved kind with blanks', () => register(table(entities.todos, { kind: ' __full_resync__ ' })), /reserved/],
    [
      'one kind twice',
      () => register(table(entities.todos), table(entities.strict, { kind: 'todos' })),
      /kind 'todos'.*another kind/,
    ],
    [
      'one kind twice but for blanks (F-100)',
      () => register(table(entities.todos, { kind: 'x' }), table(entities.strict, { kind: ' x ' })),
      /kind 'x'/,
    ],
    [
      'an entity that the DataSource does not have',
      () => register(table(outside)),
      /outside is not an entity of this DataSource/,
    ],
    ['an unknown class', () => register(syncTable(class Stranger {}) as SyncTable), /Stranger is not an entity/],
    ['an unknown name', () => register(syncTable('nobody') as SyncTable), /nobody is not an entity/],
    [
      'single-table inheritance',
      () => register(syncTable(Animal) as SyncTable),
      /Animal.*hidden column 'species'.*table per class/,
    ],
    [
      'a child of single-table inheritance',
      () => register(syncTable(Dog) as SyncTable),
      /Dog.*hidden column 'species'/,
    ],
    [
      'a closure-table tree',
      () => register(syncTable(ClosureTree) as SyncTable),
      /ClosureTree.*second table.*materialized-path/,
    ],
    ['a nested-set tree', () => register(syncTable(NestedSet) as SyncTable), /NestedSet.*each insertion changes/],
    ['a view', () => register(syncTable(TodoView) as SyncTable), /TodoView.*register the tables it reads/],
    ['no sync columns', () => register(table(entities.bare)), /syncTable\(bare\): no column 'updatedAt'.*syncColumns/],
    ['no deletedAt', () => register(table(entities.noDeletedAt)), /no column 'deletedAt'/],
    ['no deletedAtLocal', () => register(table(entities.noLocal)), /no column 'deletedAtLocal'/],
    [
      'a Date-typed updatedAt (F-63)',
      () => register(table(entities.dated)),
      /syncTable\(dated\): 'updatedAt' must be a text column, got datetime.*verbatim/,
    ],
    ['an updatedAt of class Date', () => register(table(entities.dateClass)), /'updatedAt' must be a text column/],
    ['a numeric updatedAt', () => register(table(entities.numbered)), /'updatedAt' must be a text column, got integer/],
    ['a Date-typed deletedAt', () => register(table(entities.datedTombstone)), /'deletedAt' must be a text column/],
    ['a composite key', () => register(table(entities.composite)), /key of \(a, b\) is composite/],
    [
      'a generated integer id (F-142)',
      () => register(table(entities.counted)),
      /syncTable\(counted\): 'id' is generated.*pullOnly/,
    ],
    [
      'a localOnly property that is no column',
      () => register(table(entities.strict, { localOnly: ['drafft'] })),
      /localOnly names 'drafft'/,
    ],
    [
      'a localOnly column without value for pulled rows',
      () => register(table(entities.strict, { localOnly: ['draft'] })),
      /localOnly column 'draft' must be nullable or have a default/,
    ],
    ['a localOnly id', () => register(table(entities.uuid, { localOnly: ['id'] })), /'id'/],
    [
      'a localOnly updatedAt',
      () => register(table(entities.strict, { localOnly: ['updatedAt'] })),
      /'updatedAt' must be synchronised/,
    ],
    [
      'dependsOn a kind that is not registered',
      () => register(table(entities.todos, { dependsOn: { title: 'lists' } })),
      /kind 'todos' depends on 'lists'.*known are todos/,
    ],
    [
      'dependsOn a list of kinds with an unknown one',
      () => register(table(entities.todos, { dependsOn: ['todos', 'lists'] })),
      /'lists'/,
    ],
    [
      'dependsOn through a property that is no column',
      () => register(table(entities.todos, { dependsOn: { listId: 'todos' } })),
      /syncTable\(todos\).*dependsOn.*'listId'/,
    ],
    [
      'dependsOn through a localOnly column',
      () => register(table(entities.strict, { localOnly: ['note'], dependsOn: { note: 'strict' } })),
      /dependsOn.*'note'/,
    ],
    [
      'pullOnly and pushOnly at once',
      () => table(entities.todos, { pullOnly: true, pushOnly: true }),
      /pullOnly or pushOnly/,
    ],
  ])('%s', (_, attempt, message) => {
    let error: unknown;
    try {
      attempt();
    } catch (thrown) {
      error = thrown;
    }
    expect(error).toBeInstanceOf(TypeError);
    expect((error as Error).message).toMatch(message);
  });

  test('a DataSource that is not initialised', () => {
    expect(() =>
      registerTables(new DataSource({ type: 'better-sqlite3', database: ':memory:', entities: [todoEntity] }), [
        table(entities.todos),
      ]),
    ).toThrow(/initialised DataSource/);
  });
});

describe('accepted', () => {
  test("REG-02 and F-100: the kind is the SQL table's name or the given one, trimmed", () => {
    expect([...register(table(entities.todos), table(entities.strict, { kind: ' notes ' })).keys()]).toEqual([
      'todos',
      'notes',
    ]);
  });

  test('a class with the sync columns, a table with snake_case properties, and one that refers to itself', () => {
    const registry = register(syncTable(Plain) as SyncTable, table(entities.snake, { dependsOn: ['snake'] }));
    expect(registry.get('plain_things')?.keys).toEqual({ id: 'id', updatedAt: 'updatedAt', deletedAt: 'deletedAt' });
    expect(registry.get('snake')?.keys).toEqual({ id: 'id', updatedAt: 'updated_at', deletedAt: 'deleted_at' });
  });

  test('snake_case naming applies to all keys, including references', () => {
    const todos = register(table(entities.todos, { naming: 'snake_case', dependsOn: { title: 'todos' } })).get('todos');
    expect(todos?.keys).toEqual({ id: 'id', updatedAt: 'updated_at', deletedAt: 'deleted_at' });
    expect(todos?.dependsOn).toEqual([{ key: 'title', kind: 'todos' }]);
  });

  test('F-142: integer ids of the server, generated ones without any push, and UUIDs', () => {
    expect([
      ...register(table(entities.whole), table(entities.counted, { pullOnly: true }), table(entities.uuid)).keys(),
    ]).toEqual(['whole', 'counted', 'uuids']);
  });

  test('optional localOnly columns: nullable or with a default; never part of a wire row', () => {
    const strict = register(table(entities.strict, { localOnly: ['note', 'count'] })).get('strict');
    expect(
      strict?.mapping.entityToWire({
        id: 'a',
        draft: 'd',
        count: 1,
        note: 'n',
        updatedAt: '',
        deletedAt: null,
        deletedAtLocal: 'x',
      }),
    ).toEqual({
      id: 'a',
      draft: 'd',
      updatedAt: '',
      deletedAt: null,
    });
  });

  test('REG-04, NAM-01, PULL-06: reads the id with getId, otherwise from the key, id, ID or uuid; empty, blank or non-text is missing', () => {
    const todos = register(table(entities.todos)).get('todos');
    expect(
      [
        { id: 'a', ID: 'b' },
        { ID: 'b', uuid: 'c' },
        { uuid: 'c' },
        { id: 7 },
        { id: '' },
        { id: null },
        { id: true },
        { id: {} },
        {},
      ].map((row) => todos?.readId(row)),
    ).toEqual(['a', 'b', 'c', '7', undefined, undefined, undefined, undefined, undefined]);
    expect(
      register(table(entities.todos, { getId: (row) => String(row['key']) }))
        .get('todos')
        ?.readId({ key: 'k', id: 'a' }),
    ).toBe('k');
  });

  test('REG-05, NAM-02, PULL-07: reads the timestamp verbatim with getUpdatedAt, otherwise from updatedAt or updated_at', () => {
    const todos = register(table(entities.todos)).get('todos');
    expect(
      [
        { updatedAt: '2026-01-01T00:00:00.123456Z', updated_at: 'x' },
        { updated_at: '2026-01-01 00:00:00' },
        { updatedAt: 1767225600000 },
        { updatedAt: 'soon' },
        { updatedAt: null },
        {},
      ].map((row) => todos?.readUpdatedAt(row)),
    ).toEqual(['2026-01-01T00:00:00.123456Z', '2026-01-01 00:00:00', '1767225600000', undefined, undefined, undefined]);
  });
});
