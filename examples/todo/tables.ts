import { syncColumns, type SyncedRow } from 'synchart/persistence';
import { EntitySchema } from 'typeorm';

/** Longest title that the server takes. The app does not know it, so that a refused edit can be seen and repaired. */
export const longestTitle = 60;

export interface List extends SyncedRow {
  id: string;
  name: string;
  colour: string;
}

export interface Todo extends SyncedRow {
  id: string;
  listId: string;
  title: string;
  notes: string;
  done: boolean;
  /** A day as `2026-05-31`, or null. */
  dueOn: string | null;
  /** 1 (urgent) to 5. */
  priority: number;
  /** How often somebody worked on it. Devices add to it by deltas. */
  sessions: number;
}

export interface Tag extends SyncedRow {
  id: string;
  name: string;
}

/** One tag on one todo. The id holds both, so that two devices that set the same tag make the same row. */
export interface TodoTag extends SyncedRow {
  id: string;
  todoId: string;
  tagId: string;
}

const id = { type: 'text', primary: true } as const;

export const listColumns = { id, name: { type: 'text' }, colour: { type: 'text' }, ...syncColumns } as const;
export const todoColumns = {
  id,
  listId: { type: 'text', name: 'list_id' },
  title: { type: 'text' },
  notes: { type: 'text', default: '' },
  done: { type: 'boolean', default: false },
  dueOn: { type: 'text', name: 'due_on', nullable: true },
  priority: { type: 'integer', default: 3 },
  sessions: { type: 'integer', default: 0 },
  ...syncColumns,
} as const;
export const tagColumns = { id, name: { type: 'text' }, ...syncColumns } as const;
export const todoTagColumns = {
  id,
  todoId: { type: 'text', name: 'todo_id' },
  tagId: { type: 'text', name: 'tag_id' },
  ...syncColumns,
} as const;

export const List = new EntitySchema<List>({ name: 'lists', columns: listColumns });
export const Todo = new EntitySchema<Todo>({
  name: 'todos',
  columns: todoColumns,
  indices: [{ name: 'todos_by_list', columns: ['listId'] }],
});
export const Tag = new EntitySchema<Tag>({ name: 'tags', columns: tagColumns });
export const TodoTag = new EntitySchema<TodoTag>({
  name: 'todo_tags',
  columns: todoTagColumns,
  indices: [{ name: 'todo_tags_by_todo', columns: ['todoId'] }],
});
