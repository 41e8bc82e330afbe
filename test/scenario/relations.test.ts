import { EntitySchema, type DataSource } from 'typeorm';
import { afterEach, describe, expect, test } from 'vitest';
import { createSyncEngine } from '../../src/engine/create-sync-engine.ts';
import type { SyncEngine } from '../../src/engine/api/sync-engine.ts';
import { captureWrites } from '../../src/persistence/capture/capture-writes.ts';
import { syncColumns, type SyncedRow } from '../../src/persistence/tables/sync-columns.ts';
import { syncTable, type SyncTable } from '../../src/persistence/tables/sync-table.ts';
import { createTestServer, type TestServer } from '../../src/testing/test-server.ts';
import { RestTransport } from '../../src/transport/rest-transport.ts';
import { allDrivers, openSynchronized, type TestDriver } from '../support/open-store.ts';

interface Category extends SyncedRow {
  id: string;
  name: string;
}
interface Tag extends SyncedRow {
  id: string;
  name: string;
}
/** Many tags to many entries: a link is a row of its own, so that it can be synchronised. */
interface Link extends SyncedRow {
  id: string;
  entryId: string;
  tagId: string;
  entry?: Entry;
  tag?: Tag;
}
interface Entry extends SyncedRow {
  id: string;
  title: string;
  category?: Category | null;
  links?: Link[];
}

const id = { type: 'text', primary: true } as const;
const deferred = { onDelete: 'NO ACTION', deferrable: 'INITIALLY DEFERRED' } as const;
const category = new EntitySchema<Category>({
  name: 'categories',
  columns: { id, name: { type: 'text' }, ...syncColumns },
});
const tag = new EntitySchema<Tag>({ name: 'tags', columns: { id, name: { type: 'text' }, ...syncColumns } });
const entry = new EntitySchema<Entry>({
  name: 'entries',
  columns: { id, title: { type: 'text' }, ...syncColumns },
  relations: {
    category: {
      type: 'many-to-one',
      target: 'categories',
      joinColumn: { name: 'category_id' },
      nullable: true,
      cascade: ['insert', 'update'],
      ...deferred,
    },
    links: { type: 'one-to-many', target: 'links', inverseSide: 'entry', cascade: true },
  },
});
const link = new EntitySchema<Link>({
  name: 'links',
  columns: { id, entryId: { type: 'text', name: 'entry_id' }, tagId: { type: 'text', name: 'tag_id' }, ...syncColumns },
  relations: {
    entry: {
      type: 'many-to-one',
      target: 'entries',
      inverseSide: 'links',
      joinColumn: { name: 'entry_id' },
      ...deferred,
      onDelete: 'CASCADE',
    },
    tag: { type: 'many-to-one', target: 'tags', joinColumn: { name: 'tag_id' }, cascade: ['insert'], ...deferred },
  },
});
// Children first on purpose: the order of registration must not matter.
const tables = [
  syncTable(link, { dependsOn: { entryId: 'entries', tagId: 'tags' } }),
  syncTable(entry, { dependsOn: ['categories'] }),
  syncTable(tag),
  syncTable(category),
] as readonly SyncTable[];
/** An app that forgot to say what depends on what. */
const unordered = [syncTable(link), syncTable(entry), syncTable(tag), syncTable(category)] as readonly SyncTable[];
const sync = { updatedAt: '', deletedAt: null, deletedAtLocal: null };

interface Replica {
  readonly dataSource: DataSource;
  readonly engine: SyncEngine;
}
const open: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of open.splice(0).toReversed()) await close();
});

async function openReplica(driver: TestDriver, server: TestServer, synced = tables): Promise<Replica> {
  const dataSource = await openSynchronized(driver, [category, tag, entry, link] as EntitySchema[]);
  const engine = createSyncEngine({
    dataSource,
    tables: [...synced],
    transport: new RestTransport({ baseUrl: server.url }),
  });
  open.push(async () => {
    await engine.dispose();
    await dataSource.destroy();
  });
  await engine.start();
  if (driver !== 'postgres') captureWrites(dataSource, synced);
  return { dataSource, engine };
}

/** As a screen shows it: entries with the names of what they refer to. */
async function shown({ dataSource }: Replica): Promise<unknown> {
  const found = await dataSource
    .getRepository(entry)
    .find({ relations: { category: true, links: { tag: true } }, order: { id: 'ASC' } });
  return found
    .filter(({ deletedAt, deletedAtLocal }) => deletedAt === null && deletedAtLocal === null)
    .map(({ title, category: of, links = [] }) => {
      const alive = links.filter(({ deletedAt, deletedAtLocal }) => deletedAt === null && deletedAtLocal === null);
      return [title, of?.name ?? null, ...alive.map((one) => one.tag?.name).toSorted()];
    });
}
const stored = ({ dataSource }: Replica, table: string): Promise<unknown> =>
  dataSource.query(`SELECT * FROM ${table} WHERE deleted_at_local IS NULL ORDER BY id`);

/** What the app does: through repositories where they are captured, on PostgreSQL through writers. */
interface App {
  create(): Promise<void>;
  rename(title: string): Promise<void>;
  moveAndRetag(): Promise<void>;
  remove(): Promise<void>;
}

