import { syncTable } from 'synchart';
import { syncColumns, type SyncedRow } from 'synchart/persistence';
import { EntitySchema } from 'typeorm';

export interface Todo extends SyncedRow {
  id: string;
  title: string;
}

export const Todo = new EntitySchema<Todo>({
  name: 'todos',
  columns: { id: { type: 'text', primary: true }, title: { type: 'text' }, ...syncColumns },
});

export const todos = syncTable(Todo);
