import type { Bundle } from '../../devtools/protocol/bundle.ts';
import type { AnsweredOperation, EventEntry, LogEntry, RequestEntry } from '../../devtools/protocol/log-entry.ts';
import type { OperationView } from '../../devtools/protocol/messages.ts';
import type { Delta } from '../../model/values/delta.ts';
import { isJsonObject, type Json, type JsonObject } from '../../model/values/json.ts';
import type { OpType } from '../../model/operation.ts';
import { ownKeys } from './canonical-row.ts';

/** An operation of the recording: one in the saved outbox, or one that the log mentions and that has left. */
export interface KnownOperation {
  readonly opId: string;
  readonly kind: string;
  readonly id: string;
  readonly type: OpType;
  readonly creates: boolean;
  /** Own fields and id. Absent on a delete. */
  readonly payload: JsonObject | undefined;
  readonly changedFields: readonly string[] | undefined;
  readonly deltas: readonly Delta[] | undefined;
  readonly baseUpdatedAt: string | undefined;
  readonly localTimestamp: string;
  /** Epoch ms. */
  readonly enqueuedAt: number;
  /** The file lacks its content. */
  readonly isMadeUp: boolean;
  /** Queued before the recording begins. */
  readonly isEarlier: boolean;
  /** The first call that carried it. */
  readonly firstCall: RequestEntry | undefined;
  /** Its state when the file was saved. Absent: it had left. */
  readonly saved: OperationView | undefined;
  /** Attempts counted before the recording begins. */
  readonly earlierTries: number;
}

/** The field that an invented edit changes if the real one is unknown. */
export const madeUpField = 'madeUp';

export interface KnownParts {
  readonly bundle: Bundle;
  readonly entries: readonly LogEntry[];
  readonly calls: readonly RequestEntry[];
  readonly startAt: number;
  readonly canonical: ReadonlyMap<string, (row: JsonObject) => JsonObject>;
}

/** All operations of a recording, in the order of queueing as far as it is known. */
export function knownOperations(parts: KnownParts): readonly KnownOperation[] {
  const { bundle, calls, canonical } = parts;
  const carried = new Map<string, { readonly call: RequestEntry; readonly operation: AnsweredOperation }[]>();
  for (const call of calls)
    for (const operation of call.operations ?? [])
      carried.set(operation.opId, [...(carried.get(operation.opId) ?? []), { call, operation }]);
  const saved = new Map(bundle.operations.items.map((operation) => [operation.opId, operation]));
  const said = saidOf(parts.entries);

  const kept = [...saved.values()].map((operation): KnownOperation => {
    const calledIn = carried.get(operation.opId) ?? [];
    const fields =
      operation.payload === undefined
        ? undefined
        : ownFields(operation.payload, operation.entityId, canonical.get(operation.kind));
    const enqueuedAt = Math.min(operation.enqueuedAt, calledIn[0]?.call.startedAt ?? Infinity);
    const rejected = calledIn.filter(({ operation: { outcome } }) => outcome === 'pushRejected').length;
    const isEarlier = enqueuedAt < parts.startAt;
    return {
      opId: operation.opId,
      kind: operation.kind,
      id: operation.entityId,
      type: operation.type,
      creates: operation.creates,
      ...contentOf(fields, operation.changedFields, operation.deltas),
      baseUpdatedAt: operation.baseUpdatedAt,
      localTimestamp: operation.localTimestamp,
      enqueuedAt,
      isMadeUp: false,
      isEarlier,
      firstCall: calledIn[0]?.call,
      saved: operation,
      earlierTries: isEarlier ? Math.max(0, operation.tryCount - rejected) : 0,
    };
  });
  const left = [...carried].flatMap(([opId, calledIn]): readonly KnownOperation[] => {
    const [first] = calledIn;
    if (saved.has(opId) || first === undefined) return [];
    const { operation, call } = first;
    const acted = operation.localTimestamp === undefined ? NaN : Date.parse(operation.localTimestamp);
    const enqueuedAt = Number.isNaN(acted) ? call.startedAt : Math.min(acted, call.startedAt);
    const known = said.get(opId);
    const isDelete = operation.operationType === 'delete';
    const fields =
      known === undefined
        ? madeUp(operation)
        : ownFields(known.data, operation.entityId, canonical.get(operation.kind));
    return [
      {
        opId,
        kind: operation.kind,
        id: operation.entityId,
        type: operation.operationType,
        creates: operation.creates === true,
        ...contentOf(
          isDelete ? undefined : fields,
          known === undefined ? Object.keys(fields).filter((key) => key !== 'id') : known.changedFields,
          known?.deltas,
        ),
        baseUpdatedAt: operation.baseUpdatedAt,
        localTimestamp: operation.localTimestamp ?? new Date(enqueuedAt).toISOString(),
        enqueuedAt,
        isMadeUp: known === undefined && !isDelete,
        isEarlier: enqueuedAt < parts.startAt,
        firstCall: call,
        saved: undefined,
        earlierTries: 0,
      },
    ];
  });
  return inOrder(left, carriedTogether(kept), carried);
}

