/**
 * What the examples of the guides may take for granted. Everything here is visible in every ```ts block of README.md and docs/,
 * so that a block can show one thing without repeating how an app is set up.
 */
import type { DataSource, EntityTarget } from 'typeorm';
import type { syncTable } from 'synchart';

declare global {
  /** The row type of the guides' one table. */
  interface Todo {
    id: string;
    title: string;
    done: boolean;
    updatedAt: string;
    deletedAt: string | null;
    deletedAtLocal: string | null;
  }
  const dataSource: DataSource;
  const Todo: EntityTarget<Todo>;
  const todos: ReturnType<typeof syncTable<Todo>>;
  /** The app's own sign-in. */
  function getToken(options?: { readonly refresh?: boolean }): Promise<string>;
}
