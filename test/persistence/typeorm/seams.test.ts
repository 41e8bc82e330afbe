import BetterSqlite3 from 'better-sqlite3';
import initSqlJs from 'sql.js';
import {
  ChildEntity,
  DataSource,
  Entity,
  EntitySchema,
  PrimaryColumn,
  QueryFailedError,
  TableInheritance,
  type DataSourceOptions,
  type EntityMetadata,
  type MigrationInterface,
  type QueryRunner,
} from 'typeorm';
import type { AbstractSqliteDriver } from 'typeorm/driver/sqlite-abstract/AbstractSqliteDriver.js';
import { afterEach, describe, expect, inject, test } from 'vitest';
import { sqlite3Driver } from '../../../src/persistence/drivers/sqlite3-driver.ts';
import { bindNumbers } from '../../../src/persistence/typeorm/bind-numbers.ts';
import { beforeBroadcast, type BroadcastName } from '../../../src/persistence/typeorm/broadcasts.ts';
import { beforeDisconnect } from '../../../src/persistence/typeorm/closing.ts';
import { namedAfterClass } from '../../../src/persistence/typeorm/declared-names.ts';
import { managerMethod, replaceManagerMethods } from '../../../src/persistence/typeorm/managers.ts';
import {
  changeClass,
  dataSourceOf,
  markUnsaved,
  queryOf,
  replaceFlush,
  replaceQuery,
  replaceQueryRunners,
  restoresHiddenOnly,
  setTransactionDepth,
  shareStatements,
  toQueryFailure,
} from '../../../src/persistence/typeorm/query-runners.ts';
import { aroundSchemaWork } from '../../../src/persistence/typeorm/schema-work.ts';
import { addSelectCondition } from '../../../src/persistence/typeorm/select-queries.ts';

interface Book {
  id: number;
  title: string;
  gone: string | null;
  shelf?: Shelf | null;
}
interface Shelf {
  id: number;
  gone: string | null;
  books?: Book[];
}
const columns = { id: { type: 'integer', primary: true }, gone: { type: 'text', nullable: true } } as const;
const book = new EntitySchema<Book>({
  name: 'book',
  columns: { ...columns, title: { type: 'text' } },
  relations: { shelf: { type: 'many-to-one', target: 'shelf', inverseSide: 'books', nullable: true } },
});
const shelf = new EntitySchema<Shelf>({
  name: 'shelf',
  columns,
  relations: { books: { type: 'one-to-many', target: 'book', inverseSide: 'shelf', cascade: true } },
});

class Rename1700000000000 implements MigrationInterface {
  up = (runner: QueryRunner): Promise<unknown> => runner.query("UPDATE book SET title = 'up'");
  down = (runner: QueryRunner): Promise<unknown> => runner.query("UPDATE book SET title = 'down'");
}

const types = ['better-sqlite3', 'expo', 'sqljs'] as const;
type Type = (typeof types)[number];
const saves: Uint8Array[] = [];
const optionsOf: Readonly<Record<Type, () => Promise<DataSourceOptions>>> = {
  'better-sqlite3': () => Promise.resolve({ type: 'better-sqlite3', database: ':memory:', driver: BetterSqlite3 }),
  expo: () => Promise.resolve({ type: 'expo', database: ':memory:', driver: sqlite3Driver() }),
  sqljs: async () => ({
    type: 'sqljs',
    driver: await initSqlJs(),
    location: 'seams',
    autoSave: true,
    autoSaveCallback: (bytes: Uint8Array) => void saves.push(bytes),
  }),
};
const opened: DataSource[] = [];
async function open(type: Type = 'better-sqlite3'): Promise<DataSource> {
  const options = {
    ...(await optionsOf[type]()),
    entities: [book, shelf],
    migrations: [Rename1700000000000],
  } as DataSourceOptions;
  const dataSource = new DataSource(options);
  await dataSource.initialize();
  await dataSource.synchronize();
  await dataSource.query("INSERT INTO shelf (id, gone) VALUES (1, NULL), (2, 'yes')");
  await dataSource.query(
    "INSERT INTO book (id, title, gone, shelfId) VALUES (1, 'a', NULL, 1), (2, 'b', 'yes', 1), (3, 'c', NULL, 2)",
  );
  opened.push(dataSource);
  return dataSource;
}
afterEach(async () => {
  for (const dataSource of opened.splice(0)) if (dataSource.isInitialized) await dataSource.destroy();
  saves.length = 0;
});

