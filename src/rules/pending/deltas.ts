import { applyDeltas, sumDeltas, toWireDeltas, wireDeltasKey, type Delta } from '../../model/values/delta.ts';
import type { Conflict } from '../../model/conflict.ts';
import type { JsonObject } from '../../model/values/json.ts';
import type { Op } from '../../model/operation.ts';
import { claims } from './lay-payloads.ts';
import type { PendingOp } from './pending-op.ts';

/**
 * What a delta operation makes of the row the server has now: the same change on the newest value, so that nobody's is
 * lost.
 */
export const rebaseDeltas = (serverRow: JsonObject, deltas: readonly Delta[]): JsonObject =>
  applyDeltas(serverRow, deltas);

/** The deltas of an operation. One that brings its entity into being sends the whole row: it has none. */
export const deltasOf = (op: Pick<PendingOp, 'creates' | 'deltas'>): readonly Delta[] =>
  op.creates ? [] : (op.deltas ?? []);

/**
 * What the deltas of a group come to: they add up; a plain write of the same field absorbs the earlier ones, and one
 * that follows a plain write in the group is part of that write's value already.
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

/** Says whether an upsert changes nothing but by deltas: then it never disagrees with anybody's edit of the row. */
export const isPureDelta = (op: Pick<PendingOp, 'creates' | 'changedFields' | 'deltas'>): boolean =>
  deltasOf(op).length > 0 && op.changedFields?.length === 0;

/** What a transport with `capabilities.deltas` puts on the wire for an operation. */
export interface DeltaRequest {
  /**
   * Without the fields that the deltas are about; of a pure delta nothing but the id, since it must not overwrite
   * anybody's edit.
   */
  readonly payload: JsonObject;
  readonly deltas: readonly Delta[];
  /** False: no base is sent, there is nothing to conflict with. */
  readonly conditional: boolean;
}

/** The request of an operation that carries deltas; undefined for all others, which are sent as they are. */
export function deltaRequestOf(op: Op, idKey = 'id'): DeltaRequest | undefined {
  if (op.type === 'delete') return undefined;
  const deltas = deltasOf(op);
  if (deltas.length === 0) return undefined;
  const pure = isPureDelta(op);
  const fields = new Set(deltas.map(({ field }) => field));
  const payload = Object.entries(op.payload).filter(([key]) => (pure ? key === idKey : !fields.has(key)));
  return { payload: Object.fromEntries(payload), deltas, conditional: !pure };
}

/** The payload as it travels. */
export const payloadWithDeltas = ({ payload, deltas }: DeltaRequest): JsonObject => ({
  ...payload,
  [wireDeltasKey]: toWireDeltas(deltas),
});

/**
 * Puts the deltas of a conflict on the server's value as it is now, in place of the value they had made of an older
 * one.
 */
export function withRebasedDeltas(
  data: JsonObject,
  { deltas, serverData, serverDeleted }: Pick<Conflict, 'deltas' | 'serverData' | 'serverDeleted'>,
): JsonObject {
  if (deltas === undefined || serverDeleted) return data;
  const rebased = rebaseDeltas(serverData, deltas);
  const fields = [...new Set(deltas.map(({ field }) => field))];
  return { ...data, ...Object.fromEntries(fields.map((field) => [field, rebased[field] ?? null])) };
}

/** Says whether a conflict is about deltas only. */
export const isPureDeltaConflict = ({
  deltas,
  changedFields,
  opType,
}: Pick<Conflict, 'deltas' | 'changedFields' | 'opType'>): boolean =>
  opType === 'upsert' &&
  deltas !== undefined &&
  changedFields !== undefined &&
  changedFields.every((key) => deltas.some(({ field }) => field === key));
