import { ValidationError } from '../../model/errors/errors.ts';
import { upsertOp } from '../../model/operation.ts';
import { payloadToSend } from '../outbox/enqueue.ts';
import { versionOf } from '../outbox/local-change.ts';
import { givenRow } from './given-row.ts';
import type { PendingWrite } from './pending-write.ts';
import { touchNew, type TouchOptions } from './touch-row.ts';
import type { WriteOptions } from './write-options.ts';

/** Inserts a row, or restores a deleted one, and queues its creation. */
export async function insertRow(
  write: PendingWrite,
  entity: object,
  options: (WriteOptions & TouchOptions) | undefined,
): Promise<void> {
  const { table, session } = write;
  if (options?.touch === true) touchNew(table.metadata, entity, write.now());
  const { id, row } = givenRow(table, entity);
  const before = await write.stored(id);
  if (before !== undefined && !(await write.isGone(id, before)))
    throw new ValidationError(`${table.kind}/${id}: a row with this id exists; change it with replaceAndEnqueue`);
  const after = { ...before, ...(before === undefined ? row : table.mapping.recognise(before, row)) };
  await write.store(after, before);
  await table.rows.writeLocalOnly(session, id, entity);
  const payload = payloadToSend(after, table);
  // Over a tombstone, the operation has no base, which means undelete. Over a row that the server never saw, it is
  // still the creation.
  const version = versionOf(table, before);
  const base =
    before === undefined || version === undefined
      ? { creates: true }
      : { creates: false, baseUpdatedAt: table.isDeleted(before) ? undefined : version };
  await write.enqueue(upsertOp({ ...write.opOf(id, options), payload, ...base }), before);
}