function giveDeleteDate(metadata: EntityMetadata): void {
  const column = metadata.findColumnWithPropertyName('gone');
  if (column !== undefined) metadata.deleteDateColumn = column;
}

/** Records the statements that runners of a data source send from now on. */
function listen(runner: QueryRunner): string[] {
  const sent: string[] = [];
  const send = queryOf(Object.getPrototypeOf(runner) as object);
  replaceQuery(runner, function (sql, ...rest) {
    sent.push(sql);
    return send.call(this, sql, ...rest);
  });
  return sent;
}

test('the TypeORM release is the one that this project names', async () => {
  const runner = (await open()).createQueryRunner();
  expect('dataSource' in runner).toBe(inject('typeorm') !== '0.3');
});

describe.each(types)('query runners of %s', (type) => {
  test('Driver.createQueryRunner creates every runner', async () => {
    const dataSource = await open(type);
    const made: QueryRunner[] = [];
    replaceQueryRunners(dataSource.driver, (create) => {
      const runner = create();
      made.push(runner);
      return runner;
    });
    for (const use of [
      () => dataSource.query('SELECT 1'),
      () => dataSource.manager.find(book),
      () => dataSource.createQueryBuilder(book, 'b').getMany(),
      () => dataSource.manager.save(book, { id: 9, title: 'z', gone: null }),
      () => dataSource.runMigrations(),
    ]) {
      const before = made.length;
      await use();
      expect(made.length).toBeGreaterThan(before);
    }
  });

  test('QueryRunner.query sends every statement, including BEGIN, SAVEPOINT and COMMIT', async () => {
    const dataSource = await open(type);
    const runner = dataSource.createQueryRunner();
    const sent = listen(runner);
    await runner.manager.transaction(async (manager) => {
      await manager.transaction((inner) => inner.save(book, { id: 9, title: 'z', gone: null }));
    });
    expect(sent.map((sql) => sql.split(' ', 2).join(' '))).toEqual([
      'BEGIN TRANSACTION',
      'SAVEPOINT typeorm_1',
      'SELECT "book"."id"',
      'INSERT INTO',
      'RELEASE SAVEPOINT',
      'COMMIT',
    ]);
  });

  test('a runner class takes only the driver, and a runner can change its class', async () => {
    const dataSource = await open(type);
    const { driver } = dataSource;
    const shared = driver.createQueryRunner('master');
    expect(driver.createQueryRunner('master')).toBe(shared);
    const Base = shared.constructor as new (given: typeof driver) => QueryRunner;
    class Derived extends Base {}
    expect(await new Derived(driver).query('SELECT 1 AS one')).toEqual([{ one: 1 }]);
    changeClass(shared, Derived);
    expect(shared).toBeInstanceOf(Derived);
    expect(await shared.query('SELECT 2 AS two')).toEqual([{ two: 2 }]);
  });

  test('QueryRunner.dataSource, called connection in 0.3, is the data source', async () => {
    const dataSource = await open(type);
    expect(dataSourceOf(dataSource.createQueryRunner())).toBe(dataSource);
  });

  test('BaseQueryRunner.transactionDepth chooses between BEGIN and SAVEPOINT', async () => {
    const runner = (await open(type)).createQueryRunner();
    const sent = listen(runner);
    await runner.startTransaction();
    expect(Reflect.get(runner, 'transactionDepth')).toBe(1);
    await runner.rollbackTransaction();
    expect(Reflect.get(runner, 'transactionDepth')).toBe(0);
    setTransactionDepth(runner, 1);
    await runner.startTransaction().catch(() => undefined);
    expect(sent).toEqual(['BEGIN TRANSACTION', 'ROLLBACK', 'SAVEPOINT typeorm_1']);
    setTransactionDepth(runner, 0);
  });

  test('a syntax error is a QueryFailedError', async () => {
    const runner = (await open(type)).createQueryRunner();
    const failure = await runner.query('SELEC 1').catch((error: unknown) => toQueryFailure(error, 'SELEC 1', []));
    expect(failure).toBeInstanceOf(QueryFailedError);
    expect(failure).toMatchObject({ query: 'SELEC 1' });
    const other = new Error('other');
    expect(toQueryFailure(other, '', [])).toBe(other);
  });

  test('AbstractSqliteDriver.databaseConnection is the connection, and a new one after reopening', async () => {
    const dataSource = await open(type);
    const before: unknown = Reflect.get(dataSource.driver, 'databaseConnection');
    expect(before).toBeTypeOf('object');
    await dataSource.destroy();
    await dataSource.initialize();
    expect(Reflect.get(dataSource.driver, 'databaseConnection')).not.toBe(before);
  });
});