const captured = ({ dataSource: { manager } }: Replica): App => ({
  create: async () => {
    const tags = [
      { id: 't1', name: 'urgent' },
      { id: 't2', name: 'fun' },
    ];
    const links = tags.map((one) => ({ id: `e1-${one.id}`, tag: one }));
    await manager.save(entry, { id: 'e1', title: 'first', category: { id: 'c1', name: 'home' }, links });
    await manager.save(entry, { id: 'e2', title: 'second', category: { id: 'c1' } });
  },
  rename: async (title) => {
    await manager.update(entry, 'e1', { title });
  },
  moveAndRetag: async () => {
    await manager.transaction(async (inside) => {
      const form = await inside.findOneOrFail(entry, { where: { id: 'e1' }, relations: { category: true } });
      await inside.save(entry, Object.assign(form, { category: { id: 'c2', name: 'work' } }));
      await inside.delete(link, 'e1-t1');
      await inside.save(link, { id: 'e1-t3', entry: { id: 'e1' }, tag: { id: 't3', name: 'new' } });
    });
  },
  remove: async () => {
    await manager.remove(entry, await manager.findOneByOrFail(entry, { id: 'e1' }));
  },
});

const written = ({ engine, dataSource }: Replica): App => {
  const [links, entries, tags, categories] = [
    syncTable(link),
    syncTable(entry),
    syncTable(tag),
    syncTable(category),
  ] as const;
  const stocked = async (): Promise<Entry> =>
    dataSource.getRepository(entry).findOneOrFail({ where: { id: 'e1' }, relations: { category: true } });
  return {
    create: async () => {
      await engine.writer(categories).insertAndEnqueue({ id: 'c1', name: 'home', ...sync });
      for (const [key, title] of Object.entries({ e1: 'first', e2: 'second' })) {
        await engine.writer(entries).insertAndEnqueue({ id: key, title, category: { id: 'c1' } as Category, ...sync });
      }
      for (const [key, name] of Object.entries({ t1: 'urgent', t2: 'fun' })) {
        await engine.writer(tags).insertAndEnqueue({ id: key, name, ...sync });
        await engine.writer(links).insertAndEnqueue({ id: `e1-${key}`, entryId: 'e1', tagId: key, ...sync });
      }
    },
    rename: async (title) => engine.writer(entries).replaceAndEnqueue({ ...(await stocked()), title }),
    moveAndRetag: async () => {
      await engine.writer(categories).insertAndEnqueue({ id: 'c2', name: 'work', ...sync });
      await engine.writer(entries).replaceAndEnqueue({ ...(await stocked()), category: { id: 'c2' } as Category });
      await engine.writer(links).enqueueDelete('e1-t1');
      await engine.writer(tags).insertAndEnqueue({ id: 't3', name: 'new', ...sync });
      await engine.writer(links).insertAndEnqueue({ id: 'e1-t3', entryId: 'e1', tagId: 't3', ...sync });
    },
    remove: async () => {
      for (const key of ['e1-t2', 'e1-t3']) await engine.writer(links).enqueueDelete(key);
      await engine.writer(entries).enqueueDelete('e1');
    },
  };
};

describe.each(allDrivers)('todos with categories and tags on %s', (driver) => {
  test('I5: synchronises relations: created, changed on both sides, and removed, two replicas agree', {
    timeout: 60_000,
  }, async () => {
    const server = await createTestServer();
    open.push(() => server.close());
    const here = await openReplica(driver, server);
    const there = await openReplica(driver, server);
    const appOf = driver === 'postgres' ? written : captured;
    const settled = async (): Promise<void> => {
      for (const { engine } of [here, there, here, there]) expect(await engine.sync()).toMatchObject({ errors: 0 });
      for (const { engine } of [here, there]) expect(await engine.outbox.hasOperations()).toBe(false);
    };

    await appOf(here).create();
    await settled();
    expect(await shown(there)).toEqual([
      ['first', 'home', 'fun', 'urgent'],
      ['second', 'home'],
    ]);
    // Side by side, in different fields of one row.
    await appOf(here).rename('renamed');
    await appOf(there).moveAndRetag();
    await settled();
    expect(await shown(here)).toEqual([
      ['renamed', 'work', 'fun', 'new'],
      ['second', 'home'],
    ]);
    for (const table of ['categories', 'entries', 'tags', 'links'])
      expect(await stored(there, table), table).toEqual(await stored(here, table));

    await appOf(here).remove();
    await settled();
    expect(await shown(there)).toEqual([['second', 'home']]);
    expect(server.getAll('links')).toEqual([]);
    for (const table of ['categories', 'entries', 'tags', 'links'])
      expect(await stored(there, table), table).toEqual(await stored(here, table));
  });

  test('I13: quarantines and later stores children pulled before their parents, even with deferred keys', {
    timeout: 60_000,
  }, async () => {
    const server = await createTestServer({ naming: 'camelCase' });
    open.push(() => server.close());
    server.seed('categories', { id: 'c1', name: 'home' });
    server.seed('tags', { id: 't1', name: 'urgent' });
    server.seed('entries', [
      { id: 'e1', title: 'first', category_id: 'c1' },
      { id: 'e2', title: 'of a category that nobody has', category_id: 'c9' },
    ]);
    server.seed('links', { id: 'e1-t1', entryId: 'e1', tagId: 't1' });
    const { engine, ...replica } = await openReplica(driver, server, unordered);
    // One run for each step from a link up to a category.
    for (let run = 0; run < 3; run++) await engine.sync();
    expect(await shown({ engine, ...replica })).toEqual([['first', 'home', 'urgent']]);
    server.seed('categories', { id: 'c9', name: 'late' });
    await engine.sync();
    await engine.sync();
    expect(await shown({ engine, ...replica })).toEqual([
      ['first', 'home', 'urgent'],
      ['of a category that nobody has', 'late'],
    ]);
  });
});
