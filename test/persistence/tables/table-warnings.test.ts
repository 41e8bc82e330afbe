import { EntitySchema, type DataSource, type Repository } from 'typeorm';
import { describe, expect, onTestFinished, test } from 'vitest';
import { captureWrites } from '../../../src/persistence/capture/capture-writes.ts';
import { syncColumns, type SyncedRow } from '../../../src/persistence/tables/sync-columns.ts';
import { syncTable, type SyncTable } from '../../../src/persistence/tables/sync-table.ts';
import { openEngine, type EngineBench } from '../../support/open-engine.ts';
import { drivers, openSynchronized, todos, type TestDriver } from '../../support/open-store.ts';
import { todoEntity } from '../../support/todo.ts';
import { sqliteDrivers } from '../capture/open-capture.ts';

interface Genre extends SyncedRow {
  id: string;
  name: string;
  note: string;
}
const genreWith = (more: Partial<ConstructorParameters<typeof EntitySchema<Genre>>[0]>): EntitySchema<Genre> =>
  new EntitySchema<Genre>({
    name: 'genres',
    columns: {
      id: { type: 'text', primary: true },
      name: { type: 'text' },
      note: { type: 'text', default: '' },
      ...syncColumns,
    },
    ...more,
  });
const plain = genreWith({ uniques: [{ columns: ['name'] }] });
const shown = 'deleted_at IS NULL AND deleted_at_local IS NULL';
const partial = genreWith({ indices: [{ columns: ['name'], unique: true, where: shown }] });

interface Song extends SyncedRow {
  id: string;
  genres: Genre[];
}
const song = new EntitySchema<Song>({
  name: 'songs',
  columns: { id: { type: 'text', primary: true }, ...syncColumns },
  relations: { genres: { type: 'many-to-many', target: 'genres', joinTable: { name: 'song_genres' } } },
});

interface Opened {
  readonly bench: EngineBench;
  readonly dataSource: DataSource;
  warnings(): readonly string[];
}
async function open(
  entities: readonly EntitySchema[],
  tables: readonly SyncTable[],
  captured?: readonly SyncTable[],
  driver: TestDriver = 'better-sqlite3',
): Promise<Opened> {
  const dataSource = await openSynchronized(driver, [...entities, todoEntity]);
  if (captured !== undefined) captureWrites(dataSource, [...captured, todos]);
  const bench = await openEngine({ driver, dataSource, tables: [...tables, todos] });
  onTestFinished(() => bench.close());
  await bench.engine.start();
  return {
    bench,
    dataSource,
    warnings: () => bench.told.flatMap((event) => (event.type === 'store.warning' ? [event.message] : [])),
  };
}
const tableOf = (entity: EntitySchema<Genre> | EntitySchema<Song>, options: object = {}): SyncTable =>
  syncTable(entity as EntitySchema<Genre>, options) as SyncTable;

describe.each(drivers)('unique keys, on %s', (driver) => {
  test('I12: reports a plain UNIQUE on a synchronised table at the start with the index that works, but not the partial one', async () => {
    const first = await open([plain] as EntitySchema[], [tableOf(plain)], undefined, driver);
    expect(first.warnings()).toEqual([
      expect.stringMatching(
        /^genres: UNIQUE \(name\) .* WHERE deleted_at IS NULL AND deleted_at_local IS NULL \(docs\/adopting\.md/,
      ),
    ]);
    const second = await open([partial] as EntitySchema[], [tableOf(partial)], undefined, driver);
    expect(second.warnings()).toEqual([]);
  });
});

test('I12: reports a many-to-many relation whose join table has no entity at the start, and nothing twice', async () => {
  const { warnings, bench } = await open([partial, song] as EntitySchema[], [tableOf(partial), tableOf(song)]);
  expect(warnings()).toEqual([
    expect.stringMatching(
      /^songs\.genres: the rows of its join table 'song_genres' are never sent.*join table an entity/,
    ),
  ]);
  await bench.engine.sync();
  expect(warnings()).toHaveLength(1);
});

test('I12: reports an engine table missing from captureWrites, unless it is pull-only or nothing is captured', async () => {
  const both = [partial, song] as EntitySchema[];
  const some = await open(both, [tableOf(partial), tableOf(song, { kind: 'tracks' })], [tableOf(partial)]);
  expect(some.warnings().filter((text) => text.includes('captureWrites'))).toEqual([
    expect.stringMatching(/^songs: this table was not passed to captureWrites.*'tracks'/),
  ]);
  const pulled = await open(both, [tableOf(partial), tableOf(song, { pullOnly: true })], [tableOf(partial)]);
  const none = await open(both, [tableOf(partial), tableOf(song)]);
  const late = await open(both, [tableOf(partial), tableOf(song)]);
  captureWrites(late.dataSource, [tableOf(song), todos]);
  await late.bench.engine.sync();
  expect(
    [pulled, none, late].map(({ warnings }) => warnings().filter((text) => text.includes('captureWrites')).length),
  ).toEqual([0, 0, 1]);
});

describe.each(sqliteDrivers)('a value that a deleted row holds, on %s', (driver) => {
  const genres = async (): Promise<Repository<Genre>> => {
    const { dataSource } = await open([plain] as EntitySchema[], [tableOf(plain)], [tableOf(plain)], driver);
    const repository = dataSource.getRepository(plain);
    await repository.save([
      { id: 'g1', name: 'home' },
      { id: 'g2', name: 'work' },
    ]);
    await repository.delete('g1');
    return repository;
  };
  const hidden =
    /UNIQUE constraint failed.*: genres\/g1 has this name; it is deleted, and stays hidden.*WHERE deleted_at IS NULL AND deleted_at_local IS NULL/s;

  test('F-141: a refused insert, update or upsert names the hidden row and the index that works, and writes nothing', async () => {
    const repository = await genres();
    const before = await repository.find({ withDeleted: true, order: { id: 'ASC' } });
    await expect(repository.save({ id: 'g3', name: 'home' })).rejects.toThrow(hidden);
    await expect(
      repository.insert([
        { id: 'g4', name: 'fine' },
        { id: 'g3', name: 'home' },
      ]),
    ).rejects.toThrow(hidden);
    await expect(repository.update('g2', { name: 'home' })).rejects.toThrow(hidden);
    await expect(repository.upsert({ id: 'g2', name: 'home' }, ['id'])).rejects.toThrow(hidden);
    expect(await repository.find({ withDeleted: true, order: { id: 'ASC' } })).toEqual(before);
    expect(
      await repository.query(`SELECT "name" FROM temp.sqlite_master WHERE "name" LIKE 'synchart_collision%'`),
    ).toEqual([]);
  });

  test("F-141: still refuses a visible row's value; the transaction goes on, and its writes are queued", async () => {
    const repository = await genres();
    await repository.manager.transaction(async (manager) => {
      const refused = await manager.insert(plain, { id: 'g3', name: 'work' }).catch((error: unknown) => error);
      expect((refused as Error).message).toMatch(/UNIQUE constraint failed: genres\.name$/);
      await expect(manager.insert(plain, { id: 'g3', name: 'home' })).rejects.toThrow(hidden);
      await manager.insert(plain, { id: 'g3', name: 'garden' });
    });
    expect(await repository.query('SELECT "entity_id" FROM "sync_outbox" WHERE "entity_id" = ?', ['g3'])).toEqual([
      { entity_id: 'g3' },
    ]);
  });
});
