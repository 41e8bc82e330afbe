import { EntitySchema } from 'typeorm';
import { expect, onTestFinished, test } from 'vitest';
import { captureWrites, withoutCapture } from '../../../src/persistence/capture/capture-writes.ts';
import { openDatabase } from '../../../src/persistence/database/open-database.ts';
import { syncColumns, type SyncedRow } from '../../../src/persistence/tables/sync-columns.ts';
import { syncTable } from '../../../src/persistence/tables/sync-table.ts';

interface Person extends SyncedRow {
  id: string;
  name: string;
  pin: string | null;
}
const person = new EntitySchema<Person>({
  name: 'people',
  columns: {
    id: { type: 'text', primary: true },
    name: { type: 'text' },
    pin: { type: 'text', nullable: true, select: false },
    ...syncColumns,
  },
});

test('I1: saving keeps an explicitly loaded unselected column, in the object and in the table', async () => {
  const dataSource = await openDatabase({
    driver: 'better-sqlite3',
    database: ':memory:',
    entities: [person],
    synchronize: true,
  });
  onTestFinished(() => dataSource.destroy());
  captureWrites(dataSource, [syncTable(person)]);
  const repository = dataSource.getRepository(person);
  await repository.insert({ id: 'p1', name: 'Ada', pin: '1234' });
  const loaded = await repository.createQueryBuilder('p').addSelect('p.pin').getOneOrFail();
  for (const name of ['Ada L.', 'Ada Lovelace']) {
    await repository.save(Object.assign(loaded, { name }));
    expect(loaded).toMatchObject({ name, pin: '1234' });
    expect(await dataSource.query('SELECT "name", "pin" FROM "people"')).toEqual([{ name, pin: '1234' }]);
  }
  const plain = await repository.findOneByOrFail({ id: 'p1' });
  await repository.save(Object.assign(plain, { name: 'A. L.' }));
  expect(await dataSource.query('SELECT "name", "pin" FROM "people"')).toEqual([{ name: 'A. L.', pin: '1234' }]);
  const changed = (await dataSource.query(
    'SELECT "changed_fields" AS "fields" FROM "sync_outbox" WHERE "creates" = 0',
  )) as { fields: string }[];
  expect(changed.map(({ fields }) => fields)).toEqual(Array(3).fill('["name"]'));
});

test('F-140: repeated saves of a form with an explicitly loaded column never write its old value back after a pull', async () => {
  const dataSource = await openDatabase({
    driver: 'better-sqlite3',
    database: ':memory:',
    entities: [person],
    synchronize: true,
  });
  onTestFinished(() => dataSource.destroy());
  captureWrites(dataSource, [syncTable(person)]);
  const repository = dataSource.getRepository(person);
  await repository.insert({ id: 'p1', name: 'Ada', pin: '1234' });
  const form = await repository.createQueryBuilder('p').addSelect('p.pin').getOneOrFail();
  await withoutCapture(() => repository.update('p1', { pin: 'pulled' }));
  const stored = (): Promise<unknown> => dataSource.query('SELECT "name", "pin" FROM "people"');
  for (const name of ['Ada L.', 'Ada L.', 'Ada Lovelace']) {
    await repository.save(Object.assign(form, { name }));
    expect(await stored()).toEqual([{ name, pin: 'pulled' }]);
    expect(form.pin).toBe('1234');
  }
  await repository.save(Object.assign(form, { pin: 'mine' }));
  expect(await stored()).toEqual([{ name: 'Ada Lovelace', pin: 'mine' }]);
  const changed = (await dataSource.query(
    'SELECT "changed_fields" AS "fields" FROM "sync_outbox" WHERE "creates" = 0',
  )) as { fields: string }[];
  expect(changed.map(({ fields }) => fields)).toEqual(['["name"]', '["name"]', '["pin"]']);
});
