import type { SyncFact } from '../../model/events.ts';
import { parseWireDeltas, toWireDeltas, wireDeltasKey, type Delta } from '../../model/values/delta.ts';
import type { JsonObject } from '../../model/values/json.ts';
import type { Op, UpsertOp } from '../../model/operation.ts';
import type { KnownThere, TakenBatch, TakenRequest, TakeOptions } from '../../model/ports.ts';
import { isPureDelta } from '../../rules/pending/deltas.ts';
import { foldOps, type FoldedRequest } from '../../rules/pending/fold.ts';
import { reproject } from '../../rules/pending/overlay.ts';
import {
  newestKnown,
  readBases,
  readUnknownVersions,
  removeBases,
  toldOfDamagedBases,
  type BaseRecord,
} from '../outbox/base-rows.ts';
import { decidedOnRow, readConflictsOf } from '../outbox/conflict-rows.ts';
import { holdBack, releaseDependents } from './dependencies.ts';
import { rememberDiscarded, trimDiscarded } from '../outbox/discarded.ts';
import { foldLimits } from './fold-limits.ts';
import { grouped } from '../../rules/values/grouped.ts';
import type { Group } from './request-group.ts';
import { readHeads, readLines } from '../outbox/outbox-heads.ts';
import { frozenGroup, readQueues, type StoredOp } from '../outbox/outbox-rows.ts';
import {
  freezeRequests,
  leave,
  nextRequestId,
  promoteToCreations,
  renewRequests,
  takeHeads,
  takePlainly,
  type FrozenRequest,
} from '../outbox/transitions.ts';
import { parkDamagedHead } from './park-damaged.ts';
import { quarantine } from '../replica/quarantine.ts';
import type { ReplicaTable } from '../tables/replica-table.ts';
import type { Session } from '../sql/session.ts';
import { tableOf, type StoreContext } from '../database/store-context.ts';
import { storeRows } from '../replica/store-rows.ts';
import { upgradedQueues, withoutOtherShapes } from '../upgrades/upgrade-operations.ts';
import { rememberTaken } from '../outbox/taken-operations.ts';

/**
 * Takes the next heads of line, folds each entity's unsent operations, and freezes what will be sent. Committed before
 * the first byte leaves (I2). Cost depends on the batch, not on the outbox: heads are found by a partial index
 * (PERFORMANCE, *Take*).
 */
export async function takeReady(session: Session, context: StoreContext, options: TakeOptions): Promise<TakenBatch> {
  const facts: SyncFact[] = [];
  for (;;) {
    const heads = await readHeads(session, options);
    if (heads.length === 0) return { requests: [], facts };
    const requests = await takeLines(session, context, heads, options, facts);
    // Where all of them wait for others, were parked or needed no request, those behind them have their turn: an empty
    // batch ends the push.
    if (requests.length > 0) return { requests, facts };
  }
}

async function takeLines(
  session: Session,
  context: StoreContext,
  heads: readonly StoredOp[],
  options: TakeOptions,
  facts: SyncFact[],
): Promise<readonly TakenRequest[]> {
  const requests: TakenRequest[] = [];
  const byKind = grouped(heads, (head) => head.kind);
  // Opening a ring of creations rewrites operations of any kind.
  let isOutdated = false;
  for (const [kind, kindHeads] of byKind) {
    const table = tableOf(context, kind);
    const ids = kindHeads.map((head) => head.entityId);
    const unknown = await readUnknownVersions(session, kind, ids);
    // Looking at the server's row replaces what they hold.
    facts.push(...toldOfDamagedBases(kind, unknown.values()));
    const lines = isOutdated ? await linesOf(session, kind, ids) : await readLines(session, kind, kindHeads);
    const { ready, hasOpened } = await readyGroups(session, context, { table, unknown, options, facts }, lines);
    isOutdated ||= hasOpened;
    const frozen = await freeze(session, ready, context.unit.clock.now());
    const decidedOn = await decidedRows(session, kind, ready);
    const shown = await shownCreations(session, table, frozen);
    ready.forEach((group, index) => {
      const request = frozen[index];
      if (request === undefined) return;
      const { entityId } = request;
      const known = decidedOn.get(entityId);
      const facts = {
        ...(known === undefined ? {} : { decidedOn: known }),
        ...(shown.has(entityId) ? { wasShown: true } : {}),
      };
      const taken = withVerification({ ...request, ...facts }, unknown.get(entityId), options, context);
      rememberTaken(taken, group.ops);
      requests.push(taken);
    });
  }
  if (byKind.size === 1) return requests;
  // Kinds were read one after another; the outbox order is the order of heads.
  const order = new Map(heads.map((head, index) => [`${head.kind}\n${head.entityId}`, index]));
  return requests.sort(
    (a, b) => (order.get(`${a.kind}\n${a.entityId}`) ?? 0) - (order.get(`${b.kind}\n${b.entityId}`) ?? 0),
  );
}

