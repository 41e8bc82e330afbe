import type { JsonObject } from '../../model/values/json.ts';
import { upsertOp } from '../../model/operation.ts';
import type { ReplicaTable } from '../tables/replica-table.ts';
import { listOf, type Session } from '../sql/session.ts';
import { storedDeltas, storedFields, storedObject, storedResolution, type Cell } from '../sql/stored-shape.ts';

/** A row of `sync_base` in an older format of its table. */
export interface StaleBase {
  readonly entityId: string;
  readonly baseRow: string | null;
  readonly serverRow: string | null;
  readonly schemaVersion: number;
}

/** Base rows of older formats: of these entities, or those after an id in its order. */
export async function readStaleBases(
  session: Session,
  table: ReplicaTable,
  which: { readonly ids: readonly string[] } | { readonly after: string; readonly limit: number },
): Promise<readonly StaleBase[]> {
  const chosen =
    'ids' in which
      ? { sql: session.dialect.inList('"entity_id"'), parameters: [listOf(which.ids)] }
      : { sql: '"entity_id" > ? ORDER BY "entity_id" LIMIT ?', parameters: [which.after, which.limit] };
  return session.query<StaleBase>(
    `SELECT "entity_id" AS "entityId", "base_row" AS "baseRow", "server_row" AS "serverRow", "schema_version" AS "schemaVersion" FROM "sync_base"
     WHERE "kind" = ? AND "schema_version" < ? AND ${chosen.sql}`,
    [table.kind, table.schema.version, ...chosen.parameters],
  );
}

const upgradedText = (table: ReplicaTable, text: string | null, fromVersion: number): string | null => {
  const { value: row } = storedObject(text, 'row');
  return row === undefined ? text : JSON.stringify(table.schema.upgradeRow(row, fromVersion));
};

/**
 * Upgrades the base rows of merges to the current format. A row that the hook cannot convert stays unchanged, because
 * it only serves comparison. `last_sent` keeps what was sent.
 */
export async function upgradeBases(session: Session, table: ReplicaTable, bases: readonly StaleBase[]): Promise<void> {
  for (const { entityId, baseRow, serverRow, schemaVersion } of bases) {
    const upgraded = orNothing(() => [
      upgradedText(table, baseRow, schemaVersion),
      upgradedText(table, serverRow, schemaVersion),
    ]);
    if (upgraded === undefined) continue;
    await session.run(
      'UPDATE "sync_base" SET "base_row" = ?, "server_row" = ?, "schema_version" = ? WHERE "kind" = ? AND "entity_id" = ?',
      [...upgraded, table.schema.version, table.kind, entityId],
    );
  }
}

interface StaleConflict {
  readonly entityId: string;
  readonly op: 'upsert' | 'delete';
  readonly opId: string;
  readonly baseData: string | null;
  readonly localData: string;
  readonly serverData: string;
  readonly changedFields: string | null;
  readonly deltas: string | null;
  readonly resolution: string | null;
  readonly schemaVersion: number;
}

/**
 * Upgrades the conflicts of a table to the current format: all three sides, and a decision not yet applied. A conflict
 * that cannot be upgraded is not worked on.
 */
export async function upgradeConflicts(session: Session, table: ReplicaTable): Promise<void> {
  const rows = await session.query<StaleConflict>(
    `SELECT "entity_id" AS "entityId", "op", "op_id" AS "opId", "base_data" AS "baseData", "local_data" AS "localData", "server_data" AS "serverData",
       "changed_fields" AS "changedFields", "deltas", "resolution", "schema_version" AS "schemaVersion" FROM "sync_conflicts" WHERE "kind" = ? AND "schema_version" < ?`,
    [table.kind, table.schema.version],
  );
  for (const row of rows) {
    const upgraded = orNothing(() => upgradedConflict(table, row));
    if (upgraded === undefined) continue;
    await session.run(
      `UPDATE "sync_conflicts" SET "base_data" = ?, "local_data" = ?, "server_data" = ?, "changed_fields" = ?, "deltas" = ?, "resolution" = ?, "schema_version" = ?
       WHERE "kind" = ? AND "entity_id" = ?`,
      [...upgraded, table.schema.version, table.kind, row.entityId],
    );
  }
}

function upgradedConflict(table: ReplicaTable, row: StaleConflict): readonly (string | null)[] {
  const { schemaVersion: from, entityId: id, opId } = row;
  const local = sound(storedObject(row.localData, 'local_data')) ?? {};
  const deltas = sound(storedDeltas(row.deltas, 'deltas'));
  const moved = new Set(deltas?.map(({ field }) => field));
  // A conflict lists the fields of its deltas among the changed ones; an operation does not.
  const written = sound(storedFields(row.changedFields, 'changed_fields'))?.filter((field) => !moved.has(field));
  const op = upsertOp({
    kind: table.kind,
    id,
    opId,
    payload: local,
    changedFields: written,
    deltas,
    creates: false,
    localTimestamp: new Date(0),
  });
  const upgraded = row.op === 'delete' ? op : table.schema.upgradeOperation(op, from);
  const changed = upgraded.changedFields && [
    ...upgraded.changedFields,
    ...new Set(upgraded.deltas?.map(({ field }) => field)),
  ];
  const server = row.serverData === '{}' ? row.serverData : upgradedText(table, row.serverData, from);
  return [
    upgradedText(table, row.baseData, from),
    JSON.stringify(upgraded.payload),
    server,
    textOf(changed),
    textOf(upgraded.deltas),
    upgradedDecision(table, row.resolution, from),
  ];
}

function upgradedDecision(table: ReplicaTable, text: string | null, from: number): string | null {
  const decision = sound(storedResolution(text, 'resolution'));
  if (decision === undefined) return null;
  return decision.type === 'acceptMerged'
    ? JSON.stringify({ ...decision, data: table.schema.upgradeRow(decision.data, from) })
    : text;
}

/** A damaged conflict is not upgraded; the run that meets it reports it. */
function sound<T>({ value, fault }: Cell<T>): T | undefined {
  if (fault !== undefined) throw new TypeError(fault);
  return value;
}

const textOf = (value: unknown): string | null => (value === undefined ? null : JSON.stringify(value));

/**
 * A row of an older format in the current one. Unchanged if the hook cannot convert it, or if it is current already.
 */
export const inTodaysShape = (table: ReplicaTable, row: JsonObject, fromVersion: number | undefined): JsonObject =>
  fromVersion === undefined || fromVersion >= table.schema.version
    ? row
    : (orNothing(() => table.schema.upgradeRow(row, fromVersion)) ?? row);

/** An error of the app's hook for one row affects only that row: it keeps its version and is tried again. */
function orNothing<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch {
    return undefined;
  }
}
