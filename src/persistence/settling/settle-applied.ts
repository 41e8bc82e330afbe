import type { JsonObject } from '../../model/values/json.ts';
import type { UpsertOp } from '../../model/operation.ts';
import type { TakenRequest } from '../../model/ports.ts';
import { deltaRequestOf, rebaseDeltas } from '../../rules/pending/deltas.ts';
import { isMadeOnNewest, isOutdated, newestKnown, type BaseRecord } from '../outbox/base-rows.ts';
import type { StoredOp } from '../outbox/outbox-rows.ts';
import type { ReplicaTable } from '../tables/replica-table.ts';
import { inTodaysShape } from '../upgrades/upgrade-rows.ts';
import type { KnownRow } from './base-changes.ts';
import type { EntityChanges } from './entity-changes.ts';
import { tellPushed, type Settling } from './settling.ts';

/** Removes the applied operations. `row` is the server's answer, absent if it sent none. */
export function settleApplied({ changes, request, group, tally }: Settling, row: JsonObject | undefined): void {
  const leaving = new Set(group.map((member) => member.seq));
  const { known, lastSent } =
    request.op.type === 'delete'
      ? knownAfterDelete(changes, request, row)
      : knownAfterUpsert(changes, request, request.op, row, frozenVersionOf(group));
  changes.depart(request.entityId, { leaving, mode: 'applied', known, lastSent });
  tellPushed(group, tally);
}

/** The new server row; `lastSent` is set if its version is unknown. */
interface KnownAfter {
  readonly known: KnownRow;
  readonly lastSent?: JsonObject;
}

function knownAfterDelete(changes: EntityChanges, request: TakenRequest, row: JsonObject | undefined): KnownAfter {
  const { table } = changes;
  if (row !== undefined && table.isDeleted(row))
    return { known: { row, version: table.readUpdatedAt(row), deleted: true } };
  const base = changes.baseOf(request.entityId);
  const newest = newestKnown(base);
  // Somebody has restored the row since.
  if (isOvertaken(request, base) && newest.row !== undefined && !table.isDeleted(newest.row))
    return { known: { ...newest, deleted: false } };
  return { known: { row: undefined, version: undefined, deleted: true } };
}

/**
 * A lost answer that arrives late, for a request made before a newer row was pulled. The server would have refused the
 * request on that row, so it accepted it earlier, and the pulled row is newer (F-135). A server that compares no
 * versions, as with deltas, sends the result with the next pull.
 */
const isOvertaken = ({ op, firstSentAt }: TakenRequest, base: BaseRecord | undefined): boolean =>
  firstSentAt !== undefined && op.force !== true && isOutdated(op.baseUpdatedAt, base);

/**
 * The base version of a request. The first request of a resolution is based on the row of the decision, even without
 * naming a base (F-161).
 */
const madeOn = ({ op, firstSentAt, decidedOn }: TakenRequest): string | undefined =>
  op.baseUpdatedAt || (firstSentAt === undefined ? decidedOn?.version : undefined);

/**
 * Like {@link isOvertaken}, for an accepted upsert whose answer has no version, including requests without a base and
 * forced ones. A live row pulled since takes precedence. If the server accepted the request after that row, the write
 * has a newer version, and the next pull lists it.
 */
function isWrittenOver(table: ReplicaTable, request: TakenRequest, base: BaseRecord | undefined): boolean {
  const { op, firstSentAt } = request;
  if (op.baseUpdatedAt) return isOvertaken(request, base);
  return firstSentAt !== undefined && base?.serverRow !== undefined && !table.isDeleted(base.serverRow);
}

function knownAfterUpsert(
  changes: EntityChanges,
  request: TakenRequest,
  op: UpsertOp,
  answered: JsonObject | undefined,
  frozenVersion: number | undefined,
): KnownAfter {
  const { table } = changes;
  const base = changes.baseOf(op.id);
  const before = newestKnown(base);
  const version = answered === undefined ? undefined : table.readUpdatedAt(answered);
  const isLate =
    version === undefined
      ? isWrittenOver(table, request, base)
      : isOutdated(version, base) && !isMadeOnNewest(madeOn(request), base);
  if (isLate) return { known: { ...before, deleted: before.row !== undefined && table.isDeleted(before.row) } };
  const written = writtenBy(op, before.row, table);
  // Fields missing in the answer are as known and sent. The row lives, otherwise the server would not have accepted the
  // request.
  const { [table.keys.updatedAt]: updatedAt, ...rest } = {
    ...before.row,
    ...inTodaysShape(table, written, frozenVersion),
  };
  const believed = {
    ...rest,
    [table.keys.id]: rest[table.keys.id] ?? op.id,
    [table.keys.deletedAt]: null,
    ...answered,
  };
  if (version !== undefined) return { known: { row: believed, version, deleted: false } };
  // Accepted without a version, which stays unknown until a fetch or pull. A resent request may be older than a row
  // pulled since.
  const isOlder = request.firstSentAt !== undefined && base?.serverRow !== undefined;
  return {
    known: {
      row: updatedAt === undefined || isOlder ? believed : { ...believed, [table.keys.updatedAt]: updatedAt },
      version: undefined,
      deleted: false,
    },
    lastSent: written,
  };
}

/** For a request frozen by an older release. */
const frozenVersionOf = (group: readonly StoredOp[]): number | undefined =>
  group.find((op) => op.requestId !== undefined)?.frozenVersion;

/**
 * The row's fields after the request, as far as known. For deltas applied by the server: the result on its own values.
 */
function writtenBy(op: UpsertOp, known: JsonObject | undefined, table: ReplicaTable): JsonObject {
  const sent = known === undefined ? undefined : deltaRequestOf(op, table.keys.id);
  return sent === undefined ? op.payload : rebaseDeltas({ ...known, ...sent.payload }, sent.deltas);
}