/** What holds for all heads of one kind. */
interface KindOfTake {
  readonly table: ReplicaTable;
  readonly unknown: ReadonlyMap<string, BaseRecord>;
  readonly options: TakeOptions;
  readonly facts: SyncFact[];
}

const linesOf = async (session: Session, kind: string, ids: readonly string[]): Promise<Map<string, StoredOp[]>> => {
  const queues = await readQueues(session, kind, ids);
  return new Map(ids.map((id) => [id, queues.get(id) ?? []]));
};

/**
 * The groups of these lines that may go out now; `hasOpened`: operations were rewritten to open a ring of creations.
 */
async function readyGroups(
  session: Session,
  context: StoreContext,
  kindOfTake: KindOfTake,
  lines: Map<string, StoredOp[]>,
): Promise<{ readonly ready: readonly Group[]; readonly hasOpened: boolean }> {
  const { table, unknown, options, facts } = kindOfTake;
  const queues = await upgradedQueues(session, table, lines, facts);
  const unfit = await withoutOtherShapes(session, table, queues);
  const foldable = foldableIn(
    context.config.coalesce ? await foldLimits(session, context, table, unfrozenOf(queues)) : undefined,
  );
  const damaged = new Set(
    [...queues]
      .filter(([entityId, queue]) => groupOf(queue, foldable(entityId, queue)).some((op) => op.damaged !== undefined))
      .map(([entityId]) => entityId),
  );
  if (damaged.size > 0)
    facts.push(
      ...(await parkDamaged(
        session,
        [...damaged].map((entityId) => queues.get(entityId) ?? []),
      )),
    );
  const groups = await onNewestRows(
    session,
    [...lines.keys()]
      .filter((entityId) => !damaged.has(entityId) && !unfit.has(entityId))
      .flatMap((entityId) => {
        const queue = queues.get(entityId) ?? [];
        const group = toGroup(
          table,
          entityId,
          groupOf(queue, foldable(entityId, queue)),
          unknown.get(entityId),
          options.deltas,
        );
        return group ? [group] : [];
      }),
  );
  const nothing = groups.filter((group) => group.folded.type === 'nothing');
  facts.push(...(await leaveUnsent(session, context, table, nothing, queues)));
  const others = groups.filter((group) => group.folded.type !== 'nothing');
  const ready = await holdBack(session, context, table, others, facts);
  if (ready !== undefined) return { ready, hasOpened: false };
  const again = await linesOf(
    session,
    table.kind,
    others.map(({ entityId }) => entityId),
  );
  return { ...(await readyGroups(session, context, kindOfTake, again)), hasOpened: true };
}

const unfrozenOf = (queues: ReadonlyMap<string, readonly StoredOp[]>): ReadonlyMap<string, readonly StoredOp[]> =>
  new Map(
    [...queues].filter(
      ([, queue]) => frozenGroup(queue).length === 0 && !queue.some(({ damaged }) => damaged !== undefined),
    ),
  );

/** How many operations of a queue go out together; without limits each goes by itself. */
const foldableIn =
  (limits: ReadonlyMap<string, number> | undefined) =>
  (entityId: string, queue: readonly StoredOp[]): number =>
    limits === undefined ? 1 : (limits.get(entityId) ?? queue.length);

const groupOf = (queue: readonly StoredOp[], foldable: number): readonly StoredOp[] => {
  const frozen = frozenGroup(queue);
  return frozen.length > 0 ? frozen : queue.slice(0, foldable);
};

function toGroup(
  table: ReplicaTable,
  entityId: string,
  ops: readonly StoredOp[],
  unknown: BaseRecord | undefined,
  sendsDeltas: boolean | undefined,
): Group | undefined {
  const head = ops[0];
  const newest = ops.at(-1);
  if (!head || !newest) return undefined;
  const frozen = newest.requestId !== undefined;
  const folded = foldOps(ops);
  const hasServerRow = isOnServer(folded, ops, unknown);
  // A delete that was resolved into keeping the row: what is under way has a body.
  if (frozen && folded.type !== 'upsert' && newest.frozenBody !== undefined) {
    const { opId, localTimestamp, frozenBody, frozenBase } = newest;
    return {
      table,
      entityId,
      head,
      newest,
      ops,
      frozen,
      hasServerRow,
      sendsDeltas,
      folded: {
        type: 'upsert',
        opId,
        creates: false,
        payload: frozenBody,
        changedFields: undefined,
        baseUpdatedAt: frozenBase,
        localTimestamp,
      },
    };
  }
  // What is under way is never nothing: a delete that resolves the conflict of a create is sent again as it was (I2).
  if (frozen && folded.type === 'nothing') {
    return {
      table,
      entityId,
      head,
      newest,
      ops,
      frozen,
      hasServerRow,
      sendsDeltas,
      folded: {
        type: 'delete',
        opId: newest.opId,
        creates: false,
        baseUpdatedAt: newest.frozenBase,
        localTimestamp: newest.localTimestamp,
      },
    };
  }
  return { table, entityId, head, newest, ops, frozen, hasServerRow, sendsDeltas, folded };
}

