import { sumDeltas, type Delta } from './values/delta.ts';
import type { JsonObject } from './values/json.ts';
import { timeOrderedId } from './platform/time-ordered-id.ts';

export type OpType = 'upsert' | 'delete';

/** The fields that all operations share. */
interface OpBase {
  /** UUID v7, created at enqueue; unique in the outbox. It contains the time. Other forms of ids stay valid. */
  readonly opId: string;
  readonly kind: string;
  /** The entity's id as text, whatever its column type. */
  readonly id: string;
  /**
   * When the user acted, ISO 8601 UTC by the local clock. Used only for display and last-write-wins; the outbox
   * sequence defines the order.
   */
  readonly localTimestamp: string;
  /** The server version that the user saw, verbatim; absent if there was none. */
  readonly baseUpdatedAt?: string;
  /** True when the operation creates the entity. Stored explicitly and never derived from a missing base (F-144). */
  readonly creates: boolean;
  /** The idempotency key of the request; absent on an operation that was never sent. Defaults to `opId` (I2). */
  readonly requestId?: string;
  /** Asks the server to skip its conflict check (`X-Force-Update`, `X-Force-Delete`). */
  readonly force?: boolean;
  /** ETag of the version that the request depends on, for servers with `capabilities.conditionalWrite`. */
  readonly baseVersion?: string;
}

/** Creates or changes an entity. `payload` is the whole row as wire JSON. */
export interface UpsertOp extends OpBase {
  readonly type: 'upsert';
  readonly payload: JsonObject;
  /** Wire keys that the user changed. Absent: unknown, any field may have changed. Empty: none. */
  readonly changedFields?: readonly string[];
  /**
   * Relative changes by wire key. `payload` holds the resulting values as the user sees them; `changedFields` does not
   * list these fields.
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
  /** A Date is converted to its ISO string. */
  readonly localTimestamp?: string | Date | undefined;
  /** Defaults to true if `baseUpdatedAt` is absent, otherwise to false. */
  readonly creates?: boolean | undefined;
}

export interface UpsertOpInput extends OpInput {
  readonly payload: JsonObject;
  readonly changedFields?: Iterable<string> | undefined;
  readonly deltas?: readonly Delta[] | undefined;
}

/**
 * Builds an upsert. Generates a v7 UUID and uses the current time if they are missing. Throws `TypeError` for an
 * invalid `localTimestamp`.
 */
export const upsertOp = (input: UpsertOpInput): UpsertOp => ({
  type: 'upsert',
  ...opBase(input, input.creates ?? input.baseUpdatedAt === undefined),
  payload: input.payload,
  ...(input.changedFields === undefined ? {} : { changedFields: [...new Set(input.changedFields)] }),
  ...(input.deltas === undefined || input.deltas.length === 0 ? {} : { deltas: sumDeltas(input.deltas) }),
});

/** Builds a delete with the same defaults as {@link upsertOp}. */
export const deleteOp = (input: OpInput): DeleteOp => ({ type: 'delete', ...opBase(input, input.creates ?? false) });

/** True when the operation creates its entity. Reads the stored fact and never guesses from a missing base. */
export const isNewRecord = (op: Op): boolean => op.creates;

/** The id under which a request is sent and which the server remembers. */
export const requestIdOf = (op: Op): string => op.requestId ?? op.opId;

function opBase(input: OpInput, creates: boolean): OpBase {
  return {
    opId: input.opId ?? timeOrderedId(),
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
