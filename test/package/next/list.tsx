'use client';

import type { ReactNode } from 'react';
import { useLiveQuery, useSyncStatus } from 'synchart/react';
import { todos, type Todo } from './todos.ts';

interface ListProps {
  readonly name: string;
  readonly initial: readonly Pick<Todo, 'id' | 'title'>[];
}

export function List({ name, initial }: ListProps): ReactNode {
  const { data = [], status } = useLiveQuery<ListProps['initial']>(
    (sync) => sync.repository(todos).find({ order: { id: 'ASC' } }),
    [],
    { tables: [todos], initial },
  );
  const pending = useSyncStatus((now) => now.pending);
  const phase = useSyncStatus((now) => now.phase);
  return <p id={name}>{`${data.map(({ title }) => title).join()} ${status} ${phase} ${pending}`}</p>;
}
