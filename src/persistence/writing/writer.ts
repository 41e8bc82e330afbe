import type { DataSource, EntityManager, ObjectLiteral } from 'typeorm';
import { ValidationError } from '../../model/errors/errors.ts';
import type { Op } from '../../model/operation.ts';
import type { Clock } from '../../model/platform/clock.ts';
import { timeOrderedId } from '../../model/platform/time-ordered-id.ts';
import { systemClock } from '../../model/platform/system-clock.ts';
import type { Delta } from '../../model/values/delta.ts';
import type { Json } from '../../model/values/json.ts';
import { aFunction, aTimeSource } from '../../model/options/bounds.ts';
import { completeOptions, ownedBy } from '../../model/options/complete-options.ts';
import { byDefault, type OptionList } from '../../model/options/option-list.ts';
import { gateConnection } from '../gate/connection-gate.ts';
import { registerTables } from '../tables/register-table.ts';
import type { ReplicaTable } from '../tables/replica-table.ts';
import { checkSyncTable, type SyncTable } from '../tables/sync-table.ts';
import type { AwaitOptions, WatchAcks } from './await-level.ts';
import { insertRow } from './insert-row.ts';
import type { PendingWrite } from './pending-write.ts';
import { removeRow, restoreRow } from './remove-row.ts';
import { changeByDeltas, replaceDiff, replaceRow } from './replace-row.ts';
import type { TouchOptions } from './touch-row.ts';
import type { BasedWriteOptions, ReplaceOptions, WriteOptions } from './write-options.ts';
import { writeTransaction, type WriterContext } from './write-transaction.ts';

/** The app's way to write: the row and its operation in one transaction, or neither (I7). */
export interface SyncEntityWriter<Entity extends ObjectLiteral> {
  /** Inserts a row and queues its creation. Restores a row that was deleted here. Rejects if the id exists. */
  insertAndEnqueue(entity: Entity, options?: WriteOptions & TouchOptions): Promise<void>;
  /**
   * Replaces a row and queues the change; without a difference, queues nothing (F-27). Rejects if the row does not
   * exist.
   */
  replaceAndEnqueue(entity: Entity, options?: ReplaceOptions): Promise<void>;
  /**
   * Like {@link replaceAndEnqueue}, with the differences between both entities as changed fields. Returns whether
   * anything was queued.
   */
  replaceAndEnqueueDiff(before: Entity, after: Entity, options?: BasedWriteOptions & TouchOptions): Promise<boolean>;
  /**
   * Changes fields relatively (`increment`, `addToSet`, `removeFromSet`) in one operation. Changes of the same fields
   * by other devices survive in any order of arrival. Returns whether anything was queued. Rejects if the row does not
   * exist or is deleted.
   */
  applyDeltas(id: string | number, deltas: readonly Delta[], options?: WriteOptions): Promise<boolean>;
  /** Adds `by` to a number; a negative `by` subtracts. */
  increment(id: string | number, field: keyof Entity & string, by: number, options?: WriteOptions): Promise<boolean>;
  /** Adds values to a list if they are missing; they compare by content. */
  addToSet(
    id: string | number,
    field: keyof Entity & string,
    values: readonly Json[],
    options?: WriteOptions,
  ): Promise<boolean>;
  /** Removes values from a list. */
  removeFromSet(
    id: string | number,
    field: keyof Entity & string,
    values: readonly Json[],
    options?: WriteOptions,
  ): Promise<boolean>;
  /** Hides the row at once and queues its deletion. */
  enqueueDelete(id: string | number, options?: BasedWriteOptions): Promise<void>;
  /** Reverts a local delete: shows the row again and queues it unchanged. */
  restore(id: string | number, options?: WriteOptions): Promise<void>;
  /**
   * Runs your own write and queues an operation that you built, in one transaction. Returns the result of your
   * callback. PostgreSQL may roll a transaction back in favour of another; the callback is then called again.
   */
  writeAndEnqueueOp<Result>(
    write: (manager: EntityManager) => Promise<Result>,
    op: Op,
    options?: AwaitOptions,
  ): Promise<Result>;
  /** Runs your own write and queues the deletion of a row, in one transaction. */
  writeAndEnqueueDelete<Result>(
    write: (manager: EntityManager) => Promise<Result>,
    id: string | number,
    options?: BasedWriteOptions,
  ): Promise<Result>;
}

