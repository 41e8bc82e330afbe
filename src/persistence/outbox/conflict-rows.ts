import {
  conflictStrategies,
  type Conflict,
  type ConflictResolution,
  type ConflictState,
  type ConflictStrategy,
  type StoredConflict,
} from '../../model/conflict.ts';
import type { JsonObject } from '../../model/values/json.ts';
import type { OpType } from '../../model/operation.ts';
import type { KnownThere } from '../../model/ports.ts';
import { withRebasedDeltas } from '../../rules/pending/deltas.ts';
import { listOf, type Session } from '../sql/session.ts';
import { storedExcerpt } from '../sql/stored-excerpt.ts';
import {
  conflictStates,
  numberFault,
  operationTypes,
  storedDeltas,
  storedFields,
  storedObject,
  storedResolution,
  timeFault,
  wordFault,
} from '../sql/stored-shape.ts';

interface RawConflictRow {
  readonly kind: string;
  readonly entityId: string;
  readonly opId: string;
  /** `create`: an upsert of a row that no earlier request can have brought to the server. */
  readonly op: OpType | 'create';
  readonly baseData: string | null;
  readonly localData: string;
  readonly serverData: string;
  readonly localTimestamp: string;
  readonly serverTimestamp: string;
  readonly serverVersion: string | null;
  readonly changedFields: string | null;
  readonly deltas: string | null;
  readonly serverDeleted: number;
  readonly strategy: ConflictStrategy;
  readonly state: ConflictState;
  readonly reason: string | null;
  readonly resolution: string | null;
  readonly decidedOn: string | null;
  readonly detectedAt: number | string;
  readonly schemaVersion: number | string;
}

export type ConflictRecord = StoredConflict;

const columns = `"kind", "entity_id" AS "entityId", "op_id" AS "opId", "op", "base_data" AS "baseData", "local_data" AS "localData", "server_data" AS "serverData",
  "local_timestamp" AS "localTimestamp", "server_timestamp" AS "serverTimestamp", "server_version" AS "serverVersion", "changed_fields" AS "changedFields", "deltas",
  "server_deleted" AS "serverDeleted", "strategy", "state", "reason", "resolution", "decided_on" AS "decidedOn", "detected_at" AS "detectedAt", "schema_version" AS "schemaVersion"`;

/** A conflict that cannot be read; its operation stays. */
export interface DamagedConflict {
  readonly kind: string;
  readonly entityId: string;
  readonly message: string;
  /** What the row holds: it is removed. */
  readonly text: string;
}

function faultOf(row: RawConflictRow): string | undefined {
  const { localData, serverData, baseData, changedFields, deltas, resolution } = row;
  return (
    storedObject(localData, 'local_data').fault ??
    storedObject(serverData, 'server_data').fault ??
    storedObject(baseData, 'base_data').fault ??
    storedFields(changedFields, 'changed_fields').fault ??
    storedDeltas(deltas, 'deltas').fault ??
    storedResolution(resolution, 'resolution').fault ??
    wordFault(row.op, 'op', [...operationTypes, 'create']) ??
    wordFault(row.strategy, 'strategy', conflictStrategies) ??
    wordFault(row.state, 'state', conflictStates) ??
    (row.state === 'decided' && resolution === null ? '"resolution" is empty' : undefined) ??
    timeFault(row.localTimestamp, 'local_timestamp') ??
    numberFault(row.serverDeleted, 'server_deleted') ??
    numberFault(row.detectedAt, 'detected_at') ??
    numberFault(row.schemaVersion, 'schema_version')
  );
}

/** Undefined: it is damaged. Nothing is decided on it; the next run tells of it ({@link readDamagedConflicts}). */
function toRecord(row: RawConflictRow): ConflictRecord | undefined {
  if (faultOf(row) !== undefined) return undefined;
  const { value: deltas } = storedDeltas(row.deltas, 'deltas');
  const serverData = storedObject(row.serverData, 'server_data').value ?? {};
  const conflict: Conflict = {
    kind: row.kind,
    entityId: row.entityId,
    opId: row.opId,
    opType: row.op === 'delete' ? 'delete' : 'upsert',
    // The server side may have been refreshed since: a delta is about its value as it is now.
    localData: withRebasedDeltas(storedObject(row.localData, 'local_data').value ?? {}, {
      deltas,
      serverData,
      serverDeleted: row.serverDeleted === 1,
    }),
    serverData,
    baseData: storedObject(row.baseData, 'base_data').value,
    localTimestamp: row.localTimestamp,
    serverTimestamp: row.serverTimestamp,
    serverVersion: row.serverVersion ?? undefined,
    changedFields: storedFields(row.changedFields, 'changed_fields').value,
    ...(deltas === undefined ? {} : { deltas }),
    serverDeleted: row.serverDeleted === 1,
    ...(row.op === 'create' ? { isCreation: true } : {}),
  };
  return {
    conflict,
    strategy: row.strategy,
    state: row.state,
    detectedAt: Number(row.detectedAt),
    reason: row.reason ?? undefined,
    resolution: storedResolution(row.resolution, 'resolution').value,
    decidedOn: row.decidedOn ?? undefined,
  };
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

/** The server's row on which a conflict was decided. */
export const decidedOnRow = ({ serverData, serverDeleted, serverTimestamp }: Conflict): KnownThere | undefined => {
  if (Object.keys(serverData).length === 0) return serverDeleted ? { isAbsent: true } : undefined;
  return serverTimestamp === ''
    ? undefined
    : { isAbsent: false, version: serverTimestamp, ...(serverDeleted ? { isDeleted: true } : {}) };
};

const readAll = (session: Session): Promise<readonly RawConflictRow[]> =>
  session.query<RawConflictRow>(`SELECT ${columns} FROM "sync_conflicts" ORDER BY "detected_at", "kind", "entity_id"`);

/** All conflicts that can be read, oldest first. */
export const readConflicts = async (session: Session): Promise<readonly ConflictRecord[]> =>
  toRecords(await readAll(session));

/** The others, with what is wrong. */
export async function readDamagedConflicts(session: Session): Promise<readonly DamagedConflict[]> {
  return (await readAll(session)).flatMap((row) => {
    const fault = faultOf(row);
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

/** Stores a conflict in place of an earlier one of the entity, whose decision no longer fits. */
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
  await session.run(
    `INSERT INTO "sync_conflicts" ("kind", "entity_id", "op_id", "op", "base_data", "local_data", "server_data", "local_timestamp", "server_timestamp", "server_version",
       "changed_fields", "deltas", "server_deleted", "strategy", "state", "reason", "resolution", "decided_on", "detected_at", "changed_at", "schema_version") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    [
      conflict.kind,
      conflict.entityId,
      conflict.opId,
      conflict.isCreation === true ? 'create' : conflict.opType,
      conflict.baseData === undefined ? null : JSON.stringify(conflict.baseData),
      JSON.stringify(conflict.localData),
      JSON.stringify(conflict.serverData),
      conflict.localTimestamp,
      conflict.serverTimestamp,
      conflict.serverVersion ?? null,
      conflict.changedFields === undefined ? null : JSON.stringify(conflict.changedFields),
      conflict.deltas === undefined ? null : JSON.stringify(conflict.deltas),
      conflict.serverDeleted ? 1 : 0,
      strategy,
      state,
      record.reason ?? null,
      record.resolution === undefined ? null : JSON.stringify(record.resolution),
      record.decidedOn ?? null,
      detectedAt,
      now,
      version,
    ],
  );
}

/** Notes where a conflict stands. */
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

/** Puts what a pull brought into parked conflicts: the server side shown is the newest known. */
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
