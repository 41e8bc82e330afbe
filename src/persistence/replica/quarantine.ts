import { ParseError } from '../../model/errors/errors.ts';
import type { SyncFact } from '../../model/events.ts';
import type { JsonObject } from '../../model/values/json.ts';
import { jsonText } from '../../rules/values/json-text.ts';
import { classifyDatabaseError } from '../sql/database-failure.ts';
import { MissingParentError } from '../tables/deferred-references.ts';
import { isStorableText } from '../columns/id-column.ts';
import type { RemovedRow } from './removed-rows.ts';
import type { ReplicaTable } from '../tables/replica-table.ts';
import { listOf, type Session } from '../sql/session.ts';
import { storedObject } from '../sql/stored-shape.ts';
import { boundedError } from '../sql/stored-reason.ts';

/** A row that could not be stored, and the reason. */
export interface BadRow {
  readonly id: string | undefined;
  readonly row: JsonObject;
  readonly error: Error;
}

/** The key of a bad row. A row without id gets a stable stand-in, so that it is stored once. */
export const keptAs = ({ id, row }: Pick<BadRow, 'id' | 'row'>): string =>
  id !== undefined && isStorableText(id) ? id : standIn(row);

const standIn = (row: JsonObject): string => {
  let hash = 0;
  for (const character of textOf(row, undefined)) hash = (Math.imul(hash, 31) + character.charCodeAt(0)) | 0;
  return `no id (${(hash >>> 0).toString(16)})`;
};

/**
 * The row as JSON. A row that is nested too deep to be written is stored by its id alone. Without its timestamp, it
 * stays in quarantine until the server sends another.
 */
const textOf = (row: JsonObject, id: string | undefined): string =>
  jsonText(row, () => {
    const scalars = Object.entries(row).filter(([, value]) => typeof value === 'string' || typeof value === 'number');
    return JSON.stringify(Object.fromEntries(scalars.filter(([, value]) => String(value) === id)));
  });

/**
 * When `row.quarantined` is emitted: at once, not again, or at the end of the kind's pull. The last applies to rows
 * that the database refuses, because a later page may resolve the clash. An unreadable row is announced at once.
 */
export type Announcement = 'now' | 'atEndOfPull' | 'asBefore';

/**
 * Stores bad rows in the quarantine within the page's transaction. The page continues, and nothing is lost (F-17, I13).
 */
export async function quarantine(
  session: Session,
  kind: string,
  rows: readonly BadRow[],
  now: number,
  announcement: Announcement = 'now',
): Promise<readonly SyncFact[]> {
  const announced = announcement === 'asBefore' ? '"sync_quarantine"."announced"' : 'excluded."announced"';
  const isLater = ({ error }: BadRow): boolean =>
    announcement === 'asBefore' || (announcement === 'atEndOfPull' && isClash(error));
  for (const bad of rows) {
    const { id, row, error } = bad;
    const name = keptAs({ id, row });
    await session.run(
      `INSERT INTO "sync_quarantine" ("kind", "entity_id", "row", "error", "quarantined_at", "announced") VALUES (?, ?, ?, ?, ?, ?)
       ON CONFLICT ("kind", "entity_id") DO UPDATE SET "row" = excluded."row", "error" = excluded."error", "quarantined_at" = excluded."quarantined_at", "announced" = ${announced}`,
      [kind, name, textOf(row, id), boundedError(error.message), now, isLater(bad) ? 0 : 1],
    );
  }
  return rows.filter((bad) => !isLater(bad)).map(({ id, error }) => quarantinedFact(kind, id, error));
}

/** The database or a reference check refuses the row because of another one. */
const isClash = (error: Error): boolean =>
  error instanceof MissingParentError || classifyDatabaseError(error) === 'constraint';

const quarantinedFact = (kind: string, id: string | undefined, error: Error): SyncFact => ({
  type: 'row.quarantined',
  kind,
  ...(id === undefined ? {} : { id }),
  error,
});

/**
 * Announces rows of this kind's pages that are still bad at the end of its pull. A row that waited for a row of a later
 * page is never announced (F-160).
 */
export async function announceQuarantined(session: Session, table: ReplicaTable): Promise<readonly SyncFact[]> {
  const rows = await session.query<{ row: string; error: string }>(
    'UPDATE "sync_quarantine" SET "announced" = 1 WHERE "kind" = ? AND "announced" = 0 RETURNING "row", "error"',
    [table.kind],
  );
  return rows.map(({ row, error }) =>
    quarantinedFact(table.kind, table.readId(storedObject(row, 'row').value ?? {}), new ParseError(error)),
  );
}

/** A newer good row has arrived. */
export async function releaseFromQuarantine(session: Session, kind: string, ids: readonly string[]): Promise<void> {
  if (ids.length > 0)
    await session.run(`DELETE FROM "sync_quarantine" WHERE "kind" = ? AND ${session.dialect.inList('"entity_id"')}`, [
      kind,
      listOf(ids),
    ]);
}

/** Rows that a completely fetched resync did not list are gone on the server and must not return from here. */
export async function releaseUnlisted(session: Session, table: ReplicaTable): Promise<readonly RemovedRow[]> {
  const isUnlisted = `"kind" = ? AND NOT EXISTS (SELECT 1 FROM "sync_seen" s WHERE s."kind" = "sync_quarantine"."kind" AND s."entity_id" = "sync_quarantine"."entity_id")`;
  const rows = await session.query<{ id: string; row: string }>(
    `SELECT "entity_id" AS "id", "row" FROM "sync_quarantine" WHERE ${isUnlisted}`,
    [table.kind],
  );
  if (rows.length > 0) await session.run(`DELETE FROM "sync_quarantine" WHERE ${isUnlisted}`, [table.kind]);
  return rows.flatMap(({ id, row }) => {
    const version = table.readUpdatedAt(storedObject(row, 'row').value ?? {});
    return version === undefined ? [] : [{ id, version }];
  });
}

export async function readQuarantine(
  session: Session,
  kind: string,
): Promise<readonly { readonly entityId: string; readonly row: JsonObject }[]> {
  const rows = await session.query<{ entityId: string; row: string }>(
    'SELECT "entity_id" AS "entityId", "row" FROM "sync_quarantine" WHERE "kind" = ? ORDER BY "quarantined_at"',
    [kind],
  );
  // A damaged entry stays until the server sends the row again, because it contains nothing to retry.
  return rows.flatMap(({ entityId, row: text }) => {
    const { value: row } = storedObject(text, 'row');
    return row === undefined ? [] : [{ entityId, row }];
  });
}

export const unusableRow = (kind: string, id: string | undefined, reason: string): ParseError =>
  new ParseError(
    `row ${kind}/${id ?? '(no id)'} from the server cannot be stored: ${reason}; it stays in quarantine, and each pull tries again`,
  );
