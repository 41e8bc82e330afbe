import { applyDeltas, sumDeltas, toWireDeltas, wireDeltasKey, type Delta } from '../../model/values/delta.ts';
import type { Conflict } from '../../model/conflict.ts';
import type { JsonObject } from '../../model/values/json.ts';
import type { Op } from '../../model/operation.ts';
import { claims } from './lay-payloads.ts';
import type { PendingOp } from './pending-op.ts';

/**
 * Applies a delta operation to the current server row: the same change on the newest value, so that no device's change
 * is lost.
 */
export const rebaseDeltas = (serverRow: JsonObject, deltas: readonly Delta[]): JsonObject =>
  applyDeltas(serverRow, deltas);

/** The deltas of an operation. A creation sends the whole row, so it has none. */
export const deltasOf = (op: Pick<PendingOp, 'creates' | 'deltas'>): readonly Delta[] =>
  op.creates ? [] : (op.deltas ?? []);

/**
 * Combines the deltas of a group. Deltas add up. A plain write of the same field absorbs the earlier ones and includes
 * the later ones.
 */
export function foldDeltas(ops: readonly PendingOp[]): readonly Delta[] {
  if (!ops.some((op) => deltasOf(op).length > 0)) return [];
  let pending: readonly Delta[] = [];
  const written = new Set<string>();
  for (const op of ops) {
    if (op.type === 'delete') continue;
    const plain = Object.keys(op.payload ?? {}).filter((key) => claims(op, key));
    for (const key of plain) written.add(key);
    pending = [...pending, ...deltasOf(op)].filter(({ field }) => !written.has(field));
  }
  return sumDeltas(pending);
}

/** Whether an upsert changes its row only by deltas. It then never conflicts with another edit of the row. */
export const isPureDelta = (op: Pick<PendingOp, 'creates' | 'changedFields' | 'deltas'>): boolean =>
  deltasOf(op).length > 0 && op.changedFields?.length === 0;

/** What a transport with `capabilities.deltas` sends for an operation. */
export interface DeltaRequest {
  /** The row without the fields of the deltas. A pure delta sends only the id, so that it overwrites no other edit. */
  readonly payload: JsonObject;
  readonly deltas: readonly Delta[];
  /** False: sends no base, because nothing can conflict. */
  readonly conditional: boolean;
}

/** The request of an operation with deltas. Undefined for all others, which are sent unchanged. */
export function deltaRequestOf(op: Op, idKey = 'id'): DeltaRequest | undefined {
  if (op.type === 'delete') return undefined;
  const deltas = deltasOf(op);
  if (deltas.length === 0) return undefined;
  const pure = isPureDelta(op);
  const fields = new Set(deltas.map(({ field }) => field));
  const payload = Object.entries(op.payload).filter(([key]) => (pure ? key === idKey : !fields.has(key)));
  return { payload: Object.fromEntries(payload), deltas, conditional: !pure };
}

/** The payload in wire form. */
export const payloadWithDeltas = ({ payload, deltas }: DeltaRequest): JsonObject => ({
  ...payload,
  [wireDeltasKey]: toWireDeltas(deltas),
});

/** Recomputes the local values of a conflict's deltas from the server's current values. */
export function withRebasedDeltas(
  data: JsonObject,
  { deltas, serverData, serverDeleted }: Pick<Conflict, 'deltas' | 'serverData' | 'serverDeleted'>,
): JsonObject {
  if (deltas === undefined || serverDeleted) return data;
  const rebased = rebaseDeltas(serverData, deltas);
  const fields = [...new Set(deltas.map(({ field }) => field))];
  return { ...data, ...Object.fromEntries(fields.map((field) => [field, rebased[field] ?? null])) };
}

/** Whether a conflict involves only deltas. */
export const isPureDeltaConflict = ({
  deltas,
  changedFields,
  opType,
}: Pick<Conflict, 'deltas' | 'changedFields' | 'opType'>): boolean =>
  opType === 'upsert' &&
  deltas !== undefined &&
  changedFields !== undefined &&
  changedFields.every((key) => deltas.some(({ field }) => field === key));
