import { EntitySchema } from 'typeorm';
import type { JsonObject } from '../../src/model/values/json.ts';
import type { OpenDatabaseOptions } from '../../src/persistence/database/open-database.ts';
import { syncColumns, type SyncedRow } from '../../src/persistence/tables/sync-columns.ts';
import { syncTable, type SyncTable, type SyncTableOptions } from '../../src/persistence/tables/sync-table.ts';
import { createWriter, type SyncEntityWriter } from '../../src/persistence/writing/writer.ts';
import { openStore, openSynchronized, type TestDriver, type StoreBench } from './open-store.ts';
import type { SyncConfig } from '../../src/model/config.ts';
import { todoEntity } from './todo.ts';

/** A tree of categories and items in them: what references need. */
export interface Category extends SyncedRow {
  id: string;
  name: string;
  parentId: string | null;
  /** Unique where it is set, so that a row can break a rule of the database. */
  slug: string | null;
  draft: string | null;
}
export interface Item extends SyncedRow {
  id: string;
  name: string;
  categoryId: string | null;
}

export type OnDelete = 'CASCADE' | 'NO ACTION' | 'SET NULL' | 'none';

export interface ShopOptions {
  readonly onDelete?: OnDelete;
  readonly config?: Partial<SyncConfig>;
  readonly categories?: SyncTableOptions<Category>;
  readonly items?: SyncTableOptions<Item>;
  readonly database?: string;
  readonly open?: Partial<OpenDatabaseOptions>;
}

export interface ShopBench extends StoreBench {
  readonly categories: SyncEntityWriter<Category>;
  readonly items: SyncEntityWriter<Item>;
  readonly category: EntitySchema<Category>;
  readonly item: EntitySchema<Item>;
  /** Applies server rows of a kind as one page. */
  pullOf(kind: string, rows: readonly JsonObject[]): Promise<void>;
}

export const categoryOf = (id: string, changes: Partial<Category> = {}): Category => ({
  id,
  name: `name of ${id}`,
  parentId: null,
  slug: null,
  draft: null,
  updatedAt: '',
  deletedAt: null,
  deletedAtLocal: null,
  ...changes,
});
export const itemOf = (id: string, categoryId: string | null, changes: Partial<Item> = {}): Item => ({
  id,
  name: `name of ${id}`,
  categoryId,
  updatedAt: '',
  deletedAt: null,
  deletedAtLocal: null,
  ...changes,
});
export const categoryRow = (id: string, updatedAt: string, changes: JsonObject = {}): JsonObject => ({
  id,
  name: `server ${id}`,
  parentId: null,
  slug: null,
  updatedAt,
  deletedAt: null,
  ...changes,
});
export const itemRow = (
  id: string,
  categoryId: string | null,
  updatedAt: string,
  changes: JsonObject = {},
): JsonObject => ({
  id,
  name: `server ${id}`,
  categoryId,
  updatedAt,
  deletedAt: null,
  ...changes,
});

/** Opens a store over the shop, next to the todos of the other tests; its tables come from the entities. */
export async function openShop(driver: TestDriver, options: ShopOptions = {}): Promise<ShopBench> {
  const category = new EntitySchema<Category>({
    name: 'categories',
    columns: {
      id: { type: 'text', primary: true },
      name: { type: 'text' },
      parentId: { type: 'text', name: 'parent_id', nullable: true },
      slug: { type: 'text', nullable: true, unique: true },
      draft: { type: 'text', nullable: true },
      ...syncColumns,
    },
  });
  const onDelete = options.onDelete ?? 'none';
  const item = new EntitySchema<Item>({
    name: 'items',
    columns: {
      id: { type: 'text', primary: true },
      name: { type: 'text' },
      categoryId: { type: 'text', name: 'category_id', nullable: true },
      ...syncColumns,
    },
    ...(onDelete === 'none'
      ? {}
      : {
          foreignKeys: [{ target: 'categories', columnNames: ['categoryId'], referencedColumnNames: ['id'], onDelete }],
        }),
  });
  const tables: readonly SyncTable[] = [
    syncTable(category, {
      dependsOn: { parentId: 'categories' },
      localOnly: ['draft'],
      ...options.categories,
    }) as SyncTable,
    syncTable(item, { dependsOn: { categoryId: 'categories' }, ...options.items }) as SyncTable,
    syncTable(todoEntity) as SyncTable,
  ];
  const entities = [category as EntitySchema, item as EntitySchema, todoEntity as EntitySchema];
  const dataSource = await openSynchronized(driver, entities, options);
  const bench = await openStore(driver, {
    dataSource,
    tables,
    ...(options.config === undefined ? {} : { config: options.config }),
  });
  let count = 0;
  const writer = createWriter(dataSource, { clock: bench.clock, opId: () => `op${++count}` });
  const [categoriesTable, itemsTable] = tables as readonly [SyncTable<Category>, SyncTable<Item>];
  return {
    ...bench,
    category,
    item,
    categories: writer.forTable(categoriesTable),
    items: writer.forTable(itemsTable),
    writer: writer.forTable(syncTable(todoEntity)),
    pullOf: async (kind, rows) => {
      const position = await bench.store.pullPosition(kind, { resync: false });
      await bench.store.applyPages(kind, [{ page: { items: rows }, items: rows, next: position }], { totalDone: 0 });
    },
  };
}