test('BetterSqlite3QueryRunner.stmtCache contains the prepared statements; other runners have none', async () => {
  const runner = (await open()).createQueryRunner();
  const statements = new Map<string, unknown>();
  shareStatements(runner, statements);
  await runner.query('SELECT 1');
  expect([...statements.keys()]).toEqual(['SELECT 1']);
  const other = (await open('expo')).createQueryRunner();
  shareStatements(other, statements);
  expect('stmtCache' in other).toBe(false);
});

test('SqljsQueryRunner.isDirty tells flush, called by commit and release, that there is a file to write', async () => {
  const dataSource = await open('sqljs');
  const { driver } = dataSource;
  const Base = driver.createQueryRunner('master').constructor as new (given: typeof driver) => QueryRunner;
  class Derived extends Base {}
  let flushes = 0;
  replaceFlush(Base, Derived, async (_, flush) => {
    flushes += 1;
    await flush();
  });
  const writes = async (act: (runner: QueryRunner) => unknown): Promise<readonly number[]> => {
    const before = [flushes, saves.length] as const;
    await act(new Derived(driver));
    return [flushes - before[0], saves.length - before[1]];
  };
  expect(await writes((runner) => runner.release())).toEqual([1, 0]);
  expect(
    await writes((runner) => {
      markUnsaved(runner);
      return runner.release();
    }),
  ).toEqual([1, 1]);
  expect(
    await writes((runner) =>
      dataSource
        .createEntityManager(runner)
        .transaction((manager) => manager.save(book, { id: 9, title: 'z', gone: null })),
    ),
  ).toEqual([1, 1]);
  const other = (await open()).createQueryRunner();
  markUnsaved(other);
  expect('isDirty' in other).toBe(false);
});

test('DataSource.createEntityManager and manager: all managers have the replaced methods, which repositories call', async () => {
  const dataSource = await open();
  const called: string[] = [];
  const names = ['transaction', 'save', 'remove', 'softRemove', 'recover'] as const;
  replaceManagerMethods(
    dataSource,
    Object.fromEntries(
      names.map((name) => {
        const original = managerMethod(name);
        return [
          name,
          function (this: ThisParameterType<typeof original>, ...given: readonly unknown[]) {
            called.push(name);
            return original.apply(this, [...given]);
          },
        ];
      }),
    ),
  );
  const runner = dataSource.createQueryRunner();
  for (const manager of [dataSource.manager, runner.manager]) {
    const repository = manager.getRepository(book);
    await manager.transaction((inner) => inner.getRepository(book).save({ id: 9, title: 'z', gone: null }));
    await repository.remove(await repository.findOneByOrFail({ id: 9 }));
    for (const name of ['softRemove', 'recover'] as const)
      await expect(repository[name]({ id: 1 } as Book)).rejects.toThrow(/delete ?date/i);
  }
  const once = ['transaction', 'save', 'remove', 'softRemove', 'recover'];
  expect(called).toEqual([...once, ...once]);
});

test('DataSource.runMigrations, undoLastMigration and synchronize run inside their wrappers', async () => {
  const dataSource = await open();
  const order: string[] = [];
  aroundSchemaWork(dataSource, async (work) => {
    order.push('before');
    const done = await work();
    const [row] = (await dataSource.query('SELECT title FROM book')) as readonly { title: string }[];
    order.push(row?.title ?? 'none');
    return done;
  });
  await dataSource.runMigrations();
  await dataSource.undoLastMigration();
  await dataSource.synchronize(true);
  expect(order).toEqual(['before', 'up', 'before', 'down', 'before', 'none']);
});

test('Driver.disconnect is called by destroy while the connection is open', async () => {
  const dataSource = await open();
  const database = Reflect.get(dataSource.driver, 'databaseConnection') as { readonly open: boolean };
  let wasOpen: boolean | undefined;
  beforeDisconnect(dataSource.driver, () => {
    wasOpen = database.open;
  });
  await dataSource.destroy();
  expect([wasOpen, database.open]).toEqual([true, false]);
});

