import type { JsonObject } from '../model/json.ts';
import { overlay, reproject, type SyncKeys } from './overlay.ts';
import type { PendingOp } from './pending-op.ts';

/**
 * Why operations leave. `applied`: the server has them. `givenUp`: it never will, later operations stay. `dropped`: as givenUp, and what
 * was built on a dropped create goes with it.
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
 * Computes what an entity's queue and local row become when operations leave it, for whatever reason: the followers are rebuilt as (server
 * row now known + their own changed fields) and based on that row, so that nothing of the departed comes back with a full-row payload and
 * nobody conflicts with himself (F-20, F-136). A create that leaves unapplied hands its role to the next upsert.
 */
export function depart({ ops, leaving, mode, serverRow, serverVersion, serverDeleted, keys }: Departure): Departed {
  const departing = ops.filter((op) => leaving.has(op.seq));
  const staying = ops.filter((op) => !leaving.has(op.seq));
  const lostCreate = mode !== 'applied' && departing.some((op) => op.creates);
  const unborn = lostCreate && serverRow === undefined;
  const followers = unborn && mode === 'dropped' ? [] : unborn ? withoutUnborn(staying) : staying;

  const exists = serverRow !== undefined && !serverDeleted;
  const remaining = followers.map((op, index): PendingOp => {
    const creates = unborn ? index === 0 && op.type === 'upsert' : mode === 'applied' || exists ? false : op.creates;
    const base = exists ? { baseUpdatedAt: serverVersion } : { baseUpdatedAt: undefined };
    if (op.type === 'delete') return { ...op, creates: false, ...base };
    const payload = exists ? reproject(serverRow, op, keys) : unborn && index === 0 ? completed(departing, op) : op.payload;
    return { ...op, creates, ...base, payload };
  });
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
  ...Object.assign({}, ...departing.map((departed) => departed.payload ?? {})) as JsonObject,
  ...op.payload,
});
