/**
 * What the examples of the guides may take for granted. Everything here is visible in every ```ts block of README.md and docs/,
 * so that a block can show one thing without repeating how an app is set up.
 */
import type { SyncEngine, SyncTable } from 'synchart';
import type { SyncedRow } from 'synchart/persistence';
import type { DataSource, EntitySchema } from 'typeorm';

declare global {
  /** The row type of the guides' one table. */
  interface Todo extends SyncedRow {
    id: string;
    title: string;
    done: boolean;
  }
  const dataSource: DataSource;
  const Todo: EntitySchema<Todo>;
  const todos: SyncTable<Todo>;
  const engine: SyncEngine;
  /** The app's own sign-in. */
  function getToken(options?: { readonly refresh?: boolean }): Promise<string>;
}
