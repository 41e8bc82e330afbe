import { ValidationError } from '../../model/errors/errors.ts';
import { upsertOp } from '../../model/operation.ts';
import type { Delta } from '../../model/values/delta.ts';
import type { JsonObject } from '../../model/values/json.ts';
import { payloadToSend } from '../outbox/enqueue.ts';
import { basisOf, changedKeys, versionOf } from '../outbox/local-change.ts';
import { prepareDeltas } from './delta-writes.ts';
import { givenRow, noSuchRow, refuseUnstorable, refuseUnwritable } from './given-row.ts';
import type { PendingWrite } from './pending-write.ts';
import { touchEdit, type TouchOptions } from './touch-row.ts';
import type { BasedWriteOptions, ReplaceOptions, WriteOptions } from './write-options.ts';

/** Stores an entity over its row and queues the changes. Returns whether anything was queued (F-27). */
export async function replaceRow(
  write: PendingWrite,
  entity: object,
  options: ReplaceOptions | undefined,
): Promise<boolean> {
  const { table, session } = write;
  const { id, row: given } = givenRow(table, entity);
  const before = await write.stored(id);
  if (!before) throw noSuchRow(table, id);
  const row = table.mapping.recognise(before, given);
  const changedFields =
    options?.changedFields === undefined
      ? changedKeys(table, before, { ...before, ...row })
      : [...new Set([...options.changedFields].map((field) => table.columns.wireKeyOf(field)))];
  await table.rows.writeLocalOnly(session, id, entity);
  if (changedFields.length === 0) return false;
  // Only changed fields, because the rest of the entity may be older than the row (F-140).
  const after = { ...before, ...only(row, (key) => changedFields.includes(key)) };
  await write.store(after, before);
  const payload = payloadToSend(after, table);
  const baseUpdatedAt = options?.baseUpdatedAt ?? versionOf(table, before);
  await write.enqueue(
    upsertOp({ ...write.opOf(id, options), payload, changedFields, baseUpdatedAt, creates: false }),
    before,
  );
  return true;
}

/** Stores and queues the differences between two copies of an entity. Returns whether anything was queued. */
export async function replaceDiff(
  write: PendingWrite,
  copies: { readonly before: object; readonly after: object },
  options: (BasedWriteOptions & TouchOptions) | undefined,
): Promise<boolean> {
  const { table, session } = write;
  const [from, to] = [table.mapping.entityToWire(copies.before), table.mapping.entityToWire(copies.after)];
  const id = table.readId(to);
  if (table.readId(from) !== id)
    throw new ValidationError(
      `${table.kind}: replaceAndEnqueueDiff compares one row, got ids ${String(table.readId(from))} and ${String(id)}`,
    );
  refuseUnwritable(table, from);
  refuseUnwritable(table, to);
  const changedFields = changedKeys(table, from, to);
  const before = id === undefined ? undefined : await write.stored(id);
  if (id === undefined || !before) throw noSuchRow(table, String(id));
  // Only fields that the user changed, because the form may have been opened before a pull (F-140).
  const edited = only(to, (key) => key === table.keys.id || changedFields.includes(key));
  const [patch, seen] = [table.mapping.recognise(before, edited), table.mapping.recognise(before, from)];
  refuseUnstorable(table, id, patch);
  await table.rows.writeLocalOnly(session, id, table.mapping.localChanges(copies.before, copies.after));
  if (changedFields.length === 0) return false;
  const touched = options?.touch === true ? touchEdit(table, before, changedFields, write.now()) : {};
  const after = { ...before, ...patch, ...touched };
  await write.store(after, before);
  const basis = basisOf(table, before, seen, changedFields);
  await write.enqueue(
    upsertOp({
      ...write.opOf(id, options),
      payload: payloadToSend(after, table),
      changedFields: [...changedFields, ...Object.keys(touched)],
      baseUpdatedAt: options?.baseUpdatedAt ?? basis.version,
      creates: false,
    }),
    before,
    basis.preImage,
  );
  return true;
}

/** Changes fields of a row relatively and queues the deltas. Returns whether anything was queued. */
export async function changeByDeltas(
  write: PendingWrite,
  id: string,
  given: readonly Delta[],
  options: WriteOptions | undefined,
): Promise<boolean> {
  const { table } = write;
  const before = await write.stored(id);
  if (!before || (await write.isGone(id, before))) throw noSuchRow(table, id);
  const change = prepareDeltas(table, id, before, given);
  if (change === undefined) return false;
  await write.store(change.after, before);
  await write.enqueue(
    upsertOp({
      ...write.opOf(id, options),
      payload: payloadToSend(change.after, table),
      changedFields: [],
      deltas: change.deltas,
      baseUpdatedAt: versionOf(table, before),
      creates: false,
    }),
    before,
  );
  return true;
}

const only = (row: JsonObject, isWanted: (key: string) => boolean): JsonObject =>
  Object.fromEntries(Object.entries(row).filter(([key]) => isWanted(key)));
