import { BehaviorSubject } from 'rxjs';
import type { SyncEngineOptions } from '../../../src/engine/ports/engine-options.ts';
import type { StoragePort, StorageStatus } from '../../../src/model/storage-status.ts';
import type { JsonObject } from '../../../src/model/values/json.ts';
import { openPageBench, todos, type PageBench } from '../../queries/page-bench.ts';
import { todoOf, type Todo } from '../../support/todo.ts';

const manual = { conflictStrategy: 'manual', maxOutboxTryCount: 1 } as const;

/** An engine whose conflicts wait for a person, and whose refused changes are not tried again. */
export const openUiBench = (options: Partial<SyncEngineOptions> = {}, storage?: StoragePort): Promise<PageBench> =>
  openPageBench({ ...options, config: { ...manual, ...options.config } }, storage);

/** The storage of a page, as a test sets it. */
export interface SetStorage extends StoragePort {
  set(change: Partial<StorageStatus>): void;
}

export function settableStorage(change: Partial<StorageStatus> = {}): SetStorage {
  const changes = new BehaviorSubject<StorageStatus>({
    mode: 'opfs',
    role: 'owner',
    tab: 'tab-1',
    persisted: true,
    ...change,
  });
  return {
    status: () => changes.value,
    changes,
    set: (next) => changes.next({ ...changes.value, ...next }),
  };
}

const rowOf = (id: string, changes: Partial<Todo> = {}): JsonObject => {
  const { id: key, title, done, priority, tags } = todoOf(id, changes);
  return { id: key, title, done, priority, tags };
};

async function pulled(bench: PageBench, id: string, title: string): Promise<Todo> {
  bench.backend.seed('todos', rowOf(id, { title, priority: 3 }));
  await bench.engine.sync();
  const row = await bench.engine.repository(todos).findOneBy({ id });
  if (row === null) throw new Error(`${id} was pulled`);
  return row;
}

/** Both sides change the title of a todo; the server also its priority, the device whether it is done. */
export async function editBoth(
  bench: PageBench,
  id = 'a',
  titles: { before?: string; mine?: string; theirs?: string } = {},
): Promise<void> {
  const { before = 'Buy oat milk', mine = 'Buy almond milk', theirs = 'Buy soy milk' } = titles;
  const row = await pulled(bench, id, before);
  await bench.writer.replaceAndEnqueueDiff(row, { ...row, title: mine, done: true });
  bench.backend.update('todos', id, { title: theirs, priority: 1 });
  await bench.engine.sync();
}

export async function deleteHere(bench: PageBench, id = 'a'): Promise<void> {
  await pulled(bench, id, 'Buy oat milk');
  await bench.writer.enqueueDelete(id);
  bench.backend.update('todos', id, { title: 'Buy soy milk' });
  await bench.engine.sync();
}

export async function deleteThere(bench: PageBench, id = 'a'): Promise<void> {
  const row = await pulled(bench, id, 'Buy oat milk');
  await bench.writer.replaceAndEnqueueDiff(row, { ...row, title: 'Buy almond milk' });
  bench.backend.softDelete('todos', id);
  await bench.engine.sync();
}

/** The server refuses an edit, with reasons by field where `fields` has some. */
export async function refuseEdit(
  bench: PageBench,
  id = 'a',
  fields: Readonly<Record<string, string>> = { title: 'At most 20 characters' },
): Promise<void> {
  const row = await pulled(bench, id, 'Water the plants');
  refuseOnce(bench, { error: 'invalid', message: 'The title is too long.', fields });
  await bench.writer.replaceAndEnqueueDiff(row, { ...row, title: 'Water the plants on the balcony', priority: 2 });
  await bench.engine.sync();
}

export async function refuseDeletion(bench: PageBench, id = 'a'): Promise<void> {
  await pulled(bench, id, 'Water the plants');
  refuseOnce(bench, { error: 'locked', message: 'The list is locked.' });
  await bench.writer.enqueueDelete(id);
  await bench.engine.sync();
}

export function refuseOnce({ backend }: PageBench, body: JsonObject): void {
  const end = backend.addRule(() => {
    end();
    return { status: 422, body };
  });
}
