import { EntitySchema } from 'typeorm';
import { expect, onTestFinished, test } from 'vitest';
import { createSyncEngine, syncTable } from '../../src/index.ts';
import { captureWrites, openDatabase, syncColumns, type SyncedRow } from '../../src/persistence.ts';
import { createSyncServer, serverTable } from '../../src/server.ts';
import { RestTransport } from '../../src/transport.ts';

interface Person extends SyncedRow {
  id: string;
  name: string;
  notes: string | null;
  salt?: string | null;
}
const columns = {
  id: { type: 'text', primary: true },
  name: { type: 'text' },
  notes: { type: 'text', nullable: true, select: false },
  ...syncColumns,
} as const;
const person = new EntitySchema<Person>({ name: 'people', columns });
const stored = new EntitySchema<Person>({
  name: 'people',
  columns: { ...columns, salt: { type: 'text', nullable: true, select: false } },
});

test('I5: a named column with select: false reaches the server and the next device, which keeps it through its edits; an unnamed one stays local', async () => {
  const open = async (entity: EntitySchema<Person>) => {
    const dataSource = await openDatabase({
      database: ':memory:',
      driver: 'better-sqlite3',
      entities: [entity],
      synchronize: true,
    });
    onTestFinished(() => dataSource.destroy());
    return dataSource;
  };
  const serverDatabase = await open(stored);
  const server = createSyncServer({
    dataSource: serverDatabase,
    tables: [serverTable(stored, { unselected: ['notes'] })],
  });
  const { url } = await server.listen();
  onTestFinished(() => server.close());
  const device = async () => {
    const dataSource = await open(person);
    captureWrites(dataSource, [syncTable(person)]);
    const engine = createSyncEngine({
      dataSource,
      transport: new RestTransport({ baseUrl: url }),
      tables: [syncTable(person)],
    });
    await engine.start();
    return { dataSource, engine, people: dataSource.getRepository(person) };
  };
  const [first, second] = [await device(), await device()];
  const rows = (): Promise<unknown> => serverDatabase.query('SELECT "name", "notes", "salt" FROM "people"');

  await first.people.insert({ id: 'p', name: 'Ada', notes: 'likes engines' });
  expect(await first.engine.sync()).toMatchObject({ pushed: 1, errors: 0 });
  await serverDatabase.query(`UPDATE "people" SET "salt" = 'x'`);
  await second.engine.sync();
  await second.people.save(Object.assign(await second.people.findOneByOrFail({ id: 'p' }), { name: 'Ada L.' }));
  expect(await second.engine.sync()).toMatchObject({ pushed: 1, errors: 0 });
  expect(await rows()).toEqual([{ name: 'Ada L.', notes: 'likes engines', salt: 'x' }]);
  const answer = await (await fetch(`${url}/people/p`)).text();
  expect(answer).toContain('likes engines');
  expect(answer).not.toContain('salt');
  for (const { engine } of [first, second]) await engine.dispose();
});
