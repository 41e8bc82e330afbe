import { EntitySchema, Table, TableIndex, type MigrationInterface, type QueryRunner } from 'typeorm';
import type { SyncConfig } from '../../src/model/config.ts';
import { syncColumns, type SyncedRow } from '../../src/persistence/tables/sync-columns.ts';
import { syncTable, type SyncTable } from '../../src/persistence/tables/sync-table.ts';

/** The app whose databases `test/fixtures/releases` keeps. Never edited: those databases hold its tables. */
export interface List extends SyncedRow {
  id: string;
  name: string;
  slug: string | null;
}

export interface Task extends SyncedRow {
  id: string;
  title: string;
  done: boolean;
  points: number | null;
  tags: string[] | null;
  amount: number | string | null;
  listId: string | null;
}

const listEntity = new EntitySchema<List>({
  name: 'lists',
  tableName: 'lists',
  columns: {
    id: { type: 'text', primary: true },
    name: { type: 'text' },
    slug: { type: 'text', nullable: true },
    ...syncColumns,
  },
});

export const taskEntity = new EntitySchema<Task>({
  name: 'tasks',
  tableName: 'tasks',
  columns: {
    id: { type: 'text', primary: true },
    title: { type: 'text' },
    done: { type: 'boolean', default: false },
    points: { type: 'integer', nullable: true },
    tags: { type: 'simple-json', nullable: true },
    amount: { type: 'decimal', precision: 10, scale: 2, nullable: true },
    listId: { type: 'text', name: 'list_id', nullable: true },
    ...syncColumns,
  },
});

class CreateReleasedApp1767225600000 implements MigrationInterface {
  readonly name = 'CreateReleasedApp1767225600000';

  async up(queryRunner: QueryRunner): Promise<void> {
    const synced = [
      { name: 'updated_at', type: 'text', default: "''" },
      { name: 'deleted_at', type: 'text', isNullable: true },
      { name: 'deleted_at_local', type: 'text', isNullable: true },
    ];
    const id = { name: 'id', type: 'text', isPrimary: true };
    const lists = [id, { name: 'name', type: 'text' }, { name: 'slug', type: 'text', isNullable: true }, ...synced];
    await queryRunner.createTable(new Table({ name: 'lists', columns: lists }));
    const unique = new TableIndex({
      name: 'lists_slug',
      columnNames: ['slug'],
      isUnique: true,
      where: '"deleted_at" IS NULL AND "deleted_at_local" IS NULL',
    });
    await queryRunner.createIndex('lists', unique);
    const tasks = [
      id,
      { name: 'title', type: 'text' },
      { name: 'done', type: 'boolean', default: false },
      { name: 'points', type: 'integer', isNullable: true },
      { name: 'tags', type: 'text', isNullable: true },
      { name: 'amount', type: 'decimal', precision: 10, scale: 2, isNullable: true },
      { name: 'list_id', type: 'text', isNullable: true },
      ...synced,
    ];
    await queryRunner.createTable(new Table({ name: 'tasks', columns: tasks }));
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.dropTable('tasks');
    await queryRunner.dropTable('lists');
  }
}

export const releasedEntities: readonly EntitySchema[] = [listEntity as EntitySchema, taskEntity as EntitySchema];
export const releasedMigrations: readonly (new () => MigrationInterface)[] = [CreateReleasedApp1767225600000];
export const lists: SyncTable<List> = syncTable(listEntity, { tombstones: 'remove' });
export const tasks: SyncTable<Task> = syncTable(taskEntity, { dependsOn: { listId: 'lists' } });
export const releasedTables: readonly SyncTable[] = [lists as SyncTable, tasks as SyncTable];
/** Small pages, so that a resync can be left open; nothing by itself, so that a file shows what the app did. */
export const releasedConfig: Partial<SyncConfig> = {
  conflictStrategy: 'manual',
  maxOutboxTryCount: 1,
  maxRetries: 0,
  backoffMinMs: 60_000,
  pageSize: 6,
  idempotencyWindowMs: 60_000,
  fullResyncIntervalMs: Infinity,
};
/** Whose data it is. */
export const releasedScope = 'anna';

const unsynced = { updatedAt: '', deletedAt: null, deletedAtLocal: null };
export const listOf = (id: string, changes: Partial<List> = {}): List => ({
  id,
  name: `name of ${id}`,
  slug: null,
  ...unsynced,
  ...changes,
});
export const taskOf = (id: string, changes: Partial<Task> = {}): Task => ({
  id,
  title: `title of ${id}`,
  done: false,
  points: null,
  tags: null,
  amount: null,
  listId: null,
  ...unsynced,
  ...changes,
});
