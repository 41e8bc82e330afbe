import { applyDeltas, misfit, type Delta } from '../../../model/values/delta.ts';
import { ValidationError } from '../../../model/errors/errors.ts';
import type { JsonObject } from '../../../model/values/json.ts';
import { deleteOp, upsertOp } from '../../../model/operation.ts';
import { deepEqual } from '../../../rules/values/deep-equal.ts';
import { payloadToSend } from '../../outbox/enqueue.ts';
import type { Queueable } from '../../outbox/enqueue-many.ts';
import { basisOf, changedKeys, preImageOf, versionOf } from '../../outbox/local-change.ts';
import type { RawRow } from '../../sql/session.ts';
import type { CapturedTable } from '../entities/captured-table.ts';
import type { Snapshot } from '../entities/loaded-snapshots.ts';

/** The change of one row by a transaction. */
export interface RowChange {
  readonly table: CapturedTable;
  readonly id: string;
  readonly before: RawRow | undefined;
  readonly after: RawRow | undefined;
  /** The row as the user saw it, if known (F-140). */
  readonly seen: Snapshot | undefined;
  /**
   * The operation that restores the hidden row must carry all fields: edits of it are in the outbox, or the server has
   * executed its deletion (F-152).
   */
  readonly returnsWhole: boolean;
  /** Amounts that the statement added, by wire key. */
  readonly increments?: ReadonlyMap<string, number> | undefined;
}

export interface Stamp {
  readonly opId: () => string;
  /** ISO 8601. */
  readonly at: string;
}

/**
 * The operation and its effects. `hide`: the row stays, hidden. `server`: these server-owned columns get their old
 * values.
 */
export interface Described {
  readonly queue: Queueable | undefined;
  readonly hide: boolean;
  readonly server: { readonly updatedAt: unknown; readonly deletedAt: unknown } | undefined;
}

const nothing = { queue: undefined, hide: false } as const;

/**
 * Determines the operation for a changed row: a creation, an edit of exactly the differences, a deletion, its reversal,
 * or none. Throws `ValidationError` for a row that cannot be sent.
 */
export function describeChange(change: RowChange, stamp: Stamp): Described {
  const { table, before, after } = change;
  const wasShown = before !== undefined && !table.isHidden(before);
  const isShown = after !== undefined && !table.isHidden(after);
  const server = serverColumns(table, before, after, isShown);
  if (!wasShown && !isShown) return { ...nothing, server };
  if (!isShown) return { queue: deletion(change, stamp), hide: after !== undefined, server };
  return { queue: wasShown ? edit(change, after, stamp) : appearance(change, after, stamp), hide: false, server };
}

/** Local writes never change server-owned columns. */
function serverColumns(
  table: CapturedTable,
  before: RawRow | undefined,
  after: RawRow | undefined,
  isShown: boolean,
): Described['server'] {
  if (after === undefined) return undefined;
  const updatedAt = before?.[table.updatedAt] ?? '';
  const wasTombstone = (before?.[table.deletedAt] ?? null) !== null;
  const deletedAt = wasTombstone && !isShown ? before?.[table.deletedAt] : null;
  const isRight = after[table.updatedAt] === updatedAt && (after[table.deletedAt] ?? null) === deletedAt;
  return isRight ? undefined : { updatedAt, deletedAt };
}

const shared = ({ table, id }: RowChange, { opId, at }: Stamp) => ({
  kind: table.replica.kind,
  id,
  opId: opId(),
  localTimestamp: at,
});

function wireOf({ table, id }: RowChange, raw: RawRow): JsonObject {
  const row = table.replica.mapping.rawToWire(raw);
  const complaint = table.replica.mapping.complaintAbout(row);
  if (complaint !== undefined)
    throw new ValidationError(`${table.replica.kind}/${id}: ${complaint}; nothing was written`);
  return row;
}

