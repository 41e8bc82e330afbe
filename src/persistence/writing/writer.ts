import type { DataSource, EntityManager, ObjectLiteral } from 'typeorm';
import type { Clock } from '../../model/platform/clock.ts';
import type { Delta } from '../../model/values/delta.ts';
import { ValidationError } from '../../model/errors/errors.ts';
import type { Json, JsonObject } from '../../model/values/json.ts';
import { unwritableIn } from '../../model/values/nesting.ts';
import { deleteOp, upsertOp, type Op } from '../../model/operation.ts';
import type { AwaitOptions, QueuedWrite, WatchAcks } from './await-level.ts';
import { gateConnection, type ConnectionGate } from '../gate/connection-gate.ts';
import { rethrowForCaller, toStoreFailure } from '../sql/database-failure.ts';
import { prepareDeltas } from './delta-writes.ts';
import { enqueueOp, payloadToSend } from '../outbox/enqueue.ts';
import { basisOf, changedKeys, preImageOf, versionOf as versionIn } from '../outbox/local-change.ts';
import { readQueues } from '../outbox/outbox-rows.ts';
import { registerTables } from '../tables/register-table.ts';
import type { ReplicaTable } from '../tables/replica-table.ts';
import { dialectOf, Session } from '../sql/session.ts';
import { refuseNewerReleaseOnce } from '../database/newer-release.ts';
import { explainMissingTables } from '../database/schema-check.ts';
import { checkSyncTable, type SyncTable } from '../tables/sync-table.ts';
import { systemClock } from '../../model/platform/system-clock.ts';
import { touchEdit, touchNew, type TouchOptions } from './touch-row.ts';
import { randomId } from '../../model/platform/random-id.ts';

/** Overrides of one queued operation. */
export interface WriteOptions extends AwaitOptions {
  readonly opId?: string;
  /** When the user acted; default now. */
  readonly localTimestamp?: string | Date;
}

export interface ReplaceOptions extends WriteOptions {
  /** The server version the user saw. Default: the stored row's. */
  readonly baseUpdatedAt?: string;
  /** Properties or wire keys that changed. Default: found by comparing with the stored row. */
  readonly changedFields?: Iterable<string>;
}

/** What an app writes through: the row and its operation in one transaction, or neither (I7). */
export interface SyncEntityWriter<Entity extends ObjectLiteral> {
  /**
   * Inserts a row and queues its creation. Over a row that was deleted here it brings that row back. Rejects when the
   * id exists.
   */
  insertAndEnqueue(entity: Entity, options?: WriteOptions & TouchOptions): Promise<void>;
  /**
   * Replaces a row and queues the change; a change of nothing queues nothing (F-27). Rejects when there is no such row.
   */
  replaceAndEnqueue(entity: Entity, options?: ReplaceOptions): Promise<void>;
  /**
   * As {@link replaceAndEnqueue}, with what differs between the two as the changed fields. Returns whether anything was
   * queued.
   */
  replaceAndEnqueueDiff(
    before: Entity,
    after: Entity,
    options?: WriteOptions & TouchOptions & { readonly baseUpdatedAt?: string },
  ): Promise<boolean>;
  /**
   * Changes fields relatively (`increment`, `addToSet`, `removeFromSet`), all in one operation: other devices' changes
   * of the same fields are kept, in whatever order they arrive. Returns whether anything was queued. Rejects when there
   * is no such row, or it is deleted.
   */
  applyDeltas(id: string | number, deltas: readonly Delta[], options?: WriteOptions): Promise<boolean>;
  /** Adds `by` to a number, below zero to take away. */
  increment(id: string | number, field: keyof Entity & string, by: number, options?: WriteOptions): Promise<boolean>;
  /** Adds values to a list unless they are there; they compare by content. */
  addToSet(
    id: string | number,
    field: keyof Entity & string,
    values: readonly Json[],
    options?: WriteOptions,
  ): Promise<boolean>;
  /** Takes values out of a list. */
  removeFromSet(
    id: string | number,
    field: keyof Entity & string,
    values: readonly Json[],
    options?: WriteOptions,
  ): Promise<boolean>;
  /** Hides the row at once and queues its deletion. */
  enqueueDelete(id: string | number, options?: WriteOptions & { readonly baseUpdatedAt?: string }): Promise<void>;
  /** Takes a local delete back: shows the row again and queues it as it is. */
  restore(id: string | number, options?: WriteOptions): Promise<void>;
  /**
   * Your own write and an operation you built, in one transaction; what your callback returns is returned. PostgreSQL
   * may give a transaction up for another one: the callback is then called again, as nothing of it is stored.
   */
  writeAndEnqueueOp<Result>(
    write: (manager: EntityManager) => Promise<Result>,
    op: Op,
    options?: AwaitOptions,
  ): Promise<Result>;
  /** Your own write and the deletion of a row, in one transaction. */
  writeAndEnqueueDelete<Result>(
    write: (manager: EntityManager) => Promise<Result>,
    id: string | number,
    options?: WriteOptions & { readonly baseUpdatedAt?: string },
  ): Promise<Result>;
}

