import { In, LessThan, Like, type FindOptionsWhere } from 'typeorm';
import type { Tag, Todo } from '../../tables.ts';
import type { Device } from './device.ts';

export interface TodoFilter {
  /** Undefined: all lists. */
  readonly listId: string | undefined;
  readonly text: string;
  readonly show: 'open' | 'all' | 'done' | 'overdue';
}

/** A row of the list. Its id is that of the todo: by it, the store of the screen tells rows apart. */
export interface TodoWithTags {
  readonly id: string;
  readonly todo: Todo;
  readonly tags: readonly Tag[];
}

export const today = (): string => new Date().toISOString().slice(0, 10);

/** `%` means any text to LIKE, so it becomes `_`, any one character: what was typed still finds itself. */
const containing = (text: string): string => `%${text.trim().replaceAll('%', '_')}%`;

const whereOf = ({ listId, text, show }: TodoFilter): FindOptionsWhere<Todo> => ({
  ...(listId === undefined ? {} : { listId }),
  ...(show === 'all' ? {} : { done: show === 'done' }),
  ...(show === 'overdue' ? { dueOn: LessThan(today()) } : {}),
  ...(text.trim() === '' ? {} : { title: Like(containing(text)) }),
});

export const countTodos = (device: Device, filter: TodoFilter): Promise<number> =>
  device.todos.countBy(whereOf(filter));

/** The first `most` rows that fit, most urgent first, with their tags. A screen of thousands loads what it shows. */
export async function findTodos(
  device: Pick<Device, 'todos' | 'todoTags' | 'tags'>,
  filter: TodoFilter,
  most: number,
): Promise<readonly TodoWithTags[]> {
  const order = { done: 'ASC', priority: 'ASC', title: 'ASC' } as const;
  const found = await device.todos.find({ where: whereOf(filter), order, take: most });
  const links = await device.todoTags.findBy({ todoId: In(found.map(({ id }) => id)) });
  const tags = links.length === 0 ? [] : await device.tags.find();
  const tagById = new Map(tags.map((tag) => [tag.id, tag]));
  const tagsOf = new Map<string, Tag[]>();
  for (const { todoId, tagId } of links) {
    const tag = tagById.get(tagId);
    if (tag !== undefined) tagsOf.set(todoId, [...(tagsOf.get(todoId) ?? []), tag]);
  }
  return found.map((todo) => ({ id: todo.id, todo, tags: tagsOf.get(todo.id) ?? [] }));
}

/** Open todos of each list. */
export async function countOpen(device: Device): Promise<ReadonlyMap<string, number>> {
  const rows = await device.database.dataSource.query<{ listId: string; n: number }[]>(
    'SELECT list_id AS listId, count(*) AS n FROM todos WHERE done = 0 AND deleted_at IS NULL AND deleted_at_local IS NULL GROUP BY list_id',
  );
  return new Map(rows.map(({ listId, n }) => [listId, n]));
}

/** Sets or removes a tag by its name; makes the tag where there is none. */
export async function setTag(device: Device, todo: Todo, name: string, isSet: boolean): Promise<void> {
  const wanted = name.trim().toLowerCase();
  if (wanted === '') return;
  const known = await device.tags.findOneBy({ name: wanted });
  const tag = known ?? (await device.tags.create({ name: wanted }));
  const id = `${todo.id}:${tag.id}`;
  const stored = await device.todoTags.findOne({ where: { id }, withDeleted: true });
  if (!isSet) await device.todoTags.remove(id);
  else if (stored === null) await device.todoTags.create({ id, todoId: todo.id, tagId: tag.id });
  else if (stored.deletedAtLocal !== null) await device.todoTags.restore(id);
}
