import { EntitySchema } from 'typeorm';
import { expect, test } from 'vitest';
import { createSyncEngine, syncTable } from '../../src/index.ts';
import { openDatabase, syncColumns, type SyncedRow } from '../../src/persistence.ts';
import { createSyncServer } from '../../src/server.ts';
import { RestTransport } from '../../src/transport.ts';

interface Address {
  street: string;
  since: Date | null;
}
interface Person extends SyncedRow {
  id: string;
  name: string;
  home: Address;
}

const address = new EntitySchema<Address>({
  name: 'address',
  columns: { street: { type: 'text', default: '' }, since: { type: 'datetime', nullable: true } },
});
const person = new EntitySchema<Person>({
  name: 'people',
  columns: { id: { type: 'text', primary: true }, name: { type: 'text' }, ...syncColumns },
  embeddeds: { home: { schema: address } },
});

test('I5: one entity with embedded columns serves the client and the reference server', async () => {
  const open = () =>
    openDatabase({ database: ':memory:', driver: 'better-sqlite3', entities: [person], synchronize: true });
  const serverDatabase = await open();
  const server = createSyncServer({ dataSource: serverDatabase, tables: [person] });
  const { url } = await server.listen();
  const replicas = await Promise.all(
    [1, 2].map(async () => {
      const dataSource = await open();
      return {
        dataSource,
        engine: createSyncEngine({
          dataSource,
          transport: new RestTransport({ baseUrl: url }),
          tables: [syncTable(person)],
        }),
      };
    }),
  );
  const [writing, reading] = replicas;
  try {
    const ada: Person = {
      id: 'p1',
      name: 'Ada',
      home: { street: 'St James’s Square', since: new Date('2026-01-02T03:04:05.678Z') },
      updatedAt: '',
      deletedAt: null,
      deletedAtLocal: null,
    };
    await writing?.engine.start();
    await reading?.engine.start();
    await writing?.engine.writer(syncTable(person)).insertAndEnqueue(ada);
    expect(await writing?.engine.sync()).toMatchObject({ pushed: 1, errors: 0 });
    await reading?.engine.sync();
    expect(await reading?.dataSource.getRepository(person).findOneByOrFail({ id: 'p1' })).toMatchObject({
      name: 'Ada',
      home: ada.home,
    });
  } finally {
    for (const { engine, dataSource } of replicas) {
      await engine.dispose();
      await dataSource.destroy();
    }
    await server.close();
    await serverDatabase.destroy();
  }
});