/**
 * Whether the server has a live row that part of a body could be merged into. It has one where its version is the base,
 * or where it accepted our last write without naming the version. Not: a creation, a row from before the table was
 * synchronised, what comes back after a deletion (F-152).
 */
function isOnServer(folded: FoldedRequest, ops: readonly StoredOp[], unknown: BaseRecord | undefined): boolean {
  if (folded.type !== 'upsert' || folded.creates || ops.some((op) => op.type === 'delete') || bringsBack(folded))
    return false;
  return (folded.baseUpdatedAt ?? '') !== '' || unknown?.lastSent !== undefined;
}

/**
 * An upsert that changes no field only asks for the row to be there: nothing but a deletion that the server took can be
 * before it.
 */
const bringsBack = ({ changedFields, deltas = [] }: FoldedRequest & { type: 'upsert' }): boolean =>
  changedFields?.length === 0 && deltas.length === 0;

/**
 * What changes its row by deltas only goes onto the newest row known: there is nothing in it that the user decided on
 * an older one.
 */
async function onNewestRows(session: Session, groups: readonly Group[]): Promise<readonly Group[]> {
  const relative = groups.filter(({ frozen, folded }) => !frozen && folded.type === 'upsert' && isPureDelta(folded));
  const [first] = relative;
  if (first === undefined) return groups;
  const bases = await readBases(
    session,
    first.table.kind,
    relative.map(({ entityId }) => entityId),
  );
  return groups.map((group) => (relative.includes(group) ? onNewestRow(group, bases.get(group.entityId)) : group));
}

function onNewestRow(group: Group, base: BaseRecord | undefined): Group {
  const { folded, table, newest } = group;
  const { row, version } = newestKnown(base);
  if (folded.type !== 'upsert' || row === undefined || version === undefined || table.isDeleted(row)) return group;
  const payload = reproject(
    row,
    { ...newest, type: 'upsert', payload: folded.payload, changedFields: [], deltas: folded.deltas },
    table.keys,
  );
  return { ...group, hasServerRow: true, folded: { ...folded, payload, baseUpdatedAt: version } };
}

