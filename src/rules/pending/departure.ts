import type { JsonObject } from '../../model/values/json.ts';
import { overlay, reproject, type SyncKeys } from './overlay.ts';
import type { PendingOp } from './pending-op.ts';

/**
 * Why operations leave. `applied`: the server has them. `givenUp`: it never will; later operations stay. `dropped`:
 * like `givenUp`, and operations built on a dropped create leave with it.
 */
export type DepartureMode = 'applied' | 'givenUp' | 'dropped';

export interface Departure {
  /** All pending operations of the entity, in outbox order. */
  readonly ops: readonly PendingOp[];
  readonly leaving: ReadonlySet<number>;
  readonly mode: DepartureMode;
  /** The newest server row after the departure; undefined if the server has none or nothing is known. */
  readonly serverRow: JsonObject | undefined;
  /** Its version, verbatim; undefined if unknown or if there is none. */
  readonly serverVersion: string | undefined;
  /** Whether `serverRow` is a tombstone. */
  readonly serverDeleted: boolean;
  readonly keys: SyncKeys;
}

export interface Departed {
  /** The operations that stay, rebuilt on the server row and based on its version. */
  readonly remaining: readonly PendingOp[];
  /** The operations that leave: the requested ones and those built on a dropped create. */
  readonly gone: readonly PendingOp[];
  /** The new local row; undefined if there is none. */
  readonly localRow: JsonObject | undefined;
  readonly deletedLocally: boolean;
}

/**
 * Computes the queue and the local row of an entity after operations leave it. Each follower becomes the current server
 * row plus its own changed fields, based on that row. A full-row payload thus cannot bring departed changes back, and
 * no device conflicts with itself (F-20, F-136). If a create leaves unapplied, the next upsert becomes the create.
 * Operations older than all departing ones stay unchanged: they may be in flight (I2), and their base reveals the
 * conflict to the server.
 */
export function depart({ ops, leaving, mode, serverRow, serverVersion, serverDeleted, keys }: Departure): Departed {
  const departing = ops.filter((op) => leaving.has(op.seq));
  const first = departing[0]?.seq ?? Infinity;
  const earlier = ops.filter((op) => op.seq < first);
  const later = ops.filter((op) => op.seq > first && !leaving.has(op.seq));
  // A later create is an insert after the user's own delete. Earlier operations do not depend on it.
  const born = ops.find((op) => op.creates);
  const unborn = mode !== 'applied' && born !== undefined && leaving.has(born.seq) && serverRow === undefined;
  const followers = unborn && mode === 'dropped' ? [] : unborn ? withoutUnborn(later) : later;

  const exists = serverRow !== undefined && !serverDeleted;
  const rebuilt = followers.map((op, index): PendingOp => {
    const creates = unborn ? index === 0 : mode === 'applied' || exists ? false : op.creates;
    const base = exists ? { baseUpdatedAt: serverVersion } : { baseUpdatedAt: undefined };
    if (op.type === 'delete') return { ...op, creates: false, ...base };
    const payload = exists
      ? reproject(serverRow, op, keys)
      : unborn && index === 0
        ? completed(departing, op)
        : op.payload;
    return { ...op, creates, ...base, payload };
  });
  const remaining = [...earlier, ...rebuilt];
  const kept = new Set(remaining.map((op) => op.seq));
  const { row, deletedLocally } = overlay(serverRow, remaining, keys);
  return { remaining, gone: ops.filter((op) => !kept.has(op.seq)), localRow: row, deletedLocally };
}

/** The delete of a row that the server never had is not sent. Its followers are independent. */
const withoutUnborn = (ops: readonly PendingOp[]): readonly PendingOp[] => {
  const first = ops.findIndex((op) => op.type === 'upsert');
  return first === -1 ? [] : ops.slice(first);
};

/** The first edit that becomes the create needs every field. A whole-row payload already has them. */
const completed = (departing: readonly PendingOp[], op: PendingOp): JsonObject => ({
  ...(Object.assign({}, ...departing.map((departed) => departed.payload ?? {})) as JsonObject),
  ...op.payload,
});
