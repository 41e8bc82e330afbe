import { parseWireDeltas, toWireDeltas, wireDeltasKey, type Delta } from '../../model/values/delta.ts';
import type { JsonObject } from '../../model/values/json.ts';
import type { Op, UpsertOp } from '../../model/operation.ts';
import type { TakenRequest } from '../../model/ports.ts';
import type { FoldedRequest } from '../../rules/pending/fold.ts';
import type { Group } from './request-group.ts';
import type { StoredOp } from '../outbox/outbox-rows.ts';
import {
  freezeRequests,
  nextRequestId,
  renewRequests,
  takeHeads,
  takePlainly,
  type FrozenRequest,
} from '../outbox/transitions/take.ts';
import type { ReplicaTable } from '../tables/replica-table.ts';
import type { Session } from '../sql/session.ts';

export async function freeze(
  session: Session,
  groups: readonly Group[],
  now: number,
): Promise<readonly TakenRequest[]> {
  const requests = groups.map((group) => toRequest(group));
  const plain: number[] = [];
  const rows: FrozenRequest[] = [];
  groups.forEach((group, index) => {
    const request = requests[index];
    if (group.frozen || request === undefined) return;
    const { newest, head } = group;
    const { op } = request;
    const body = op.type === 'upsert' ? frozenBodyOf(op, newest) : null;
    const isAsStored =
      newest === head &&
      body === null &&
      op.baseUpdatedAt === (newest.baseUpdatedAt === '' ? undefined : newest.baseUpdatedAt);
    if (isAsStored) plain.push(newest.seq);
    else
      rows.push({
        seq: newest.seq,
        requestId: op.requestId ?? newest.opId,
        body,
        base: op.baseUpdatedAt,
        isHead: newest === head,
      });
  });
  await takePlainly(session, plain, now);
  await freezeRequests(session, rows, now);
  const renewed = groups
    .filter((group) => group.frozen && group.newest.firstSentAt === undefined)
    .map((group) => group.newest.seq);
  await renewRequests(session, renewed, now);
  const others = groups.filter((group) => group.frozen || group.newest !== group.head).map((group) => group.head.seq);
  await takeHeads(session, others);
  return requests;
}

/**
 * Null: the same as the newest operation's. Deltas sent as such are part of the body, so that it never changes (I2).
 */
function frozenBodyOf(op: UpsertOp, newest: StoredOp): string | null {
  if (op.deltas !== undefined) return JSON.stringify({ ...op.payload, [wireDeltasKey]: toWireDeltas(op.deltas) });
  return op.payload === newest.payload ? null : JSON.stringify(op.payload);
}

function thawed(body: JsonObject | undefined): {
  readonly payload: JsonObject | undefined;
  readonly deltas?: readonly Delta[];
} {
  if (body === undefined || !Object.hasOwn(body, wireDeltasKey)) return { payload: body };
  const { [wireDeltasKey]: wire, ...payload } = body;
  const deltas = parseWireDeltas(wire ?? {});
  return typeof deltas === 'string' ? { payload } : { payload, deltas };
}

/** The request of a group, already frozen or about to be. */
function toRequest({ table, entityId, ops, newest, folded, frozen, hasServerRow, sendsDeltas }: Group): TakenRequest {
  const requestId = newest.requestId ?? nextRequestId(newest);
  const base = frozen ? newest.frozenBase : folded.type === 'nothing' ? undefined : folded.baseUpdatedAt;
  const { opId, localTimestamp } = newest;
  const stored = frozen ? thawed(newest.frozenBody) : undefined;
  const deltas = folded.type === 'upsert' ? folded.deltas : undefined;
  // A relative change needs an existing row on the server.
  const sent = frozen ? stored?.deltas : sendsDeltas && hasServerRow ? deltas : undefined;
  // Runs once per operation of every batch. Adding keys where needed is cheaper than removing them by a spread.
  const op: Writable<Op> =
    folded.type === 'upsert'
      ? {
          type: 'upsert',
          opId,
          kind: table.kind,
          id: entityId,
          localTimestamp,
          requestId,
          creates: folded.creates,
          payload: stored?.payload ?? bodyOf(table, newest, folded, hasServerRow),
        }
      : { type: 'delete', opId, kind: table.kind, id: entityId, localTimestamp, requestId, creates: false };
  if (newest.force) op.force = true;
  if (base !== undefined && base !== '') op.baseUpdatedAt = base;
  if (op.type === 'upsert' && folded.type === 'upsert') {
    if (folded.changedFields !== undefined) op.changedFields = folded.changedFields;
    if (sent !== undefined) op.deltas = sent;
  }
  const request: Writable<TakenRequest> = {
    kind: table.kind,
    entityId,
    op,
    opIds: ops.map((member) => member.opId),
    firstSentAt: newest.firstSentAt,
    verify: 'no',
  };
  if (deltas !== undefined) request.deltas = deltas;
  return request;
}

/** Distributes over unions, so that each member keeps its own keys. */
type Writable<T> = T extends unknown ? { -readonly [Key in keyof T]: T[Key] } : never;

function bodyOf(
  table: ReplicaTable,
  newest: StoredOp,
  folded: FoldedRequest & { type: 'upsert' },
  hasServerRow: boolean,
): JsonObject {
  const { changedFields, payload, deltas = [] } = folded;
  if (table.sendChangedFields && changedFields !== undefined && hasServerRow) {
    return Object.fromEntries(
      Object.entries(payload).filter(
        ([key]) => key === table.keys.id || changedFields.includes(key) || deltas.some(({ field }) => field === key),
      ),
    );
  }
  return newest.payload !== undefined && sameRow(newest.payload, payload) ? newest.payload : payload;
}

/** A cheap comparison: a fold of whole rows equals the newest row, key by key. */
const sameRow = (a: JsonObject, b: JsonObject): boolean => {
  if (a === b) return true;
  const keys = Object.keys(b);
  return keys.length === Object.keys(a).length && keys.every((key) => a[key] === b[key]);
};