async function freeze(session: Session, groups: readonly Group[], now: number): Promise<readonly TakenRequest[]> {
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
 * Null: as the newest operation has it. Deltas that travel as such are part of the body, so that it never changes (I2).
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

/** The request of a group: as it was frozen, or as it is about to be. */
export function toRequest({
  table,
  entityId,
  ops,
  newest,
  folded,
  frozen,
  hasServerRow,
  sendsDeltas,
}: Group): TakenRequest {
  const requestId = newest.requestId ?? nextRequestId(newest);
  const base = frozen ? newest.frozenBase : folded.type === 'nothing' ? undefined : folded.baseUpdatedAt;
  const { opId, localTimestamp } = newest;
  const stored = frozen ? thawed(newest.frozenBody) : undefined;
  const deltas = folded.type === 'upsert' ? folded.deltas : undefined;
  // A server that has no row has nothing that a relative change could apply to.
  const sent = frozen ? stored?.deltas : sendsDeltas && hasServerRow ? deltas : undefined;
  // Once per operation of every batch: keys are added where they are needed, since spreading them away is dearer.
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

/** Cheap sameness: a fold of whole rows is the newest row, key by key. */
const sameRow = (a: JsonObject, b: JsonObject): boolean => {
  if (a === b) return true;
  const keys = Object.keys(b);
  return keys.length === Object.keys(a).length && keys.every((key) => a[key] === b[key]);
};

/** Of requests without base that resolve a conflict and are sent again: the server's row that was decided on. */
async function decidedRows(
  session: Session,
  kind: string,
  groups: readonly Group[],
): Promise<ReadonlyMap<string, KnownThere>> {
  const again = groups
    .filter(({ frozen, newest }) => frozen && (newest.frozenBase ?? '') === '')
    .map(({ entityId }) => entityId);
  const records = again.length === 0 ? [] : await readConflictsOf(session, kind, again);
  return new Map(
    records.flatMap(({ conflict }): [string, KnownThere][] => {
      const known = decidedOnRow(conflict);
      return known === undefined ? [] : [[conflict.entityId, known]];
    }),
  );
}

/** Of creations that are sent again: those of which a pull has brought a live row meanwhile. */
async function shownCreations(
  session: Session,
  table: ReplicaTable,
  requests: readonly TakenRequest[],
): Promise<ReadonlySet<string>> {
  const again = requests
    .filter(({ op, firstSentAt }) => op.creates && firstSentAt !== undefined)
    .map(({ entityId }) => entityId);
  const bases = await readBases(session, table.kind, again);
  return new Set(
    [...bases.values()].flatMap(({ entityId, serverRow }) =>
      serverRow !== undefined && !table.isDeleted(serverRow) ? [entityId] : [],
    ),
  );
}

function withVerification(
  request: TakenRequest,
  base: BaseRecord | undefined,
  options: TakeOptions,
  context: StoreContext,
): TakenRequest {
  // Also when it is taken again: frozen is not yet sent, and what was sent carried the version found by looking.
  // Relative changes that travel as such have no base: the same request goes out again under its key.
  const needsVersion = request.op.type !== 'upsert' || request.op.deltas === undefined || !isPureDelta(request.op);
  const wasNeverSent = base?.versionUnknown === true && base.lastSent === undefined;
  // A row that came from the server is known to be there, or to have been.
  if (wasNeverSent && needsVersion && request.op.baseUpdatedAt === undefined && request.op.force !== true)
    return { ...request, verify: 'unknownVersion', lastSent: base.baseRow, isUnseen: base.serverRow === undefined };
  if (base?.versionUnknown && !wasNeverSent && needsVersion)
    return { ...request, verify: 'unknownVersion', lastSent: base.lastSent };
  if (request.firstSentAt === undefined) return request;
  // It was frozen for a server that takes deltas; sent otherwise it would be another request under the same key.
  const isOfOtherForm = request.op.type === 'upsert' && request.op.deltas !== undefined && options.deltas !== true;
  const age = context.unit.clock.now() - request.firstSentAt;
  return options.distrustResend || isOfOtherForm || age > context.config.idempotencyWindowMs
    ? { ...request, verify: 'staleRequest' }
    : request;
}

/** A creation that was deleted before it was sent: the server never hears of it. */
async function leaveUnsent(
  session: Session,
  context: StoreContext,
  table: ReplicaTable,
  groups: readonly Group[],
  queues: ReadonlyMap<string, readonly StoredOp[]>,
): Promise<readonly SyncFact[]> {
  if (groups.length === 0) return [];
  const gone = groups.flatMap((group) => group.ops);
  await leave(
    session,
    gone.map((op) => op.seq),
  );
  const madeAgain = groups.flatMap(({ entityId, ops }) => {
    const next = queues.get(entityId)?.[ops.length];
    return next === undefined ? [] : [{ entityId, next }];
  });
  // The app made these rows again after the deletion, and the fold stopped before that.
  await promoteToCreations(
    session,
    madeAgain.map(({ next }) => next.seq),
  );
  const kept = new Set(madeAgain.map(({ entityId }) => entityId));
  const ids = groups.flatMap(({ entityId }) => (kept.has(entityId) ? [] : [entityId]));
  const bases = await readBases(session, table.kind, ids);
  await removeBases(session, table.kind, ids);
  const now = context.unit.clock.now();
  // Somebody else may have made a row of this id meanwhile: it was hidden under ours, and no pull brings it again (I5,
  // I6).
  const theirs = ids.flatMap((id) => {
    const { row } = newestKnown(bases.get(id));
    return row === undefined || table.isDeleted(row) ? [] : [{ id, row, server: row }];
  });
  const shown = new Set(theirs.map(({ id }) => id));
  const hidden = ids.filter((id) => !shown.has(id));
  await table.rows.removeOrHide(session, hidden, new Date(now).toISOString());
  const stored = await storeRows(session, table, theirs, { wireValues: { exist: true } });
  const bad = await quarantine(session, table.kind, stored, now, table.pushOnly ? 'now' : 'atEndOfPull');
  await rememberDiscarded(session, gone, 'foldedAway', now);
  await trimDiscarded(session, context.config.discardHistory);
  await releaseDependents(session, context, table.kind, ids);
  return [
    ...toldOfDamagedBases(table.kind, bases.values()),
    ...gone.map(
      (op): SyncFact => ({
        type: 'op.discarded',
        opId: op.opId,
        kind: op.kind,
        entityId: op.entityId,
        reason: 'foldedAway',
        givenUp: [],
      }),
    ),
    ...bad,
  ];
}

/** The heads of these lines wait for a person: something in each line is damaged. */
async function parkDamaged(session: Session, lines: readonly (readonly StoredOp[])[]): Promise<readonly SyncFact[]> {
  const facts: SyncFact[] = [];
  for (const line of lines) {
    const [head] = line;
    const bad = line.find(({ damaged }) => damaged !== undefined);
    if (head === undefined || bad?.damaged === undefined) continue;
    const message = `${bad.damaged}; drop operation ${bad.opId}, or repair that row and retry`;
    facts.push(await parkDamagedHead(session, head, message));
  }
  return facts;
}
