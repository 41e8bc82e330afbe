import { serverTable, type ServerTable } from 'synchart/server';
import { EntitySchema, type EntitySchemaColumnOptions } from 'typeorm';
import { listColumns, tagColumns, todoColumns, todoTagColumns } from '../tables.ts';

/** Rows belong to a user. Clients neither see nor send the column. */
const owner = { type: 'text', name: 'user_id', default: '' } as const;

const owned = (name: string, columns: Record<string, EntitySchemaColumnOptions>): EntitySchema =>
  new EntitySchema({ name, columns: { ...columns, userId: owner } });

export const serverEntities: readonly EntitySchema[] = [
  owned('lists', listColumns),
  owned('todos', todoColumns),
  owned('tags', tagColumns),
  owned('todo_tags', todoTagColumns),
];

export const serverTables: readonly ServerTable[] = serverEntities.map((entity) =>
  serverTable(entity, { hidden: ['userId'] }),
);
