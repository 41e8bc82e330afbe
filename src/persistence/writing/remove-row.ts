import { deleteOp, upsertOp } from '../../model/operation.ts';
import type { JsonObject } from '../../model/values/json.ts';
import { payloadToSend } from '../outbox/enqueue.ts';
import { versionOf } from '../outbox/local-change.ts';
import { readQueues } from '../outbox/outbox-rows.ts';
import { noSuchRow } from './given-row.ts';
import type { PendingWrite } from './pending-write.ts';
import type { BasedWriteOptions, WriteOptions } from './write-options.ts';

/** Hides a row and queues its deletion. `before`: the previous row; undefined if there is none. */
export async function removeRow(
  write: PendingWrite,
  id: string,
  before: JsonObject | undefined,
  options: BasedWriteOptions | undefined,
): Promise<void> {
  const { table, session } = write;
  const baseUpdatedAt = options?.baseUpdatedAt ?? versionOf(table, before);
  const op = deleteOp({ ...write.opOf(id, options), baseUpdatedAt });
  await table.rows.markDeletedLocally(session, [id], op.localTimestamp);
  await write.enqueue(op, before);
}

/** Shows a deleted row again and queues it unchanged. */
export async function restoreRow(write: PendingWrite, id: string, options: WriteOptions | undefined): Promise<void> {
  const { table, session } = write;
  const row = await write.stored(id);
  if (!row) throw noSuchRow(table, id);
  const wasDeletedThere = table.isDeleted(row);
  await write.store(row, row);
  const pending = (await readQueues(session, table.kind, [id])).get(id) ?? [];
  // Edits folded into a delete leave with it. The operation that restores the row then carries them all.
  const undo = wasDeletedThere
    ? {}
    : {
        baseUpdatedAt: versionOf(table, row),
        ...(pending.some((op) => op.type === 'upsert') ? {} : { changedFields: [] }),
      };
  const payload = payloadToSend(row, table);
  await write.enqueue(upsertOp({ ...write.opOf(id, options), payload, ...undo, creates: false }), row);
}
