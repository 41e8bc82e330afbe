import type { JsonObject } from '../../model/values/json.ts';
import { overlay, reproject, type SyncKeys } from './overlay.ts';
import type { PendingOp } from './pending-op.ts';

/**
 * Why operations leave. `applied`: the server has them. `givenUp`: it never will, later operations stay. `dropped`: as
 * givenUp, and what was built on a dropped create goes with it.
 */
export type DepartureMode = 'applied' | 'givenUp' | 'dropped';

export interface Departure {
  /** All pending operations of the entity, in outbox order. */
  readonly ops: readonly PendingOp[];
  readonly leaving: ReadonlySet<number>;
  readonly mode: DepartureMode;
  /** The newest server row known after the departure; undefined where the server has none or nothing is known. */
  readonly serverRow: JsonObject | undefined;
  /** Its version, verbatim; undefined: unknown, or there is none. */
  readonly serverVersion: string | undefined;
  /** Whether `serverRow` is a tombstone. */
  readonly serverDeleted: boolean;
  readonly keys: SyncKeys;
}

export interface Departed {
  /** What stays, rebuilt on the server row and based on its version. */
  readonly remaining: readonly PendingOp[];
  /** What goes: the leaving ones and, where a create was dropped, those built on it. */
  readonly gone: readonly PendingOp[];
  /** The local row from now on; undefined: there is none. */
  readonly localRow: JsonObject | undefined;
  readonly deletedLocally: boolean;
}

/**
 * Computes what an entity's queue and local row become when operations leave it, for whatever reason: the followers are
 * rebuilt as (server row now known + their own changed fields) and based on that row, so that nothing of the departed
 * comes back with a full-row payload and nobody conflicts with himself (F-20, F-136). A create that leaves unapplied
 * hands its role to the next upsert. What is older than all that leaves stays as it is: it may be under way (I2), and
 * its base tells the server of the conflict.
 */
export function depart({ ops, leaving, mode, serverRow, serverVersion, serverDeleted, keys }: Departure): Departed {
  const departing = ops.filter((op) => leaving.has(op.seq));
  const first = departing[0]?.seq ?? Infinity;
  const earlier = ops.filter((op) => op.seq < first);
  const later = ops.filter((op) => op.seq > first && !leaving.has(op.seq));
  // A later one is an insert over a delete of the user's own: what was made before does not hang on it.
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

/** A delete of what the server never heard of is not sent; what follows it stands alone. */
const withoutUnborn = (ops: readonly PendingOp[]): readonly PendingOp[] => {
  const first = ops.findIndex((op) => op.type === 'upsert');
  return first === -1 ? [] : ops.slice(first);
};

/** The first edit that becomes the create needs every field; whole-row payloads have them already. */
const completed = (departing: readonly PendingOp[], op: PendingOp): JsonObject => ({
  ...(Object.assign({}, ...departing.map((departed) => departed.payload ?? {})) as JsonObject),
  ...op.payload,
});
