import { EntitySchema } from 'typeorm';
import { syncColumns, type SyncedRow } from '../../src/persistence/tables/sync-columns.ts';

/** The table that most tests synchronise. */
export interface Todo extends SyncedRow {
  id: string;
  title: string;
  done: boolean;
  priority: number | null;
  tags: string[] | null;
}

export const todoEntity = new EntitySchema<Todo>({
  name: 'todos',
  tableName: 'todos',
  columns: {
    id: { type: 'text', primary: true },
    title: { type: 'text' },
    done: { type: 'boolean', default: false },
    priority: { type: 'integer', nullable: true },
    tags: { type: 'simple-json', nullable: true },
    ...syncColumns,
  },
});

export const todoOf = (id: string, changes: Partial<Todo> = {}): Todo => ({
  id,
  title: `title of ${id}`,
  done: false,
  priority: null,
  tags: null,
  updatedAt: '',
  deletedAt: null,
  deletedAtLocal: null,
  ...changes,
});