describe('Broadcaster', () => {
  const names = [
    'broadcastLoadEvent',
    'broadcastBeforeInsertEvent',
    'broadcastAfterInsertEvent',
    'broadcastBeforeUpdateEvent',
    'broadcastAfterUpdateEvent',
    'broadcastBeforeRemoveEvent',
    'broadcastBeforeSoftRemoveEvent',
    'broadcastBeforeRecoverEvent',
  ] as const satisfies readonly BroadcastName[];

  async function watch() {
    let isHeard = true;
    const dataSource = await open();
    giveDeleteDate(dataSource.getMetadata(book));
    const told: (readonly [string, EntityMetadata, unknown, unknown])[] = [];
    const heard: string[] = [];
    dataSource.subscribers.push({
      beforeInsert: () => void heard.push('insert'),
      beforeUpdate: () => void heard.push('update'),
    });
    const watched = new Set<QueryRunner>();
    replaceQueryRunners(dataSource.driver, (create) => {
      const runner = create();
      if (watched.has(runner)) return runner;
      watched.add(runner);
      for (const name of names)
        beforeBroadcast(
          runner,
          name,
          (_, of, entity, stored) => void told.push([name, of, entity, stored]),
          () => isHeard,
        );
      return runner;
    });
    const silence = (): void => {
      isHeard = false;
    };
    return { dataSource, told, heard, silence };
  }

  test('each event contains the metadata, the entity and the stored entity', async () => {
    const { dataSource, told, heard } = await watch();
    const books = dataSource.getRepository(book);
    const metadata = dataSource.getMetadata(book);
    const events = (): unknown[] => told.splice(0).filter(([name]) => name !== 'broadcastLoadEvent');
    const added = { id: 9, title: 'z', gone: null };
    await books.save(added);
    expect(events()).toEqual([
      ['broadcastBeforeInsertEvent', metadata, added, undefined],
      ['broadcastAfterInsertEvent', metadata, added, expect.toSatisfy(() => true)],
    ]);
    const changed = { id: 1, title: 'A' };
    await books.save(changed);
    expect(events()).toMatchObject([
      ['broadcastBeforeUpdateEvent', metadata, changed, { id: 1, title: 'a' }],
      ['broadcastAfterUpdateEvent', metadata, changed, { id: 1 }],
    ]);
    const first = await books.findOneByOrFail({ id: 1 });
    expect(told.splice(0)).toMatchObject([['broadcastLoadEvent', metadata, [first], undefined]]);
    await books.softRemove(first);
    await books.recover(first);
    await books.remove(first);
    expect(events()).toMatchObject([
      ['broadcastBeforeSoftRemoveEvent', metadata, first, { id: 1 }],
      ['broadcastBeforeRecoverEvent', metadata, first, { id: 1 }],
      ['broadcastBeforeRemoveEvent', metadata, first, {}],
    ]);
    expect(heard).toEqual(['insert', 'update']);
  });

  test('reports cascades; subscribers receive nothing where they must not', async () => {
    const { dataSource, told, heard, silence } = await watch();
    silence();
    await dataSource.getRepository(shelf).save({ id: 5, gone: null, books: [{ id: 9, title: 'z', gone: null }] });
    expect(heard).toEqual([]);
    const of = (name: string): readonly string[] =>
      told.splice(0).flatMap(([event, { name: entity }]) => (event === name ? [entity] : []));
    expect(of('broadcastBeforeInsertEvent')).toEqual(['shelf', 'book']);
  });

  test('reports entities that are loaded along', async () => {
    const { dataSource, told } = await watch();
    await dataSource.getRepository(shelf).findOne({ where: { id: 1 }, relations: { books: true } });
    expect(told.map(([name, { name: entity }]) => [name, entity])).toEqual(
      expect.arrayContaining(['shelf', 'book'].map((entity) => ['broadcastLoadEvent', entity])),
    );
  });
});

test('EntityMetadata.deleteDateColumn makes queries skip rows and softDelete write it', async () => {
  const dataSource = await open();
  giveDeleteDate(dataSource.getMetadata(book));
  expect((await dataSource.manager.find(book)).map(({ id }) => id)).toEqual([1, 3]);
  await dataSource.manager.softDelete(book, { id: 1 });
  expect((await dataSource.manager.find(book)).map(({ id }) => id)).toEqual([3]);
});