/** An operation folded into a later one was part of that one's calls. */
function carriedTogether(kept: readonly KnownOperation[]): readonly KnownOperation[] {
  const later = new Map<string, RequestEntry | undefined>();
  return [...kept]
    .reverse()
    .map((operation) => {
      const name = `${operation.kind}/${operation.id}`;
      const firstCall = operation.firstCall ?? later.get(name);
      later.set(name, firstCall);
      return firstCall === operation.firstCall ? operation : { ...operation, firstCall };
    })
    .reverse();
}

/** Sorts operations as queued: by time, and at equal times by their first call, which follows the outbox. */
function inOrder(
  left: readonly KnownOperation[],
  kept: readonly KnownOperation[],
  carried: ReadonlyMap<string, readonly { readonly call: RequestEntry }[]>,
): readonly KnownOperation[] {
  const places = new Map<string, number>();
  const firstPlace = (opId: string): number | undefined => {
    const call = carried.get(opId)?.[0]?.call;
    const index = call?.operations?.findIndex((operation) => operation.opId === opId) ?? -1;
    return call === undefined ? undefined : call.id + index / (1 + (call.operations?.length ?? 0));
  };
  // An operation folded into a later one travelled with it and precedes it.
  const later = new Map<string, number>();
  for (const { opId, kind, id } of [...kept].reverse()) {
    const place = firstPlace(opId) ?? later.get(`${kind}/${id}`) ?? Infinity;
    places.set(opId, place);
    later.set(`${kind}/${id}`, place);
  }
  for (const { opId } of left) places.set(opId, firstPlace(opId) ?? Infinity);
  const by = (a: number, b: number): number => (a === b ? 0 : a < b ? -1 : 1);
  return [...left, ...kept]
    .map((operation, index) => ({ operation, index, place: places.get(operation.opId) ?? Infinity }))
    .sort((a, b) => a.operation.enqueuedAt - b.operation.enqueuedAt || by(a.place, b.place) || a.index - b.index)
    .map(({ operation }) => operation);
}

type Content = Pick<KnownOperation, 'payload' | 'changedFields' | 'deltas'>;

/** An operation names only fields of its payload. */
function contentOf(
  payload: JsonObject | undefined,
  changedFields: readonly string[] | undefined,
  deltas: readonly Delta[] | undefined,
): Content {
  if (payload === undefined) return { payload: undefined, changedFields: undefined, deltas: undefined };
  const summed = deltas?.filter(({ field }) => Object.hasOwn(payload, field));
  return {
    payload,
    changedFields: changedFields?.filter(
      (field) =>
        Object.hasOwn(payload, field) && field !== 'id' && summed?.some((delta) => delta.field === field) !== true,
    ),
    deltas: summed === undefined || summed.length === 0 ? undefined : summed,
  };
}

function ownFields(row: JsonObject, id: string, toRow: ((row: JsonObject) => JsonObject) | undefined): JsonObject {
  const fields = Object.entries(toRow?.(row) ?? row).filter(([key]) => !ownKeys.has(key));
  return { ...Object.fromEntries(fields), id };
}

const madeUp = ({ opId, entityId, changedFields = [madeUpField] }: AnsweredOperation): JsonObject => {
  const fields = changedFields.filter((field) => !ownKeys.has(field));
  const value: Json = `made up for ${opId.slice(-8)}`;
  return {
    ...Object.fromEntries((fields.length === 0 ? [madeUpField] : fields).map((field) => [field, value])),
    id: entityId,
  };
};

interface Said {
  readonly data: JsonObject;
  readonly changedFields: readonly string[] | undefined;
  readonly deltas: readonly Delta[] | undefined;
}

/** The content of departed operations that an event contains: conflicts and discards. */
function saidOf(entries: readonly LogEntry[]): ReadonlyMap<string, Said> {
  const said = new Map<string, Said>();
  const keep = (value: Json | undefined, dataKey: 'data' | 'localData'): void => {
    if (value === undefined || !isJsonObject(value) || typeof value['opId'] !== 'string') return;
    const data = value[dataKey];
    if (data === undefined || !isJsonObject(data) || Object.keys(data).length === 0) return;
    const { changedFields, deltas } = value as {
      readonly changedFields?: readonly string[];
      readonly deltas?: readonly Delta[];
    };
    if (!said.has(value['opId'])) said.set(value['opId'], { data, changedFields, deltas });
  };
  for (const { data } of entries.filter((entry): entry is EventEntry => entry.type === 'event')) {
    keep(data['conflict'], 'localData');
    if (Array.isArray(data['givenUp'])) for (const given of data['givenUp'] as readonly Json[]) keep(given, 'data');
  }
  return said;
}
