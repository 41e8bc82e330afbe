import type { Conflict, ConflictResolution, ConflictState, StoredConflict } from '../../model/conflict.ts';
import type { JsonObject } from '../../model/values/json.ts';
import type { KnownThere } from '../../model/ports.ts';
import { withRebasedDeltas } from '../../rules/pending/deltas.ts';
import { listOf, type Session } from '../sql/session.ts';
import { storedExcerpt } from '../sql/stored-excerpt.ts';
import {
  insertionOf,
  parametersOf,
  selectionOf,
  valuesOf,
  type RawRowOf,
  type ValuesOf,
} from '../database/column-list.ts';
import { conflictColumns } from '../database/conflict-columns.ts';

type RawConflictRow = RawRowOf<typeof conflictColumns>;

export type ConflictRecord = StoredConflict;

const columns = selectionOf(conflictColumns);

/** An unreadable conflict; its operation stays. */
export interface DamagedConflict {
  readonly kind: string;
  readonly entityId: string;
  readonly message: string;
  /** The content of the row, which will be removed. */
  readonly text: string;
}

type ConflictValues = ValuesOf<typeof conflictColumns>;

/** The values of a row and its fault. */
function readRow(row: RawConflictRow): { readonly values: ConflictValues; readonly fault: string | undefined } {
  const { values, fault } = valuesOf(conflictColumns, row);
  const isUndecided = values.state === 'decided' && row.resolution === null;
  return { values, fault: fault ?? (isUndecided ? '"resolution" is empty' : undefined) };
}

/**
 * Undefined for a damaged row. Nothing is decided on it, and the next run reports it ({@link readDamagedConflicts}).
 */
function toRecord(row: RawConflictRow): ConflictRecord | undefined {
  const { values, fault } = readRow(row);
  if (fault !== undefined) return undefined;
  const { op, deltas, localData, serverData, serverDeleted } = values;
  const conflict: Conflict = {
    kind: values.kind,
    entityId: values.entityId,
    opId: values.opId,
    opType: op === 'delete' ? 'delete' : 'upsert',
    // The server side may have been refreshed since, and a delta applies to its current value.
    localData: withRebasedDeltas(localData, { deltas, serverData, serverDeleted }),
    serverData,
    baseData: values.baseData,
    localTimestamp: values.localTimestamp,
    serverTimestamp: values.serverTimestamp,
    serverVersion: values.serverVersion,
    changedFields: values.changedFields,
    ...(deltas === undefined ? {} : { deltas }),
    serverDeleted,
    ...(op === 'create' ? { isCreation: true } : {}),
  };
  const { strategy, state, detectedAt, reason, resolution, decidedOn } = values;
  return { conflict, strategy, state, detectedAt, reason, resolution, decidedOn };
}

const toRecords = (rows: readonly RawConflictRow[]): readonly ConflictRecord[] =>
  rows.flatMap((row) => toRecord(row) ?? []);

export async function readConflict(
  session: Session,
  kind: string,
  entityId: string,
): Promise<ConflictRecord | undefined> {
  const row = await session.one<RawConflictRow>(
    `SELECT ${columns} FROM "sync_conflicts" WHERE "kind" = ? AND "entity_id" = ?`,
    [kind, entityId],
  );
  return row && toRecord(row);
}

export async function readConflictByOp(session: Session, opId: string): Promise<ConflictRecord | undefined> {
  const row = await session.one<RawConflictRow>(`SELECT ${columns} FROM "sync_conflicts" WHERE "op_id" = ?`, [opId]);
  return row && toRecord(row);
}

/** The conflicts of these entities. */
export async function readConflictsOf(
  session: Session,
  kind: string,
  entityIds: readonly string[],
): Promise<readonly ConflictRecord[]> {
  const rows = await session.query<RawConflictRow>(
    `SELECT ${columns} FROM "sync_conflicts" WHERE "kind" = ? AND ${session.dialect.inList('"entity_id"')}`,
    [kind, listOf(entityIds)],
  );
  return toRecords(rows);
}

/** The server's row on which the decision was based. */
export const decidedOnRow = ({ serverData, serverDeleted, serverTimestamp }: Conflict): KnownThere | undefined => {
  if (Object.keys(serverData).length === 0) return serverDeleted ? { isAbsent: true } : undefined;
  return serverTimestamp === ''
    ? undefined
    : { isAbsent: false, version: serverTimestamp, ...(serverDeleted ? { isDeleted: true } : {}) };
};

