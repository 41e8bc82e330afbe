import type { Op } from '../../model/operation.ts';
import type { JsonObject } from '../../model/values/json.ts';
import { referencesIn } from '../tables/reference-keys.ts';
import type { ReplicaTable } from '../tables/replica-table.ts';
import { chunked, listOf, type Session } from '../sql/session.ts';
import { uniqueValuesTaken } from '../columns/table-keys.ts';

/** A queued operation and its effect on a row. */
interface QueuedWrite {
  readonly op: Op;
  /** The row before the write. `newer`: the current row, if the user saw an older one. */
  readonly preImage: {
    readonly row: JsonObject | undefined;
    readonly newer?: { readonly row: JsonObject } | undefined;
  };
}

/** A queued operation that releases a value for another row, or a reference that prevented a delete. */
export interface Release {
  readonly value: string;
  readonly seq: number;
  readonly kind: string;
  readonly entityId: string;
}

/**
 * Records what queued operations release: UNIQUE values, and references to other rows. An operation that takes such a
 * value, or deletes such a row, finds here which operation to wait for (F-160). The records are removed with their
 * operations. Free of cost for tables without unique keys and references.
 */
export async function noteReleases(
  session: Session,
  table: ReplicaTable | undefined,
  writes: readonly QueuedWrite[],
): Promise<void> {
  if (table === undefined || table.uniqueKeys.length + table.referenceKeys.length === 0) return;
  const notes = writes.flatMap(({ op, preImage }) => {
    if (op.creates) return [];
    const before = preImage.newer?.row ?? preImage.row;
    const after = op.type === 'delete' ? undefined : op.payload;
    const kept = new Set(referencesIn(table, after));
    const dropped = referencesIn(table, before).filter((reference) => !kept.has(reference));
    return [...uniqueValuesTaken(table.uniqueKeys, after, before), ...dropped].map(
      (value) => [op.opId, value] as const,
    );
  });
  for (const part of chunked(notes, 200)) {
    await session.later(
      `INSERT INTO "sync_released" ("seq", "value") SELECT o."seq", "n"."column2"
       FROM (${session.dialect.values(['text', 'text'], part.length)}) AS "n" JOIN "sync_outbox" o ON o."op_id" = "n"."column1" WHERE true ON CONFLICT DO NOTHING`,
      part.flat(),
    );
  }
}

/** The queued operations that release these values, oldest first, by value. */
export async function releasesOf(
  session: Session,
  values: readonly string[],
): Promise<ReadonlyMap<string, readonly Release[]>> {
  const found = new Map<string, Release[]>();
  if (values.length === 0) return found;
  const rows = await session.query<{ value: string; seq: number | string; kind: string; entityId: string }>(
    `SELECT r."value", r."seq", o."kind", o."entity_id" AS "entityId" FROM "sync_released" r JOIN "sync_outbox" o ON o."seq" = r."seq"
     WHERE ${session.dialect.inList('r."value"')} ORDER BY r."seq"`,
    [listOf([...new Set(values)])],
  );
  for (const row of rows) found.set(row.value, [...(found.get(row.value) ?? []), { ...row, seq: Number(row.seq) }]);
  return found;
}
