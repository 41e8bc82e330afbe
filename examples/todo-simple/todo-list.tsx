import { useLiveQuery, useRepository } from 'synchart/react';
import { todos } from './sync.ts';

export function TodoList() {
  const { data = [] } = useLiveQuery((sync) => sync.repository(todos).find({ order: { title: 'ASC' } }), [], {
    tables: [todos],
  });
  const { update, remove } = useRepository(todos);
  return (
    <ul>
      {data.map(({ id, title, done }) => (
        <li key={id}>
          <label>
            <input type="checkbox" checked={done} onChange={() => void update(id, { done: !done })} /> {title}
          </label>{' '}
          <button type="button" onClick={() => void remove(id)}>
            Delete
          </button>
        </li>
      ))}
    </ul>
  );
}

export function NewTodo() {
  const { create } = useRepository(todos);
  const add = (form: FormData) => create({ title: String(form.get('title')), done: false });
  return (
    <form action={(form) => void add(form)}>
      <input name="title" aria-label="New todo" required /> <button type="submit">Add</button>
    </form>
  );
}
