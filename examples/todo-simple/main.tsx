import { createRoot } from 'react-dom/client';
import { SyncProvider } from 'synchart/react';
import { engine } from './sync.ts';
import { SyncLine } from './sync-line.tsx';
import { NewTodo, TodoList } from './todo-list.tsx';

const main = document.body.appendChild(document.createElement('main'));
createRoot(main).render(
  <SyncProvider engine={engine}>
    <h1>Todos</h1>
    <NewTodo />
    <TodoList />
    <SyncLine />
  </SyncProvider>,
);
