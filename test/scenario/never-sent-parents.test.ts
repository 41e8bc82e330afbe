import { EntitySchema, type DataSource } from 'typeorm';
import { afterEach, expect, test } from 'vitest';
import { createSyncEngine } from '../../src/engine/create-sync-engine.ts';
import type { SyncEngine } from '../../src/engine/api/sync-engine.ts';
import type { SyncConfig } from '../../src/model/config.ts';
import type { ConflictStrategy } from '../../src/model/conflict.ts';
import type { SyncEvent } from '../../src/model/events.ts';
import { captureWrites } from '../../src/persistence/capture/capture-writes.ts';
import { syncColumns, type SyncedRow } from '../../src/persistence/tables/sync-columns.ts';
import { syncTable, type SyncTable } from '../../src/persistence/tables/sync-table.ts';
import { createTestServer, type TestServer } from '../../src/testing/test-server.ts';
import { RestTransport } from '../../src/transport/rest-transport.ts';
import { openSynchronized } from '../support/open-store.ts';

interface Folder extends SyncedRow {
  id: string;
  name: string;
  parentId: string | null;
}
interface Note extends SyncedRow {
  id: string;
  text: string;
  folderId: string | null;
}
const id = { type: 'text', primary: true } as const;
const text = { type: 'text' } as const;
const folder = new EntitySchema<Folder>({
  name: 'folders',
  columns: { id, name: text, parentId: { ...text, name: 'parent_id', nullable: true }, ...syncColumns },
});
const note = new EntitySchema<Note>({
  name: 'notes',
  columns: { id, text, folderId: { ...text, name: 'folder_id', nullable: true }, ...syncColumns },
});
const tables = [
  syncTable(note, { dependsOn: { folderId: 'folders' } }),
  syncTable(folder, { dependsOn: { parentId: 'folders' } }),
] as readonly SyncTable[];

let server: TestServer;
let dataSource: DataSource;
let engine: SyncEngine;
const told: SyncEvent[] = [];
let checksReferences = true;
afterEach(async () => {
  await engine.dispose();
  await dataSource.destroy();
  await server.stop();
  told.length = 0;
  checksReferences = true;
});

/**
 * A server that checks references, and rows from before: folder `top` in nothing, `work` in `top`, a note in `work`,
 * and a folder nobody refers to.
 */
async function open(synced = tables, config: Partial<SyncConfig> = {}): Promise<void> {
  server = await createTestServer({ kinds: ['folders', 'notes'] });
  server.refuse(({ payload }) => {
    const parent = payload?.['folderId'] ?? payload?.['parentId'];
    return checksReferences && typeof parent === 'string' && server.get('folders', parent) === undefined;
  });
  dataSource = await openSynchronized('sqlite3', [folder, note] as EntitySchema[]);
  await dataSource.query(
    `INSERT INTO folders (id, name, parent_id) VALUES ('top', 'Top', NULL), ('work', 'Work', 'top'), ('other', 'Other', NULL)`,
  );
  await dataSource.query(`INSERT INTO notes (id, text, folder_id) VALUES ('n', 'old', 'work'), ('m', 'old', 'work')`);
  engine = createSyncEngine({
    dataSource,
    tables: [...synced],
    config,
    transport: new RestTransport({ baseUrl: server.url, pushConcurrency: 4 }),
  });
  engine.events$.subscribe((event) => void told.push(event));
  await engine.start();
}
const edit = (): Promise<unknown> => {
  captureWrites(dataSource, tables);
  return dataSource.getRepository(note).update('n', { text: 'mine' });
};

test('I12: an edited pre-existing row also sends the rows it refers to, parents first, and no others', async () => {
  await open();
  await edit();
  expect(await engine.sync()).toMatchObject({ errors: 0 });
  expect(server.getAll('notes')).toMatchObject([{ id: 'n', text: 'mine', folderId: 'work' }]);
  expect(server.getAll('folders').map(({ id: sent }) => sent)).toEqual(['top', 'work']);
  expect(await engine.explain()).toEqual([]);
  expect(told.filter(({ type }) => type === 'op.failed' || type === 'conflict.detected')).toEqual([]);
});

const strategies: readonly ConflictStrategy[] = [
  'autoPreserve',
  'serverWins',
  'clientWins',
  'lastWriteWins',
  'merge',
  'manual',
];
test.each(strategies)(
  "F-134: if the server has such a row after all, the server's stays, whatever the strategy: %s",
  async (conflictStrategy) => {
    await open(tables, { conflictStrategy });
    server.seed('folders', { id: 'top', name: 'Renamed by a colleague', parentId: null });
    await edit();
    await engine.sync();
    expect(server.get('folders', 'top')).toMatchObject({ name: 'Renamed by a colleague' });
    expect(server.get('notes', 'n')).toMatchObject({ text: 'mine' });
    expect(await dataSource.getRepository(folder).findOneBy({ id: 'top' })).toMatchObject({
      name: 'Renamed by a colleague',
    });
    expect(await engine.explain()).toEqual([]);
    expect(told.filter(({ type }) => type === 'op.discarded' || type === 'conflict.unresolved')).toEqual([]);
  },
);

test('I3: sends edits of a pre-existing parent and child made in the wrong order parents first', async () => {
  await open();
  captureWrites(dataSource, tables);
  await dataSource.getRepository(note).update('n', { text: 'mine' });
  await dataSource.getRepository(folder).update('work', { name: 'Mine' });
  await dataSource.getRepository(folder).update('top', { name: 'Mine, too' });
  expect(await engine.sync()).toMatchObject({ errors: 0 });
  expect(server.getAll('folders')).toMatchObject([
    { id: 'top', name: 'Mine, too' },
    { id: 'work', name: 'Mine' },
  ]);
  expect(server.get('notes', 'n')).toMatchObject({ text: 'mine' });
});

test('I8: sends pre-existing rows that refer to each other in a cycle without waiting forever', async () => {
  await open();
  checksReferences = false;
  await dataSource.query(`UPDATE folders SET parent_id = 'work' WHERE id = 'top'`);
  await edit();
  await engine.sync();
  expect(new Set(server.getAll('folders').map(({ id: sent }) => sent))).toEqual(new Set(['top', 'work']));
  expect(await engine.explain()).toEqual([]);
});

test('keeps the rows of a table that is never pushed: the server judges the reference', async () => {
  await open([tables[0] as SyncTable, syncTable(folder, { pullOnly: true }) as unknown as SyncTable]);
  captureWrites(dataSource, [tables[0] as SyncTable]);
  await dataSource.getRepository(note).update('n', { text: 'mine' });
  await engine.sync().catch(() => undefined);
  expect(server.getAll('folders')).toEqual([]);
  expect(await engine.explain()).toMatchObject([{ kind: 'notes', entityId: 'n' }]);
});
