import type { SyncFact } from '../../model/events.ts';
import type { JsonObject } from '../../model/values/json.ts';
import { compareTimestamps } from '../../rules/values/timestamp.ts';
import { chunked, listOf, type Session } from '../sql/session.ts';
import { storedExcerpt } from '../sql/stored-excerpt.ts';
import { storedObject } from '../sql/stored-shape.ts';
import { insertionOf, parametersOf, selectionOf, type RawRowOf } from '../database/column-list.ts';
import { baseColumns } from '../database/entities.ts';

/** The base of an entity with pending operations, and the server's current row. */
export interface BaseRecord {
  readonly entityId: string;
  /** The row before the first pending operation; undefined if there was none. */
  readonly baseRow: JsonObject | undefined;
  readonly baseVersion: string | undefined;
  /** A newer server row seen since; undefined while the base is the newest known. */
  readonly serverRow: JsonObject | undefined;
  readonly serverVersion: string | undefined;
  /** The last answer had no version, so the row is fetched before the next operation is sent. */
  readonly versionUnknown: boolean;
  readonly lastSent: JsonObject | undefined;
  /** The fault of a stored row, which counts as unknown. It must not be read as absent on the server (F-164). */
  readonly damaged?: string | undefined;
  /**
   * The first damaged column and the content of all columns. The server's row replaces it, and no other copy exists.
   */
  readonly damage?: { readonly fault: string; readonly text: string } | undefined;
  /** Sent values are stored beside the row (F-158). */
  readonly hasWireValues?: boolean | undefined;
}

interface RawBaseRow extends RawRowOf<typeof baseColumns> {
  readonly hasWireValues: number | boolean;
}

const columns = `${selectionOf(baseColumns)},
  EXISTS (SELECT 1 FROM "sync_wire_values" w WHERE w."kind" = "sync_base"."kind" AND w."entity_id" = "sync_base"."entity_id") AS "hasWireValues"`;

function toRecord(row: RawBaseRow): BaseRecord {
  const baseRow = storedObject(row.baseRow, 'base_row');
  const serverRow = storedObject(row.serverRow, 'server_row');
  const lastSent = storedObject(row.lastSent, 'last_sent');
  const faulty = { base_row: baseRow.fault, server_row: serverRow.fault, last_sent: lastSent.fault };
  const damaged = baseRow.fault ?? serverRow.fault;
  const fault = damaged ?? lastSent.fault;
  return {
    entityId: row.entityId,
    baseRow: baseRow.value,
    baseVersion: row.baseVersion ?? undefined,
    serverRow: serverRow.value,
    serverVersion: row.serverVersion ?? undefined,
    versionUnknown: row.versionUnknown === 1,
    lastSent: lastSent.value,
    ...(damaged === undefined ? {} : { damaged }),
    ...(fault === undefined ? {} : { damage: { fault, text: damagedText(row, faulty) } }),
    ...(Boolean(row.hasWireValues) ? { hasWireValues: true } : {}),
  };
}

const damagedText = (
  row: RawBaseRow,
  faulty: Readonly<Record<'base_row' | 'server_row' | 'last_sent', string | undefined>>,
): string =>
  storedExcerpt({
    base_row: faulty.base_row === undefined ? null : row.baseRow,
    server_row: faulty.server_row === undefined ? null : row.serverRow,
    last_sent: faulty.last_sent === undefined ? null : row.lastSent,
  });

/** Reports unreadable bases and their content. */
export const toldOfDamagedBases = (kind: string, records: Iterable<BaseRecord>): readonly SyncFact[] =>
  [...records].flatMap(({ entityId, damage }): readonly SyncFact[] =>
    damage === undefined
      ? []
      : [
          {
            type: 'store.warning',
            message: `row ${kind}/${entityId} of sync_base is damaged: ${damage.fault}; its content counts as unknown until the server sends it again. fullResync({ kinds: ['${kind}'] }) fetches it now. The queued operations stay. The damaged row contains: ${damage.text}`,
          },
        ],
  );

