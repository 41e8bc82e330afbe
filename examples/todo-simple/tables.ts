import { syncColumns, type SyncedRow } from 'synchart/persistence';
import { EntitySchema } from 'typeorm';

export interface Todo extends SyncedRow {
  id: string;
  title: string;
  done: boolean;
}

export const Todo = new EntitySchema<Todo>({
  name: 'todos',
  columns: {
    id: { type: 'text', primary: true },
    title: { type: 'text' },
    done: { type: 'boolean', default: false },
    ...syncColumns,
  },
});
