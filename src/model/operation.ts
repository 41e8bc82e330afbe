import { sumDeltas, type Delta } from './values/delta.ts';
import type { JsonObject } from './values/json.ts';
import { randomId } from './platform/random-id.ts';

export type OpType = 'upsert' | 'delete';

/** What every operation has, whatever it does. */
interface OpBase {
  /** UUID v4 made at enqueue; unique in the outbox. */
  readonly opId: string;
  readonly kind: string;
  /** The entity's id as text, whatever its column type. */
  readonly id: string;
  /**
   * When the user acted, ISO 8601 UTC by the local clock. Only shown and used by last-write-wins; the order is the
   * outbox sequence.
   */
  readonly localTimestamp: string;
  /** The server version the user saw, verbatim as the server sent it; absent where there was none. */
  readonly baseUpdatedAt?: string;
  /** True when the operation brings the entity into being. A stored fact, never derived from a missing base (F-144). */
  readonly creates: boolean;
  /**
   * The request's identity (idempotency key); absent on an operation that was never sent. Falls back to `opId` (I2).
   */
  readonly requestId?: string;
  /** Asks the server to skip its conflict check (`X-Force-Update`, `X-Force-Delete`). */
  readonly force?: boolean;
  /** ETag of the version the request is conditional on, for servers with `capabilities.conditionalWrite`. */
  readonly baseVersion?: string;
}

/** Creates or changes an entity. `payload` is the whole row as wire JSON. */
export interface UpsertOp extends OpBase {
  readonly type: 'upsert';
  readonly payload: JsonObject;
  /** Wire keys the user changed. Absent: unknown, all may have changed. Empty: none. */
  readonly changedFields?: readonly string[];
  /**
   * Relative changes, by wire key; `payload` has their fields as the user sees them, `changedFields` does not name
   * them.
   */
  readonly deltas?: readonly Delta[];
}

/** Deletes an entity. */
export interface DeleteOp extends OpBase {
  readonly type: 'delete';
}

export type Op = UpsertOp | DeleteOp;

interface OpInput {
  readonly kind: string;
  readonly id: string;
  readonly baseUpdatedAt?: string | undefined;
  readonly opId?: string | undefined;
  /** A Date is written as its ISO string. */
  readonly localTimestamp?: string | Date | undefined;
  /** Default: true iff there is no `baseUpdatedAt`. */
  readonly creates?: boolean | undefined;
}

export interface UpsertOpInput extends OpInput {
  readonly payload: JsonObject;
  readonly changedFields?: Iterable<string> | undefined;
  readonly deltas?: readonly Delta[] | undefined;
}

/**
 * Builds an upsert; fills in a v4 UUID and the present time where they are not given. Throws `TypeError` on a
 * localTimestamp that is no time.
 */
export const upsertOp = (input: UpsertOpInput): UpsertOp => ({
  type: 'upsert',
  ...opBase(input, input.creates ?? input.baseUpdatedAt === undefined),
  payload: input.payload,
  ...(input.changedFields === undefined ? {} : { changedFields: [...new Set(input.changedFields)] }),
  ...(input.deltas === undefined || input.deltas.length === 0 ? {} : { deltas: sumDeltas(input.deltas) }),
});

/** Builds a delete; fills in as {@link upsertOp} does. */
export const deleteOp = (input: OpInput): DeleteOp => ({ type: 'delete', ...opBase(input, input.creates ?? false) });

/** True when the operation creates its entity: the stored fact, not a guess from a missing base. */
export const isNewRecord = (op: Op): boolean => op.creates;

/** The identity under which a request is sent and remembered by the server. */
export const requestIdOf = (op: Op): string => op.requestId ?? op.opId;

function opBase(input: OpInput, creates: boolean): OpBase {
  return {
    opId: input.opId ?? randomId(),
    kind: input.kind,
    id: input.id,
    localTimestamp: toIsoTimestamp(input.localTimestamp ?? new Date()),
    ...(input.baseUpdatedAt === undefined ? {} : { baseUpdatedAt: input.baseUpdatedAt }),
    creates,
  };
}

function toIsoTimestamp(time: string | Date): string {
  const date = typeof time === 'string' ? new Date(time) : time;
  if (Number.isNaN(date.getTime()))
    throw new TypeError(`localTimestamp must be an ISO 8601 string or a valid Date, got ${String(time)}`);
  return date.toISOString();
}
