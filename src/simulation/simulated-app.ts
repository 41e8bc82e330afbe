import { EntitySchema, type DataSource } from 'typeorm';
import { openDatabase } from '../persistence/database/open-database.ts';
import { syncColumns, type SyncedRow } from '../persistence/tables/sync-columns.ts';
import { syncTable, type SyncTable } from '../persistence/tables/sync-table.ts';
import type { SimulatedClientKind } from './simulation-script.ts';

/** A row of either table; lists only have a title. */
export interface SimulatedRow extends SyncedRow {
  id: string;
  title: string;
  note?: string | null;
  done?: boolean;
  points?: number;
  tags?: string[] | null;
  listId?: string | null;
}

export type SimulatedKind = 'tasks' | 'lists';
export const simulatedKinds: readonly SimulatedKind[] = ['lists', 'tasks'];

const listEntity = new EntitySchema<SimulatedRow>({
  name: 'lists',
  tableName: 'lists',
  columns: { id: { type: 'text', primary: true }, title: { type: 'text' }, ...syncColumns },
});

const taskEntity = new EntitySchema<SimulatedRow>({
  name: 'tasks',
  tableName: 'tasks',
  columns: {
    id: { type: 'text', primary: true },
    title: { type: 'text' },
    note: { type: 'text', nullable: true },
    done: { type: 'boolean', default: false },
    points: { type: 'integer', default: 0 },
    tags: { type: 'simple-json', nullable: true },
    listId: { type: 'text', name: 'list_id', nullable: true },
    ...syncColumns,
  },
});

export const simulatedEntities: readonly EntitySchema<SimulatedRow>[] = [listEntity, taskEntity];

/** The tables of the app, as passed to an engine. */
export function simulatedTables(client: SimulatedClientKind): Readonly<Record<SimulatedKind, SyncTable<SimulatedRow>>> {
  const { tombstones, sendChangedFields, deleteConflict } = client;
  const conflict = deleteConflict === undefined ? {} : { deleteConflict };
  return {
    lists: syncTable(listEntity, { tombstones, sendChangedFields, conflict }),
    tasks: syncTable(taskEntity, { tombstones, sendChangedFields, conflict, dependsOn: { listId: 'lists' } }),
  };
}

let template: Promise<Buffer> | undefined;

interface Serializable {
  serialize(): Buffer;
}

/** The bytes of a new database with all tables, created once per process. */
export const emptyDatabase = (): Promise<Buffer> =>
  (template ??= (async () => {
    const dataSource: DataSource = await openDatabase({
      driver: 'better-sqlite3',
      database: ':memory:',
      entities: simulatedEntities as EntitySchema[],
      synchronize: true,
    });
    const bytes = (Reflect.get(dataSource.driver, 'databaseConnection') as Serializable).serialize();
    await dataSource.destroy();
    return bytes;
  })());
