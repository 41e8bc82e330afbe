import { EntitySchema, type DataSource, type EntityManager } from 'typeorm';
import type { JsonObject } from '../../../src/model/values/json.ts';
import { captureWrites } from '../../../src/persistence/capture/capture-writes.ts';
import { openDatabase, type DatabaseDriver } from '../../../src/persistence/database/open-database.ts';
import { syncColumns, type SyncedRow } from '../../../src/persistence/tables/sync-columns.ts';
import { syncTable, type SyncTable } from '../../../src/persistence/tables/sync-table.ts';
import { openStore, type StoreBench } from '../../support/open-store.ts';
import { todoEntity } from '../../support/todo.ts';
import { describeOp } from './open-capture.ts';

export interface Author extends SyncedRow {
  id: string;
  name: string;
  books?: Book[];
}
export interface Label extends SyncedRow {
  id: string;
  name: string;
}
export interface Book extends SyncedRow {
  id: string;
  title: string;
  author?: Author | null;
  labels?: Label[];
}

export interface ShelfOptions {
  readonly onDelete?: 'CASCADE' | 'SET NULL' | 'NO ACTION';
}

export interface Shelf extends StoreBench {
  readonly author: EntitySchema<Author>;
  readonly book: EntitySchema<Book>;
  readonly label: EntitySchema<Label>;
  readonly manager: EntityManager;
  queued(): Promise<readonly JsonObject[]>;
  pullOf(kind: string, ...rows: readonly JsonObject[]): Promise<void>;
}

/**
 * Authors with books, and labels shared by many books, as TypeORM apps declare such relations. Authors, books and
 * labels are captured; the join table has no entity.
 */
export async function openShelf(driver: DatabaseDriver, { onDelete = 'NO ACTION' }: ShelfOptions = {}): Promise<Shelf> {
  const author = new EntitySchema<Author>({
    name: 'authors',
    columns: { id: { type: 'text', primary: true }, name: { type: 'text' }, ...syncColumns },
    relations: { books: { type: 'one-to-many', target: 'books', inverseSide: 'author', cascade: true } },
  });
  const label = new EntitySchema<Label>({
    name: 'labels',
    columns: { id: { type: 'text', primary: true, generated: 'uuid' }, name: { type: 'text' }, ...syncColumns },
  });
  const book = new EntitySchema<Book>({
    name: 'books',
    columns: { id: { type: 'text', primary: true }, title: { type: 'text' }, ...syncColumns },
    relations: {
      author: {
        type: 'many-to-one',
        target: 'authors',
        inverseSide: 'books',
        joinColumn: { name: 'author_id' },
        nullable: true,
        onDelete,
        cascade: ['insert', 'update'],
      },
      labels: { type: 'many-to-many', target: 'labels', joinTable: true, cascade: true },
    },
  });
  const entities = [author, label, book, todoEntity] as EntitySchema[];
  const dataSource: DataSource = await openDatabase({ driver, database: ':memory:', entities, synchronize: true });
  // Lists children first on purpose: the order of registration must not matter.
  const tables: readonly SyncTable[] = [syncTable(book), syncTable(label), syncTable(author)] as readonly SyncTable[];
  const bench = await openStore(driver, { dataSource, tables: [...tables, syncTable(todoEntity) as SyncTable] });
  let count = 0;
  captureWrites(dataSource, tables, { clock: bench.clock, opId: () => `c${++count}` });
  return {
    ...bench,
    author,
    book,
    label,
    manager: dataSource.manager,
    queued: async () =>
      (await bench.outbox.take({ limit: 10_000 })).map((op) => ({ kind: op.kind, ...describeOp(op) })),
    pullOf: async (kind, ...rows) => {
      const position = await bench.store.pullPosition(kind, { resync: false });
      await bench.store.applyPages(kind, [{ page: { items: rows }, items: rows, next: position }], { totalDone: 0 });
    },
  };
}
