import { memo, type ReactNode } from 'react';
import { increment, type RowMark } from 'synchart';
import { useDeviceHere } from '../data/device-context.ts';
import { todos } from '../data/sync-tables.ts';
import { today, type TodoWithTags } from '../data/todo-queries.ts';
import { useToast } from '../parts/toasts.tsx';

/** One todo: done, edit, count a session, delete with a way back. */
export const TodoRow = memo(function TodoRow(props: {
  readonly row: TodoWithTags;
  readonly mark: RowMark | undefined;
  readonly onEdit: (id: string) => void;
}): ReactNode {
  const { todo, tags } = props.row;
  const device = useDeviceHere();
  const tell = useToast();
  const isOverdue = !todo.done && todo.dueOn !== null && todo.dueOn < today();
  const remove = async (): Promise<void> => {
    await device.todos.remove(todo.id);
    tell(`Deleted “${todo.title}”`, () => bringBack(device, todo));
  };
  return (
    <li className="todo" data-done={todo.done} data-priority={todo.priority}>
      <input
        type="checkbox"
        aria-label={`Done: ${todo.title}`}
        checked={todo.done}
        onChange={({ target }) => void device.todos.update(todo.id, { done: target.checked })}
      />
      <button type="button" className="title" onClick={() => props.onEdit(todo.id)}>
        <span>{todo.title}</span>
        <span className="meta">
          <span className="priority" title={`Priority ${todo.priority} of 5`}>
            P{todo.priority}
          </span>
          {todo.dueOn !== null && <span data-tone={isOverdue ? 'error' : undefined}>{describeDay(todo.dueOn)}</span>}
          {tags.map((tag) => (
            <span key={tag.id} className="tag">
              {tag.name}
            </span>
          ))}
          {todo.notes !== '' && <span className="clip">{todo.notes}</span>}
        </span>
      </button>
      <RowState mark={props.mark} />
      <button
        type="button"
        className="button counter"
        aria-label={`${todo.sessions} + session of ${todo.title}`}
        title="Sessions. Each device adds its own"
        onClick={() => void device.todos.writer.applyDeltas(todo.id, [increment('sessions', 1)])}
      >
        {todo.sessions} +
      </button>
      <button type="button" className="button icon" aria-label={`Delete ${todo.title}`} onClick={() => void remove()}>
        ×
      </button>
    </li>
  );
});

/** Takes a deletion back: in the outbox where it still waits, else by making the todo anew. */
async function bringBack(device: ReturnType<typeof useDeviceHere>, todo: TodoWithTags['todo']): Promise<void> {
  const { state } = await device.engine.rowStatus(todos, todo.id);
  if (state !== 'acked') return device.todos.restore(todo.id);
  const { listId, title, notes, done, dueOn, priority, sessions } = todo;
  await device.todos.create({ listId, title, notes, done, dueOn, priority, sessions });
}

/** What waits for the row. Nothing is shown where the server has everything. */
function RowState({ mark }: { readonly mark: RowMark | undefined }): ReactNode {
  if (mark === undefined) return null;
  const [state, words] = mark.rejected
    ? ['rejected', 'refused']
    : mark.conflict
      ? ['conflict', 'needs a decision']
      : ['pending', 'not sent yet'];
  return (
    <span className="row-state" data-state={state}>
      {words}
    </span>
  );
}

function describeDay(day: string): string {
  const distance = Math.round((Date.parse(day) - Date.parse(today())) / 86_400_000);
  if (distance === 0) return 'today';
  if (distance === 1) return 'tomorrow';
  if (distance === -1) return 'yesterday';
  return distance < 0 ? `${-distance} days ago` : `in ${distance} days`;
}
