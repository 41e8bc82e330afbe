import { useDeferredValue, useState, type ReactNode } from 'react';
import { useLiveQuery } from 'synchart/react';
import { useDeviceHere } from '../data/device-context.ts';
import { lists, tags, todos, todoTags } from '../data/sync-tables.ts';
import { countTodos, findTodos, type TodoFilter } from '../data/todo-queries.ts';
import { TodoEditor } from './todo-editor.tsx';
import { TodoRow } from './todo-row.tsx';

const pageSize = 100;
const shows = [
  ['open', 'Open'],
  ['overdue', 'Overdue'],
  ['done', 'Done'],
  ['all', 'All'],
] as const;

/** The todos that fit the filter, with a line to add one. */
export function TodoList(props: {
  readonly filter: TodoFilter;
  readonly onFilter: (filter: TodoFilter) => void;
}): ReactNode {
  const { filter, onFilter } = props;
  const device = useDeviceHere();
  const asked = useDeferredValue(filter);
  const [most, setMost] = useState(pageSize);
  const [editedId, setEditedId] = useState<string>();
  // With `marks`, one query tells what waits for all rows of the screen.
  const {
    data: found,
    status,
    marks,
  } = useLiveQuery(() => findTodos(device, asked, most), [device, asked.listId, asked.text, asked.show, most], {
    tables: [todos, tags, todoTags],
    marks: true,
    keepPrevious: true,
  });
  const { data: total = 0 } = useLiveQuery(
    () => countTodos(device, asked),
    [device, asked.listId, asked.text, asked.show],
    {
      tables: [todos],
      keepPrevious: true,
    },
  );
  return (
    <div className="todos">
      <NewTodo listId={filter.listId} />
      <div className="filters">
        <input
          type="search"
          placeholder="Search"
          aria-label="Search todos"
          value={filter.text}
          onChange={({ target }) => onFilter({ ...filter, text: target.value })}
        />
        <div className="segments" role="group" aria-label="Show">
          {shows.map(([show, label]) => (
            <button
              key={show}
              type="button"
              aria-pressed={filter.show === show}
              onClick={() => onFilter({ ...filter, show })}
            >
              {label}
            </button>
          ))}
        </div>
      </div>
      {status === 'error' && <p className="problem">The database could not be read. Reload the page.</p>}
      {found?.length === 0 && (
        <p className="empty">{filter.text === '' ? 'Nothing to do here.' : 'No todo has that in its title.'}</p>
      )}
      <ul className="rows">
        {found?.map((row) => (
          <TodoRow key={row.id} row={row} mark={marks?.get(row.id)} onEdit={setEditedId} />
        ))}
      </ul>
      {found !== undefined && total > found.length && (
        <button type="button" className="button" onClick={() => setMost(most + pageSize)}>
          Show {Math.min(pageSize, total - found.length)} more of {total.toLocaleString('en')}
        </button>
      )}
      {editedId !== undefined && <TodoEditor key={editedId} id={editedId} onClose={() => setEditedId(undefined)} />}
    </div>
  );
}

function NewTodo({ listId }: { readonly listId: string | undefined }): ReactNode {
  const device = useDeviceHere();
  const { data: known = [] } = useLiveQuery(() => device.lists.find({ order: { name: 'ASC' } }), [device], {
    tables: [lists],
  });
  const [title, setTitle] = useState('');
  const target = listId ?? known[0]?.id;
  return (
    <form
      className="new-todo"
      onSubmit={(event) => {
        event.preventDefault();
        if (title.trim() === '' || target === undefined) return;
        setTitle('');
        void device.todos.create({
          title: title.trim(),
          listId: target,
          notes: '',
          done: false,
          dueOn: null,
          priority: 3,
          sessions: 0,
        });
      }}
    >
      <input
        value={title}
        onChange={(event) => setTitle(event.target.value)}
        placeholder="What is to be done?"
        aria-label="New todo"
        disabled={target === undefined}
      />
      <button type="submit" className="button primary" disabled={title.trim() === '' || target === undefined}>
        Add
      </button>
    </form>
  );
}