export interface SyncWriter {
  /** The writer of a registered table. Throws `TypeError` for a table that cannot be synchronised. */
  forTable<Entity extends ObjectLiteral>(table: SyncTable<Entity>): SyncEntityWriter<Entity>;
}

export interface WriterOptions {
  /** Generates operation ids. @defaultValue UUID v7, which contains the time */
  readonly opId?: () => string;
  /** Supplies the time of local changes. @defaultValue the platform's */
  readonly clock?: Pick<Clock, 'now'>;
}

/** Defaults and bounds of {@link WriterOptions}. */
export const writerOptions = {
  opId: byDefault(timeOrderedId, aFunction),
  clock: byDefault(systemClock, aTimeSource),
} satisfies OptionList<WriterOptions>;

/**
 * Creates a writer of rows with their operations. Works without an engine. A DataSource without the sync tables rejects
 * with `DatabaseError`.
 */
export function createWriter(dataSource: DataSource, options: WriterOptions = {}, watchAcks?: WatchAcks): SyncWriter {
  const { opId, clock } = completeOptions<WriterOptions, typeof writerOptions>(
    ownedBy('createWriter'),
    writerOptions,
    options,
  );
  const context: WriterContext = {
    dataSource,
    gate: gateConnection(dataSource),
    opId,
    now: () => clock.now(),
    watchAcks,
  };
  return {
    forTable: (table) => {
      checkSyncTable(table, 'forTable: the table');
      const [registered] = registerTables(dataSource, [table], { partial: true }).values();
      if (!registered) throw new TypeError('createWriter: the table could not be registered');
      return createEntityWriter(context, registered);
    },
  };
}

function createEntityWriter<Entity extends ObjectLiteral>(
  context: WriterContext,
  table: ReplicaTable,
): SyncEntityWriter<Entity> {
  const transaction = <T>(work: (write: PendingWrite) => Promise<T>, options: AwaitOptions | undefined): Promise<T> =>
    writeTransaction(context, table, work, options);
  const applyDeltas: SyncEntityWriter<Entity>['applyDeltas'] = (id, deltas, options) =>
    transaction((write) => changeByDeltas(write, String(id), deltas, options), options);

  return {
    insertAndEnqueue: (entity, options) => transaction((write) => insertRow(write, entity, options), options),
    replaceAndEnqueue: (entity, options) =>
      transaction(async (write) => {
        await replaceRow(write, entity, options);
      }, options),
    replaceAndEnqueueDiff: (before, after, options) =>
      transaction((write) => replaceDiff(write, { before, after }, options), options),
    applyDeltas,
    increment: (id, field, by, options) => applyDeltas(id, [{ type: 'increment', field, by }], options),
    addToSet: (id, field, values, options) => applyDeltas(id, [{ type: 'addToSet', field, values }], options),
    removeFromSet: (id, field, values, options) => applyDeltas(id, [{ type: 'removeFromSet', field, values }], options),
    enqueueDelete: (given, options) =>
      transaction(async (write) => {
        const id = String(given);
        await removeRow(write, id, await write.stored(id), options);
      }, options),
    restore: (id, options) => transaction((write) => restoreRow(write, String(id), options), options),
    writeAndEnqueueOp: (own, op, options) =>
      transaction(async (write) => {
        if (op.kind !== table.kind)
          throw new ValidationError(
            `operation ${op.opId} has the kind '${op.kind}', but this writer is for '${table.kind}'`,
          );
        const before = await write.stored(op.id);
        const result = await own(write.manager);
        await write.enqueue(op, before);
        return result;
      }, options),
    writeAndEnqueueDelete: (own, given, options) =>
      transaction(async (write) => {
        const id = String(given);
        const before = await write.stored(id);
        const result = await own(write.manager);
        await removeRow(write, id, before ?? (await write.stored(id)), options);
        return result;
      }, options),
  };
}