const readAll = (session: Session): Promise<readonly RawConflictRow[]> =>
  session.query<RawConflictRow>(`SELECT ${columns} FROM "sync_conflicts" ORDER BY "detected_at", "kind", "entity_id"`);

/** All readable conflicts, oldest first. */
export const readConflicts = async (session: Session): Promise<readonly ConflictRecord[]> =>
  toRecords(await readAll(session));

/** The unreadable conflicts and their faults. */
export async function readDamagedConflicts(session: Session): Promise<readonly DamagedConflict[]> {
  return (await readAll(session)).flatMap((row) => {
    const { fault } = readRow(row);
    const { kind, entityId } = row;
    return fault === undefined
      ? []
      : [
          {
            kind,
            entityId,
            message: `row ${kind}/${entityId} of sync_conflicts is damaged: ${fault}`,
            text: heldBy(row),
          },
        ];
  });
}

const heldBy = (row: RawConflictRow): string =>
  storedExcerpt({
    local_data: row.localData,
    base_data: row.baseData,
    server_data: row.serverData,
    changed_fields: row.changedFields,
    deltas: row.deltas,
    resolution: row.resolution,
  });

const insertConflict = insertionOf('sync_conflicts', conflictColumns);

/** Stores a conflict and replaces an earlier one of the entity, whose decision is outdated. */
export async function writeConflict(
  session: Session,
  record: ConflictRecord,
  now: number,
  version: number,
): Promise<void> {
  const { conflict, strategy, state, detectedAt } = record;
  await session.run('DELETE FROM "sync_conflicts" WHERE "kind" = ? AND "entity_id" = ?', [
    conflict.kind,
    conflict.entityId,
  ]);
  const json = (value: unknown): string | null => (value === undefined ? null : JSON.stringify(value));
  await session.run(
    insertConflict,
    parametersOf(conflictColumns, {
      kind: conflict.kind,
      entityId: conflict.entityId,
      opId: conflict.opId,
      op: conflict.isCreation === true ? 'create' : conflict.opType,
      baseData: json(conflict.baseData),
      localData: JSON.stringify(conflict.localData),
      serverData: JSON.stringify(conflict.serverData),
      localTimestamp: conflict.localTimestamp,
      serverTimestamp: conflict.serverTimestamp,
      serverVersion: conflict.serverVersion ?? null,
      changedFields: json(conflict.changedFields),
      deltas: json(conflict.deltas),
      serverDeleted: conflict.serverDeleted ? 1 : 0,
      strategy,
      state,
      reason: record.reason ?? null,
      resolution: json(record.resolution),
      decidedOn: record.decidedOn ?? null,
      detectedAt,
      changedAt: now,
      schemaVersion: version,
    }),
  );
}

/** Stores the state of a conflict. */
export async function markConflict(
  session: Session,
  kind: string,
  entityId: string,
  change: {
    readonly state: ConflictState;
    readonly reason?: string | undefined;
    readonly resolution?: ConflictResolution | undefined;
    readonly decidedOn?: string | undefined;
  },
  now: number,
): Promise<void> {
  await session.run(
    'UPDATE "sync_conflicts" SET "state" = ?, "reason" = ?, "resolution" = ?, "decided_on" = ?, "changed_at" = ? WHERE "kind" = ? AND "entity_id" = ?',
    [
      change.state,
      change.reason ?? null,
      change.resolution === undefined ? null : JSON.stringify(change.resolution),
      change.decidedOn ?? null,
      now,
      kind,
      entityId,
    ],
  );
}

/** Updates parked conflicts with a pulled row, so that they show the newest known server side. */
export async function refreshConflict(
  session: Session,
  kind: string,
  entityId: string,
  server: { readonly row: JsonObject; readonly version: string; readonly deleted: boolean },
  now: number,
): Promise<void> {
  await session.run(
    'UPDATE "sync_conflicts" SET "server_data" = ?, "server_timestamp" = ?, "server_deleted" = ?, "server_version" = NULL, "changed_at" = ? WHERE "kind" = ? AND "entity_id" = ?',
    [JSON.stringify(server.row), server.version, server.deleted ? 1 : 0, now, kind, entityId],
  );
}

export async function removeConflicts(session: Session, kind: string, entityIds: readonly string[]): Promise<void> {
  if (entityIds.length > 0)
    await session.run(`DELETE FROM "sync_conflicts" WHERE "kind" = ? AND ${session.dialect.inList('"entity_id"')}`, [
      kind,
      listOf(entityIds),
    ]);
}