/** The newest known server row and its version. */
export const newestKnown = (
  record: BaseRecord | undefined,
): { readonly row: JsonObject | undefined; readonly version: string | undefined } =>
  record?.serverRow === undefined
    ? { row: record?.baseRow, version: record?.baseVersion }
    : { row: record.serverRow, version: record.serverVersion };

/** True when `version` is older than the recorded one. A late answer must not be written (F-135). */
export const isOutdated = (version: string | undefined, record: BaseRecord | undefined): boolean =>
  version !== undefined && record?.serverVersion !== undefined && compareTimestamps(version, record.serverVersion) < 0;

/**
 * True when a request was based on the newest known version. Its answer is newer, even if the server's clock went back
 * meanwhile (F-161).
 */
export const isMadeOnNewest = (base: string | undefined, record: BaseRecord | undefined): boolean =>
  base !== undefined && base === newestKnown(record).version;

export async function readBases(
  session: Session,
  kind: string,
  entityIds: readonly string[],
): Promise<Map<string, BaseRecord>> {
  if (entityIds.length === 0) return new Map();
  const rows = await session.query<RawBaseRow>(
    `SELECT ${columns} FROM "sync_base" WHERE "kind" = ? AND ${session.dialect.inList('"entity_id"')}`,
    [kind, listOf(entityIds)],
  );
  return new Map(rows.map((row) => [row.entityId, toRecord(row)]));
}

/** Filters these entities to those with an unknown version since the last answer. */
export async function readUnknownVersions(
  session: Session,
  kind: string,
  entityIds: readonly string[],
): Promise<ReadonlyMap<string, BaseRecord>> {
  const rows = await session.query<RawBaseRow>(
    `SELECT ${columns} FROM "sync_base" WHERE "kind" = ? AND ${session.dialect.inList('"entity_id"')} AND "version_unknown" = 1`,
    [kind, listOf(entityIds)],
  );
  return new Map(rows.map((row) => [row.entityId, toRecord(row)]));
}

/** Filters these entities to those with a newer server row than their base. */
export async function readSurpassed(
  session: Session,
  kind: string,
  entityIds: readonly string[],
): Promise<ReadonlySet<string>> {
  const rows = await session.query<{ entityId: string }>(
    `SELECT "entity_id" AS "entityId" FROM "sync_base" WHERE "kind" = ? AND ${session.dialect.inList('"entity_id"')} AND "server_version" IS NOT NULL`,
    [kind, listOf(entityIds)],
  );
  return new Set(rows.map(({ entityId }) => entityId));
}

const replaced = Object.values(baseColumns)
  .filter(({ declared }) => declared.primary !== true)
  .map(({ name }) => `"${name}" = excluded."${name}"`)
  .join(', ');

const textOf = (row: JsonObject | undefined): string | null => (row === undefined ? null : JSON.stringify(row));

/** `version`: the table version that defines the format of the rows. */
export async function writeBases(
  session: Session,
  kind: string,
  records: readonly BaseRecord[],
  version: number,
): Promise<void> {
  for (const part of chunked(records, 500)) {
    await session.run(
      `${insertionOf('sync_base', baseColumns, part.length)} ON CONFLICT ("kind", "entity_id") DO UPDATE SET ${replaced}`,
      part.flatMap((record) =>
        parametersOf(baseColumns, {
          kind,
          entityId: record.entityId,
          baseRow: textOf(record.baseRow),
          baseVersion: record.baseVersion ?? null,
          serverRow: textOf(record.serverRow),
          serverVersion: record.serverVersion ?? null,
          versionUnknown: record.versionUnknown ? 1 : 0,
          lastSent: textOf(record.lastSent),
          schemaVersion: version,
        }),
      ),
    );
  }
}

export async function removeBases(session: Session, kind: string, entityIds: readonly string[]): Promise<void> {
  if (entityIds.length > 0)
    await session.run(`DELETE FROM "sync_base" WHERE "kind" = ? AND ${session.dialect.inList('"entity_id"')}`, [
      kind,
      listOf(entityIds),
    ]);
}