test('SoftDeleteQueryBuilder restores deleted rows, with its own condition from 1.0 on', async () => {
  const dataSource = await open();
  giveDeleteDate(dataSource.getMetadata(book));
  const runner = dataSource.createQueryRunner();
  const sent = listen(runner);
  await runner.manager.restore(book, { id: 2 });
  expect(sent).toHaveLength(1);
  expect(sent[0]?.startsWith('UPDATE "book" SET "gone" = NULL WHERE ')).toBe(true);
  expect(sent[0]?.endsWith(' AND "gone" IS NOT NULL')).toBe(restoresHiddenOnly(runner));
  expect(restoresHiddenOnly(runner)).toBe(inject('typeorm') !== '0.3');
});

test('EntityMetadata.synchronize excludes a table from synchronize', async () => {
  const dataSource = await open();
  Object.assign(dataSource.getMetadata(book), { synchronize: false });
  await dataSource.query('ALTER TABLE book ADD COLUMN more text');
  await dataSource.synchronize();
  expect(await dataSource.query('SELECT more FROM book LIMIT 1')).toEqual([{ more: null }]);
});

test('QueryBuilder.createWhereExpression and SelectQueryBuilder.join: every SELECT applies the condition unless it uses withDeleted', async () => {
  const dataSource = await open();
  addSelectCondition((metadata, alias) => (['book', 'shelf'].includes(metadata.name) ? `${alias}.gone IS NULL` : ''));
  const ids = (list: readonly { id: number }[]): readonly number[] => list.map(({ id }) => id);
  const { manager } = dataSource;
  expect(ids(await manager.find(book))).toEqual([1, 3]);
  expect(ids(await manager.find(book, { where: [{ title: 'a' }, { title: 'b' }] }))).toEqual([1]);
  expect(ids(await manager.find(book, { withDeleted: true }))).toEqual([1, 2, 3]);
  expect(await manager.count(book)).toBe(2);
  expect(ids(await manager.createQueryBuilder(book, 'b').where('b.id > 1').getMany())).toEqual([3]);
  const joined = await manager.find(book, { relations: { shelf: true }, order: { id: 'ASC' } });
  expect(joined.map(({ shelf: of }) => of?.id)).toEqual([1, undefined]);
  const shelves = await manager.find(shelf, { relations: { books: true } });
  expect(shelves.map(({ id, books }) => [id, books?.map((one) => one.id)])).toEqual([[1, [1]]]);
  await manager.createQueryBuilder().update(book).set({ title: 'z' }).execute();
  expect((await manager.find(book, { withDeleted: true })).map(({ title }) => title)).toEqual(['z', 'z', 'z']);
});

test('AbstractSqliteDriver.escapeQueryWithParameters: binds numbers unless SQLite would not return them exactly', async () => {
  const dataSource = await open();
  bindNumbers(dataSource.driver as AbstractSqliteDriver);
  const update = (id: number): readonly unknown[] =>
    dataSource.createQueryBuilder().update(book).set({ title: 'x' }).where('id = :id', { id }).getQueryAndParameters();
  expect(update(1)[0]).toBe(update(2.5)[0]);
  expect([update(1)[1], update(2.5)[1]]).toEqual([
    ['x', 1],
    ['x', 2.5],
  ]);
  expect(update(1e21)).toEqual([expect.stringContaining('1e+21'), ['x']]);
  await dataSource.manager.update(book, 3, { title: 'bound' });
  expect(await dataSource.manager.findOneBy(book, { id: 3 })).toMatchObject({ title: 'bound' });
});

test('MetadataArgsStorage: a table or discriminator without an explicit name is named after its class', () => {
  class Bare {}
  Entity()(Bare);
  class Kind {}
  Entity('kind')(Kind);
  TableInheritance({ column: { type: 'text', name: 'type' } })(Kind);
  PrimaryColumn('text')(Kind.prototype, 'id');
  class Child extends Kind {}
  ChildEntity()(Child);
  class Valued extends Kind {}
  ChildEntity('valued')(Valued);
  expect(namedAfterClass([Bare, Kind, Child, Valued, book])).toEqual({ tables: ['Bare'], discriminators: ['Child'] });
});