interface Rows {
  readonly before: JsonObject | undefined;
  readonly seen: JsonObject | undefined;
  readonly version: string | undefined;
}

/** The row before the change, and as the user saw it. Columns that were not loaded count as unchanged. */
function rowsOf({ table, before: raw, seen: snapshot }: RowChange): Rows {
  const before = raw === undefined ? undefined : table.replica.mapping.rawToWire(raw);
  const looked =
    raw === undefined || snapshot === undefined ? undefined : table.replica.mapping.rawToWire({ ...raw, ...snapshot });
  const seen = before === undefined || looked === undefined ? looked : table.replica.mapping.recognise(before, looked);
  return { before, seen, version: versionOf(table.replica, seen) ?? versionOf(table.replica, before) };
}

function edit(change: RowChange, raw: RawRow, stamp: Stamp): Queueable | undefined {
  const { replica } = change.table;
  const { before = {}, seen } = rowsOf(change);
  const after = replica.mapping.recognise(before, wireOf(change, raw));
  const changedFields = changedKeys(replica, before, after);
  if (changedFields.length === 0) return undefined;
  const { version, preImage } = basisOf(replica, before, seen, changedFields);
  const deltas = deltasOf(change, before, after, changedFields);
  const op = upsertOp({
    ...shared(change, stamp),
    payload: payloadToSend(after, replica),
    changedFields: changedFields.filter((key) => !deltas.some(({ field }) => field === key)),
    ...(deltas.length === 0 ? {} : { deltas }),
    baseUpdatedAt: version,
    creates: false,
  });
  return { op, preImage };
}

/** The increments that explain the change of their field. */
function deltasOf(
  { table, increments }: RowChange,
  before: JsonObject,
  after: JsonObject,
  changedFields: readonly string[],
): readonly Delta[] {
  const shown = table.replica.mapping.shown(before);
  return changedFields.flatMap((field): readonly Delta[] => {
    const by = increments?.get(field);
    if (by === undefined || !Number.isFinite(by)) return [];
    const delta: Delta = { type: 'increment', field, by };
    if (misfit(shown[field], delta) !== undefined) return [];
    return deepEqual(applyDeltas(shown, [delta])[field], after[field]) ? [delta] : [];
  });
}

/**
 * A new row, or a restored one. Over the server's tombstone, the operation has no base, which means undelete, unless
 * the user saw the row alive.
 */
function appearance(change: RowChange, raw: RawRow, stamp: Stamp): Queueable {
  const { table, before: rawBefore } = change;
  const { replica } = table;
  const { before, seen, version } = rowsOf(change);
  const after = replica.mapping.recognise(before ?? {}, wireOf(change, raw));
  const op = { ...shared(change, stamp), payload: payloadToSend(after, replica) };
  if (before === undefined || version === undefined)
    return { op: upsertOp({ ...op, creates: true }), preImage: { row: undefined, version: undefined } };
  const preImage = preImageOf(replica, before, seen);
  const wasTombstone = (rawBefore?.[table.deletedAt] ?? null) !== null;
  const sawItAlive =
    seen !== undefined && (seen[replica.keys.deletedAt] ?? null) === null && preImage.newer !== undefined;
  if (wasTombstone && !sawItAlive) return { op: upsertOp({ ...op, creates: false }), preImage };
  const changedFields = wasTombstone
    ? changedKeys(replica, seen ?? before, after)
    : changedKeys(replica, before, after);
  return {
    op: upsertOp({ ...op, ...(change.returnsWhole ? {} : { changedFields }), baseUpdatedAt: version, creates: false }),
    preImage,
  };
}

function deletion(change: RowChange, stamp: Stamp): Queueable {
  const { replica } = change.table;
  const { before, seen, version } = rowsOf(change);
  return {
    op: deleteOp({ ...shared(change, stamp), baseUpdatedAt: version }),
    preImage: preImageOf(replica, before, seen),
  };
}