export interface SyncWriter {
  /** The writer of a registered table. Throws `TypeError` for a table that cannot be synchronised. */
  forTable<Entity extends ObjectLiteral>(table: SyncTable<Entity>): SyncEntityWriter<Entity>;
}

export interface WriterOptions {
  /** Makes operation ids; default UUID v4. */
  readonly opId?: () => string;
  readonly clock?: Pick<Clock, 'now'>;
}

interface WriterContext {
  readonly dataSource: DataSource;
  readonly gate: ConnectionGate;
  readonly opId: () => string;
  readonly now: () => number;
  /** Given by an engine, which alone knows what the server has. */
  readonly watchAcks?: WatchAcks | undefined;
}

/**
 * Writes rows together with their operations. Works without an engine; a DataSource without the sync tables rejects
 * with `DatabaseError`.
 */
export function createWriter(dataSource: DataSource, options: WriterOptions = {}, watchAcks?: WatchAcks): SyncWriter {
  const gate = gateConnection(dataSource);
  const clock = options.clock ?? systemClock;
  const context: WriterContext = {
    dataSource,
    gate,
    opId: options.opId ?? randomId,
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

export function createEntityWriter<Entity extends ObjectLiteral>(
  context: WriterContext,
  table: ReplicaTable,
): SyncEntityWriter<Entity> {
  const { dataSource, gate } = context;
  const dialect = dialectOf(dataSource);

  const queuedBy = new WeakMap<Session, QueuedWrite[]>();
  /** Resolves as far as `options.await` says. */
  const transaction = async <T>(
    work: (session: Session, manager: EntityManager) => Promise<T>,
    options: AwaitOptions | undefined,
  ): Promise<T> => {
    const level = options?.await ?? 'local';
    if (level !== 'local' && level !== 'acked')
      throw new TypeError(
        `${table.kind}: await must be 'local' or 'acked', got '${String(level)}'; nothing was written`,
      );
    if (level === 'local') return commit(work, []);
    if (context.watchAcks === undefined)
      throw new TypeError(
        `${table.kind}: await: 'acked' needs the writer of an engine, engine.writer(table); nothing was written`,
      );
    const acks = context.watchAcks();
    try {
      const queued: QueuedWrite[] = [];
      const result = await commit(work, queued);
      await acks.wait(queued, options ?? {});
      return result;
    } finally {
      acks.stop();
    }
  };
  const commit = async <T>(
    work: (session: Session, manager: EntityManager) => Promise<T>,
    queued: QueuedWrite[],
  ): Promise<T> => {
    try {
      return await gate.transaction(async (queryRunner) => {
        queued.length = 0;
        const session = new Session(queryRunner, dialect);
        await refuseNewerReleaseOnce(session, dataSource);
        queuedBy.set(session, queued);
        return work(session, queryRunner.manager);
      });
    } catch (error) {
      return rethrowForCaller(toStoreFailure(await explainMissingTables(error, gate, dataSource), context.now()));
    }
  };
  const stored = async (session: Session, id: string): Promise<JsonObject | undefined> =>
    (await table.rows.read(session, [id])).get(id);
  const shared = (id: string, options: WriteOptions | undefined) => ({
    kind: table.kind,
    id,
    opId: options?.opId ?? context.opId(),
    localTimestamp: options?.localTimestamp ?? new Date(context.now()),
  });
  const enqueue = async (
    session: Session,
    op: Op,
    before: JsonObject | undefined,
    preImage = preImageOf(table, before, undefined),
  ): Promise<void> => {
    await enqueueOp(
      session,
      op,
      table,
      op.creates ? { row: undefined, version: versionOf(before) } : preImage,
      context.now(),
    );
    queuedBy.get(session)?.push({ opId: op.opId, kind: op.kind, entityId: op.id, type: op.type });
  };
  const versionOf = (row: JsonObject | undefined): string | undefined => versionIn(table, row);
  const wireOf = (entity: object): { readonly id: string; readonly row: JsonObject } => {
    const row = table.mapping.entityToWire(entity);
    const id = table.readId(row);
    if (id === undefined)
      throw new ValidationError(
        `${table.kind}: the entity has no ${table.keys.id}; give it one before writing, such as crypto.randomUUID() (F-39)`,
      );
    const complaint = table.mapping.complaintAbout(row);
    if (complaint !== undefined) throw new ValidationError(`${table.kind}/${id}: ${complaint}; nothing was written`);
    return { id, row };
  };
  /** Before a row is compared: comparing it could take for ever. */
  const refuseUnwritable = (row: JsonObject): void => {
    const unwritable = unwritableIn(row);
    if (unwritable !== undefined)
      throw new ValidationError(
        `${table.kind}/${table.readId(row) ?? ''}: field '${unwritable.field}' ${unwritable.reason}; nothing was written`,
      );
  };
  /** The row as it will be stored: local writes never change what belongs to the server. */
  const owned = (row: JsonObject, before: JsonObject | undefined): JsonObject => ({
    ...row,
    [table.keys.updatedAt]: before?.[table.keys.updatedAt] ?? '',
    [table.keys.deletedAt]: null,
  });
  const wireKeys = (fields: Iterable<string>): readonly string[] => [
    ...new Set([...fields].map((field) => table.columns.wireKeyOf(field))),
  ];
  const notFound = (id: string): ValidationError =>
    new ValidationError(`${table.kind}/${id}: there is no such row to change; insert it with insertAndEnqueue (F-104)`);

  const replace = async (session: Session, entity: object, options: ReplaceOptions | undefined): Promise<boolean> => {
    const { id, row: given } = wireOf(entity);
    const before = await stored(session, id);
    if (!before) throw notFound(id);
    const row = table.mapping.recognise(before, given);
    const changed =
      options?.changedFields === undefined
        ? changedKeys(table, before, { ...before, ...row })
        : wireKeys(options.changedFields);
    await table.rows.writeLocalOnly(session, id, entity);
    if (changed.length === 0) return false;
    // Only what was changed: the rest of the entity may be older than the row (F-140).
    const after = { ...before, ...Object.fromEntries(Object.entries(row).filter(([key]) => changed.includes(key))) };
    await table.rows.upsert(session, [owned(after, before)]);
    const baseUpdatedAt = options?.baseUpdatedAt ?? versionOf(before);
    await enqueue(
      session,
      upsertOp({
        ...shared(id, options),
        payload: payloadToSend(after, table),
        changedFields: changed,
        baseUpdatedAt,
        creates: false,
      }),
      before,
    );
    return true;
  };

  const applyDeltas = (
    given: string | number,
    deltas: readonly Delta[],
    options: WriteOptions | undefined,
  ): Promise<boolean> =>
    transaction(async (session) => {
      const id = String(given);
      const before = await stored(session, id);
      if (!before || table.isDeleted(before) || (await table.rows.isDeletedLocally(session, id))) throw notFound(id);
      const write = prepareDeltas(table, id, before, deltas);
      if (write === undefined) return false;
      await table.rows.upsert(session, [owned(write.after, before)]);
      const payload = payloadToSend(write.after, table);
      await enqueue(
        session,
        upsertOp({
          ...shared(id, options),
          payload,
          changedFields: [],
          deltas: write.deltas,
          baseUpdatedAt: versionOf(before),
          creates: false,
        }),
        before,
      );
      return true;
    }, options);

  return {
    applyDeltas,
    increment: (id, field, by, options) => applyDeltas(id, [{ type: 'increment', field, by }], options),
    addToSet: (id, field, values, options) => applyDeltas(id, [{ type: 'addToSet', field, values }], options),
    removeFromSet: (id, field, values, options) => applyDeltas(id, [{ type: 'removeFromSet', field, values }], options),

    insertAndEnqueue: (entity, options) =>
      transaction(async (session) => {
        if (options?.touch === true) touchNew(table.metadata, entity, context.now());
        const { id, row } = wireOf(entity);
        const before = await stored(session, id);
        const revives =
          before !== undefined && (table.isDeleted(before) || (await table.rows.isDeletedLocally(session, id)));
        if (before !== undefined && !revives)
          throw new ValidationError(
            `${table.kind}/${id}: a row with this id exists; change it with replaceAndEnqueue (WRT-08)`,
          );
        const after = { ...before, ...(before === undefined ? row : table.mapping.recognise(before, row)) };
        await table.rows.upsert(session, [owned(after, before)]);
        await table.rows.writeLocalOnly(session, id, entity);
        const payload = payloadToSend(after, table);
        // Over a tombstone nothing is sent as base: that means undelete. Over a row the server never saw it is the
        // creation still.
        const base =
          before === undefined || versionOf(before) === undefined
            ? { creates: true }
            : { creates: false, baseUpdatedAt: table.isDeleted(before) ? undefined : versionOf(before) };
        await enqueue(session, upsertOp({ ...shared(id, options), payload, ...base }), before);
      }, options),

    replaceAndEnqueue: (entity, options) =>
      transaction(async (session) => {
        await replace(session, entity, options);
      }, options),

    replaceAndEnqueueDiff: (before, after, options) =>
      transaction(async (session) => {
        const [from, to] = [table.mapping.entityToWire(before), table.mapping.entityToWire(after)];
        const fromId = table.readId(from);
        if (fromId !== table.readId(to))
          throw new ValidationError(
            `${table.kind}: replaceAndEnqueueDiff compares one row, got ids ${String(fromId)} and ${String(table.readId(to))}`,
          );
        refuseUnwritable(from);
        refuseUnwritable(to);
        const changedFields = changedKeys(table, from, to);
        // Only what the user changed: the form may have been opened before a pull (F-140).
        const patch = Object.fromEntries(
          Object.entries(to).filter(([key]) => key === table.keys.id || changedFields.includes(key)),
        );
        return replaceWire(
          session,
          { seen: from, patch, changedFields, local: table.mapping.localChanges(before, after) },
          options,
        );
      }, options),

    enqueueDelete: (id, options) => transaction((session) => remove(session, String(id), options), options),

    restore: (id, options) =>
      transaction(async (session) => {
        const key = String(id);
        const row = await stored(session, key);
        if (!row) throw notFound(key);
        const wasDeletedThere = table.isDeleted(row);
        await table.rows.upsert(session, [owned(row, row)]);
        const pending = (await readQueues(session, table.kind, [key])).get(key) ?? [];
        // Edits folded into a delete go with it: what brings the row back then carries them all.
        const undo = wasDeletedThere
          ? {}
          : {
              baseUpdatedAt: versionOf(row),
              ...(pending.some((op) => op.type === 'upsert') ? {} : { changedFields: [] }),
            };
        await enqueue(
          session,
          upsertOp({ ...shared(key, options), payload: payloadToSend(row, table), ...undo, creates: false }),
          row,
        );
      }, options),

    writeAndEnqueueOp: (write, op, options) =>
      transaction(async (session, manager) => {
        if (op.kind !== table.kind)
          throw new ValidationError(
            `operation ${op.opId} is of kind '${op.kind}', this writer is for '${table.kind}' (F-104)`,
          );
        const before = await stored(session, op.id);
        const result = await write(manager);
        await enqueue(session, op, before);
        return result;
      }, options),

    writeAndEnqueueDelete: (write, id, options) =>
      transaction(async (session, manager) => {
        const before = await stored(session, String(id));
        const result = await write(manager);
        await remove(session, String(id), options, before);
        return result;
      }, options),
  };

  async function replaceWire(
    session: Session,
    {
      seen: looked,
      patch: given,
      changedFields,
      local,
    }: {
      readonly seen: JsonObject;
      readonly patch: JsonObject;
      readonly changedFields: readonly string[];
      readonly local: object;
    },
    options: (WriteOptions & TouchOptions & { readonly baseUpdatedAt?: string }) | undefined,
  ): Promise<boolean> {
    const id = table.readId(given);
    const before = id === undefined ? undefined : await stored(session, id);
    if (id === undefined || !before) throw notFound(String(id));
    const [patch, seen] = [table.mapping.recognise(before, given), table.mapping.recognise(before, looked)];
    const complaint = table.mapping.complaintAbout(patch);
    if (complaint !== undefined) throw new ValidationError(`${table.kind}/${id}: ${complaint}; nothing was written`);
    await table.rows.writeLocalOnly(session, id, local);
    if (changedFields.length === 0) return false;
    const touched = options?.touch === true ? touchEdit(table, before, changedFields, context.now()) : {};
    const after = { ...before, ...patch, ...touched };
    await table.rows.upsert(session, [owned(after, before)]);
    const basis = basisOf(table, before, seen, changedFields);
    const baseUpdatedAt = options?.baseUpdatedAt ?? basis.version;
    await enqueue(
      session,
      upsertOp({
        ...shared(id, options),
        payload: payloadToSend(after, table),
        changedFields: [...changedFields, ...Object.keys(touched)],
        baseUpdatedAt,
        creates: false,
      }),
      before,
      basis.preImage,
    );
    return true;
  }

  async function remove(
    session: Session,
    id: string,
    options: (WriteOptions & { readonly baseUpdatedAt?: string }) | undefined,
    known?: JsonObject,
  ): Promise<void> {
    const before = known ?? (await stored(session, id));
    const op = deleteOp({ ...shared(id, options), baseUpdatedAt: options?.baseUpdatedAt ?? versionOf(before) });
    await table.rows.markDeletedLocally(session, [id], op.localTimestamp);
    await enqueue(session, op, before);
  }
}
