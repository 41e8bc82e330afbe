import type { FastifyInstance } from 'fastify';
import type { DataSource } from 'typeorm';

interface StoredTodo {
  readonly id: string;
  readonly title: string;
  readonly notes: string;
  readonly done: number;
  readonly due_on: string | null;
  readonly priority: number;
}

/** What an action makes of one todo: the fields to write, `delete`, or undefined for nothing. */
type Act = (todo: StoredTodo, today: string) => object | 'delete' | undefined;

/** Work that a server does by itself. Each of them changes rows that a device may be editing. */
export const serverActions: Readonly<Record<string, Act>> = {
  remind: (todo, today) =>
    todo.done === 0 && todo.due_on !== null && todo.due_on <= today
      ? { notes: `${todo.notes}${todo.notes === '' ? '' : '\n'}Reminder of ${today}: this is due.` }
      : undefined,
  completeOverdue: (todo, today) =>
    todo.done === 0 && todo.due_on !== null && todo.due_on < today ? { done: true } : undefined,
  shiftPriorities: (todo) => (todo.done === 0 ? { priority: (todo.priority % 5) + 1 } : undefined),
  retitle: (todo) =>
    todo.done === 0 ? { title: `${todo.title.replace(/ \(reviewed\)$/, '')} (reviewed)` } : undefined,
  cleanUp: (todo) => (todo.done === 1 ? 'delete' : undefined),
};

/** Runs an action over the todos of a user, through the same door as every client. Returns how many rows changed. */
export async function runServerAction(
  { app, dataSource }: { readonly app: FastifyInstance; readonly dataSource: DataSource },
  { act, user, authorization }: { readonly act: Act; readonly user: string; readonly authorization: string },
): Promise<number> {
  const today = new Date().toISOString().slice(0, 10);
  const todos = await dataSource.query<StoredTodo[]>(
    'SELECT id, title, notes, done, due_on, priority FROM todos WHERE user_id = ? AND deleted_at IS NULL',
    [user],
  );
  let changed = 0;
  for (const todo of todos) {
    const change = act(todo, today);
    if (change === undefined) continue;
    const url = `/api/todos/${encodeURIComponent(todo.id)}`;
    const answer =
      change === 'delete'
        ? await app.inject({ method: 'DELETE', url, headers: { authorization, 'x-force-delete': 'true' } })
        : await app.inject({
            method: 'PUT',
            url,
            headers: { authorization, 'x-force-update': 'true' },
            payload: { id: todo.id, ...change },
          });
    if (answer.statusCode < 300) changed += 1;
  }
  return changed;
}
