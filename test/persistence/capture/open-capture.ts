import type { DataSource, Repository } from 'typeorm';
import type { JsonObject } from '../../../src/model/values/json.ts';
import type { Op } from '../../../src/model/operation.ts';
import { captureWrites, type CaptureOptions } from '../../../src/persistence/capture/capture-writes.ts';
import type { DatabaseDriver } from '../../../src/persistence/database/open-database.ts';
import { openStore, openTodoDatabase, todos, type StoreBench } from '../../support/open-store.ts';
import { todoEntity, type Todo } from '../../support/todo.ts';

/** Capture requires SQLite. */
export const sqliteDrivers: readonly DatabaseDriver[] = ['better-sqlite3', 'sqlite3'];

export interface CaptureBench extends StoreBench {
  readonly repository: Repository<Todo>;
  /** The queued operations, oldest first, without values that differ from run to run. */
  queued(): Promise<readonly JsonObject[]>;
  /** All rows, including hidden ones, read without capture. */
  rows(): Promise<readonly Todo[]>;
  /** Inserts server rows and keeps earlier ones. */
  seed(...rows: readonly JsonObject[]): Promise<void>;
}

export const describeOp = (op: Op): JsonObject => ({
  type: op.type,
  id: op.id,
  ...(op.creates ? { creates: true } : {}),
  ...(op.baseUpdatedAt === undefined ? {} : { base: op.baseUpdatedAt }),
  ...(op.type === 'upsert' && op.changedFields !== undefined ? { changed: [...op.changedFields].sort() } : {}),
  ...(op.type === 'upsert' && op.deltas !== undefined && op.deltas.length > 0
    ? { deltas: op.deltas.map((delta) => ({ ...delta })) as readonly JsonObject[] }
    : {}),
});

/** A store on a database with captured todos. */
export async function openCapture(
  driver: DatabaseDriver | 'opfs',
  options: CaptureOptions = {},
  dataSource?: DataSource,
): Promise<CaptureBench> {
  const opened = dataSource ?? (await openTodoDatabase(driver));
  const bench = await openStore(driver, { dataSource: opened });
  let count = 0;
  captureWrites(opened, [todos], { clock: bench.clock, opId: () => `c${++count}`, ...options });
  return {
    ...bench,
    repository: opened.getRepository(todoEntity),
    queued: async () => (await bench.outbox.take({ limit: 10_000 })).map(describeOp),
    rows: () => opened.getRepository(todoEntity).find({ withDeleted: true, order: { id: 'ASC' } }),
    seed: (...rows) => bench.pull(rows),
  };
}
