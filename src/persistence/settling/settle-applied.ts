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

/** The operations leave; `row` is the server's answer, absent when it sent none. */
export function settleApplied({ changes, request, group, tally }: Settling, row: JsonObject | undefined): void {
  const leaving = new Set(group.map((member) => member.seq));
  const { known, lastSent } =
    request.op.type === 'delete'
      ? knownAfterDelete(changes, request, row)
      : knownAfterUpsert(changes, request, request.op, row, frozenVersionOf(group));
  changes.depart(request.entityId, { leaving, mode: 'applied', known, lastSent });
  tellPushed(group, tally);
}

/** The server's row from now on; `lastSent` where its version is unknown. */
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
  // Somebody brought the row back since.
  if (isOvertaken(request, base) && newest.row !== undefined && !table.isDeleted(newest.row))
    return { known: { ...newest, deleted: false } };
  return { known: { row: undefined, version: undefined, deleted: true } };
}

/**
 * A lost answer that comes after all, to a request that was made before a newer row was pulled. The server would have
 * refused the request on that row, so it took it earlier: the pulled row is the later one (F-135). Where it does not
 * compare versions, as with deltas, the next pull brings what it made of it.
 */
const isOvertaken = ({ op, firstSentAt }: TakenRequest, base: BaseRecord | undefined): boolean =>
  firstSentAt !== undefined && op.force !== true && isOutdated(op.baseUpdatedAt, base);

/**
 * The version that a request was made on. A first request of a resolution was made on the row that was decided on, also
 * where it names no base (F-161).
 */
const madeOn = ({ op, firstSentAt, decidedOn }: TakenRequest): string | undefined =>
  op.baseUpdatedAt || (firstSentAt === undefined ? decidedOn?.version : undefined);

/**
 * As {@link isOvertaken}, for an accepted upsert whose answer tells no version, also where it names no base or is
 * forced: a row that lives may have been pulled since, and is believed. Where the server took the request after that
 * row, its write has a newer version, and the next pull lists it.
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
  // What the answer does not say is as we knew and sent it; it lives, else it would not have been accepted.
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
  // Accepted without saying what the version is now, until a fetch or a pull tells. A request that was sent before may
  // be older than a row pulled since.
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

/** Of a request that was frozen by an older release. */
const frozenVersionOf = (group: readonly StoredOp[]): number | undefined =>
  group.find((op) => op.requestId !== undefined)?.frozenVersion;

/**
 * The row's fields as the request left them there, as far as we know: of deltas that the server applied itself, what
 * they make of its own values.
 */
function writtenBy(op: UpsertOp, known: JsonObject | undefined, table: ReplicaTable): JsonObject {
  const sent = known === undefined ? undefined : deltaRequestOf(op, table.keys.id);
  return sent === undefined ? op.payload : rebaseDeltas({ ...known, ...sent.payload }, sent.deltas);
}
