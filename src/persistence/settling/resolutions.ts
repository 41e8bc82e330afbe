import type { Conflict, ConflictResolution, DecideOptions } from '../../model/conflict.ts';
import { ConflictChangedError } from '../../model/conflict-changed-error.ts';
import { ConflictError, syncErrorInfo, ValidationError } from '../../model/errors/errors.ts';
import { nextRequestId } from '../outbox/transitions/take.ts';
import { takeResolution } from '../outbox/transitions/resolve.ts';
import type { DiscardReason, SyncFact } from '../../model/events.ts';
import type { JsonObject } from '../../model/values/json.ts';
import type { TakenRequest } from '../../model/ports.ts';
import type { ConflictOutcome, ConflictRef } from '../../model/run.ts';
import {
  decidedOnRow,
  markConflict,
  readConflict,
  readConflictByOp,
  removeConflicts,
  writeConflict,
  type ConflictRecord,
} from '../outbox/conflict-rows.ts';
import { deepEqual } from '../../rules/values/deep-equal.ts';
import { releaseDependents } from '../taking/dependencies.ts';
import { rememberDiscarded, toGivenUp, toldOfDamaged, trimDiscarded } from '../outbox/discarded.ts';
import { OutboxState } from '../database/outbox-columns.ts';
import type { KnownRow } from './base-changes.ts';
import { EntityChanges } from './entity-changes.ts';
import { type StoredOp } from '../outbox/outbox-rows.ts';
import { resolvedFacts } from './resolved-facts.ts';
import { markSettled } from '../replica/resync-marks.ts';
import { describeConflict } from './settle-conflict.ts';
import { writeChanges } from './write-changes.ts';
import type { Session } from '../sql/session.ts';
import { tableOf, type StoreContext } from '../database/store-context.ts';
import { boundedError } from '../sql/stored-reason.ts';

/** The operations of a conflict: all up to the newest it names. Later edits stay and are rebased on the result. */
const membersOf = (queue: readonly StoredOp[], opId: string): readonly StoredOp[] =>
  queue.slice(0, queue.findIndex((op) => op.opId === opId) + 1);

const resolvedNothing: ConflictOutcome = { type: 'resolved', pushed: 0, errors: 0, facts: [] };

/** Whether the entity's head is parked for its conflict, so that no resolving request is open. */
const isParked = async (
  session: Session,
  { kind, entityId }: Pick<ConflictRef, 'kind' | 'entityId'>,
): Promise<boolean> =>
  (await session.one(
    `SELECT 1 AS "parked" FROM "sync_outbox" WHERE "kind" = ? AND "entity_id" = ? AND "state" = ${OutboxState.parked} AND "parked" = 'conflict'`,
    [kind, entityId],
  )) !== undefined;

/**
 * The current conflict: a pull may have refreshed the server side, and later edits take part, unless a decision was
 * based on what was shown. Undefined while a request that resolves it is open.
 */
export async function loadConflict(
  session: Session,
  context: StoreContext,
  ref: ConflictRef,
): Promise<ConflictRecord | undefined> {
  const record = await readConflict(session, ref.kind, ref.entityId);
  if (record === undefined || !(await isParked(session, ref))) return undefined;
  if (record.state === 'decided') return record;
  const changes = await EntityChanges.load(session, tableOf(context, ref.kind), [ref.entityId]);
  // Both sides were stored while the operation was readable. A damaged operation would describe less (F-164).
  if (changes.queueOf(ref.entityId).some(({ damaged }) => damaged !== undefined)) return record;
  const { serverData, serverTimestamp, serverVersion, serverDeleted } = record.conflict;
  const current = Object.keys(serverData).length === 0 ? undefined : serverData;
  const outcome = {
    type: 'conflict',
    current,
    deleted: serverDeleted,
    serverTimestamp,
    version: serverVersion,
  } as const;
  const { conflict } = describeConflict(changes, ref.entityId, outcome, {
    isCreation: record.conflict.isCreation === true,
  });
  if (conflict.opId === record.conflict.opId || conflict.opId === '') return record;
  const renewed = { ...record, conflict };
  await writeConflict(session, renewed, context.unit.clock.now(), changes.table.schema.version);
  return renewed;
}

/**
 * Parks a conflict for RESOLVE_CONFLICT and, if requested, for the next run, an explicit one, or another server
 * version.
 */
export async function parkConflict(
  session: Session,
  context: StoreContext,
  ref: ConflictRef,
  reason: string,
  options: { readonly nextRun: boolean; readonly countTry: boolean; readonly deferred?: boolean | undefined },
): Promise<readonly SyncFact[]> {
  const record = await readConflict(session, ref.kind, ref.entityId);
  if (!record) return [];
  const now = context.unit.clock.now();
  const changes = await EntityChanges.load(session, tableOf(context, ref.kind), [ref.entityId]);
  const queue = changes.queueOf(ref.entityId);
  const members = membersOf(queue, record.conflict.opId);
  const facts: SyncFact[] = [{ type: 'conflict.unresolved', conflict: record.conflict, reason }];
  const head = queue[0];
  const stuck = options.countTry && members.some((op) => op.tryCount + 1 >= context.config.maxOutboxTryCount);
  const parked = stuck ? ('stuck' as const) : ('conflict' as const);
  for (const op of members) {
    changes.transition({
      seq: op.seq,
      close: op.requestId !== undefined,
      countTry: options.countTry,
      error: boundedError(reason),
      code: 'conflict',
      by: 'keepParked',
      ...(op.seq === head?.seq ? { state: OutboxState.parked, parked } : {}),
    });
  }
  if (stuck) {
    await removeConflicts(session, ref.kind, [ref.entityId]);
  } else {
    const decidedOn = options.deferred === true ? record.conflict.serverTimestamp : undefined;
    await markConflict(
      session,
      ref.kind,
      ref.entityId,
      { state: options.nextRun ? 'detected' : 'awaiting', reason: boundedError(reason), decidedOn },
      now,
    );
  }
  facts.push(...(await writeChanges(session, context, changes)));
  if (stuck) {
    const { localData, serverData } = record.conflict;
    const error = new ConflictError(reason, ref.kind, ref.entityId, localData, serverData);
    facts.push(
      ...members.map(
        (op): SyncFact => ({
          type: 'op.stuck',
          opId: op.opId,
          kind: op.kind,
          entityId: op.entityId,
          tryCount: op.tryCount + 1,
          error,
          errorInfo: syncErrorInfo(error),
        }),
      ),
    );
  }
  return facts;
}

/**
 * Settles a conflict without a request: the local row becomes the server's, with later edits on top (F-36). Discards
 * the local change, unless the server already has all of it: both sides deleted the row, or the server's row equals the
 * merge.
 */
export async function acceptServer(
  session: Session,
  context: StoreContext,
  ref: ConflictRef,
  resolution: ConflictResolution,
): Promise<ConflictOutcome> {
  const record = await readConflict(session, ref.kind, ref.entityId);
  if (!record) return resolvedNothing;
  const { conflict } = record;
  const changes = await EntityChanges.load(session, tableOf(context, ref.kind), [ref.entityId]);
  const members = membersOf(changes.queueOf(ref.entityId), conflict.opId);
  const isApplied = resolution.type === 'acceptMerged' || (conflict.opType === 'delete' && conflict.serverDeleted);
  changes.depart(ref.entityId, {
    leaving: new Set(members.map((op) => op.seq)),
    mode: isApplied ? 'applied' : 'givenUp',
    known: serverRowOf(changes, record),
  });
  const refused = await writeChanges(session, context, changes);
  if (isApplied || !conflict.serverDeleted) await markSettled(session, ref.kind, [ref.entityId]);
  await removeConflicts(session, ref.kind, [ref.entityId]);
  await releaseDependents(session, context, ref.kind, [ref.entityId]);
  // A discard has no result (EVT-09).
  const row =
    resolution.type === 'discard' || Object.keys(conflict.serverData).length === 0 ? undefined : conflict.serverData;
  if (isApplied) {
    const pushed = members.map(
      (op): SyncFact => ({
        type: 'op.pushed',
        opId: op.opId,
        kind: op.kind,
        entityId: op.entityId,
        operationType: op.type,
      }),
    );
    return {
      type: 'resolved',
      pushed: members.length,
      errors: 0,
      facts: [...pushed, ...resolvedFacts(record, resolution, row), ...refused],
    };
  }
  const reason: DiscardReason =
    resolution.type === 'discard'
      ? 'discard'
      : conflict.serverDeleted && conflict.isCreation !== true
        ? 'serverDeleted'
        : 'acceptServer';
  const facts = await giveUp(session, context, changes.gone, reason);
  const givenUp = changes.gone.map(toGivenUp);
  const resolved: SyncFact = {
    type: 'conflict.resolved',
    conflict,
    resolution,
    ...(row === undefined ? {} : { resultData: row }),
    givenUp,
  };
  return { type: 'resolved', pushed: 0, errors: 0, facts: [resolved, ...facts, ...refused] };
}

/** The server's row. A deletion reported without a tombstone is known only from the conflict. */
function serverRowOf(changes: EntityChanges, { conflict }: ConflictRecord): KnownRow {
  const known = changes.knownOf(conflict.entityId);
  return conflict.serverDeleted && !known.deleted ? { row: undefined, version: undefined, deleted: true } : known;
}

/** Records operations that left unapplied in the bounded history; the facts name them. */
export async function giveUp(
  session: Session,
  context: StoreContext,
  gone: readonly StoredOp[],
  reason: DiscardReason,
): Promise<readonly SyncFact[]> {
  if (gone.length === 0) return [];
  await rememberDiscarded(session, gone, reason, context.unit.clock.now());
  await trimDiscarded(session, context.config.discardHistory);
  return gone.flatMap((op): readonly SyncFact[] => [
    { type: 'op.discarded', opId: op.opId, kind: op.kind, entityId: op.entityId, reason, givenUp: [toGivenUp(op)] },
    ...toldOfDamaged(op),
  ]);
}

interface ResolutionRequest {
  readonly data: JsonObject | null;
  readonly base?: string | undefined;
  readonly version?: string | undefined;
  readonly force: boolean;
  readonly creates: boolean;
  readonly expectedVersion?: string | undefined;
  readonly resolution?: ConflictResolution | undefined;
}

/**
 * Freezes the resolution of a conflict as a new request under a new key (F-32), on the newest of its operations. The
 * operation itself keeps the user's change. If the server's row changes, the next round starts from the user's
 * intention, not from an earlier merge.
 */
export async function freezeResolution(
  session: Session,
  context: StoreContext,
  ref: ConflictRef,
  asked: ResolutionRequest,
): Promise<TakenRequest | undefined> {
  const record = await readConflict(session, ref.kind, ref.entityId);
  const queue = (await EntityChanges.load(session, tableOf(context, ref.kind), [ref.entityId])).queueOf(ref.entityId);
  const members = record ? membersOf(queue, record.conflict.opId) : [];
  const newest = members.at(-1);
  const head = members[0];
  if (!record || !newest || !head) return undefined;
  if (asked.expectedVersion !== undefined && asked.expectedVersion !== record.conflict.serverTimestamp)
    return undefined;
  const { data, base, version, force, creates, resolution } = asked;
  const requestId = nextRequestId(newest);
  const now = context.unit.clock.now();
  const body = data === null ? null : JSON.stringify(data);
  await takeResolution(session, { head: head.seq, newest: newest.seq }, { requestId, body, base, force, now });
  // If a later run receives the answer, it reports the resolution.
  const { state, reason, decidedOn } = record;
  if (resolution !== undefined)
    await markConflict(session, ref.kind, ref.entityId, { state, reason, resolution, decidedOn }, now);
  const shared = {
    opId: newest.opId,
    kind: ref.kind,
    id: ref.entityId,
    localTimestamp: newest.localTimestamp,
    requestId,
    force,
    ...(base === undefined ? {} : { baseUpdatedAt: base }),
    ...(version === undefined ? {} : { baseVersion: version }),
  };
  return {
    kind: ref.kind,
    entityId: ref.entityId,
    op:
      data === null
        ? { type: 'delete', ...shared, creates: false }
        : { type: 'upsert', ...shared, creates, payload: data },
    opIds: members.map((op) => op.opId),
    firstSentAt: undefined,
    verify: 'no',
    decidedOn: decidedOnRow(record.conflict),
    // A row equal to the sent one does not prove that a delta was applied.
    ...(record.conflict.deltas === undefined ? {} : { deltas: record.conflict.deltas }),
  };
}

/** Whether both conflicts ask the same: about the same operations, and the same row of the server. */
const showsSameRows = (shown: Conflict, present: Conflict): boolean =>
  shown.opId === present.opId &&
  shown.serverTimestamp === present.serverTimestamp &&
  shown.serverDeleted === present.serverDeleted &&
  // A pull brings the row without its version.
  (shown.serverVersion === undefined ||
    present.serverVersion === undefined ||
    shown.serverVersion === present.serverVersion) &&
  deepEqual(shown.serverData, present.serverData);

/**
 * Stores a decision with the server version it was based on, so that an outdated one is detected. Throws
 * `ValidationError` when there is no such conflict, its resolution is in flight, or the decided row cannot be stored
 * here (F-35). Throws `ConflictChangedError` when the conflict has other rows than those expected (F-31).
 */
export async function decideConflict(
  session: Session,
  context: StoreContext,
  opId: string,
  resolution: ConflictResolution,
  options: DecideOptions & { readonly decidedOn?: string | undefined } = {},
): Promise<ConflictRef> {
  const { expected } = options;
  const record = await readConflictByOp(session, opId);
  const present = record ?? (expected && (await readConflict(session, expected.kind, expected.entityId)));
  if (expected !== undefined && present !== undefined && !showsSameRows(expected, present.conflict))
    throw new ConflictChangedError(
      `the conflict of ${expected.kind}/${expected.entityId} has newer rows than those decided on; nothing was decided`,
      present.conflict,
    );
  if (!record)
    throw new ValidationError(
      `no conflict waits for a decision under operation '${opId}'; engine.conflicts() lists those that do`,
    );
  const { kind, entityId, serverTimestamp } = record.conflict;
  if (!(await isParked(session, { kind, entityId }))) {
    throw new ValidationError(
      `the conflict of ${kind}/${entityId} (operation '${opId}') is being resolved; wait until its request is answered`,
    );
  }
  // The run checks a resolver's answer like any merge.
  const complaint =
    resolution.type === 'acceptMerged' && options.decidedOn === undefined
      ? context.registry.get(kind)?.unstorable(resolution.data)
      : undefined;
  if (complaint !== undefined)
    throw new ValidationError(
      `the decision on ${kind}/${entityId} cannot be stored: ${complaint}; nothing was decided`,
    );
  await markConflict(
    session,
    kind,
    entityId,
    { state: 'decided', reason: record.reason, resolution, decidedOn: options.decidedOn ?? serverTimestamp },
    context.unit.clock.now(),
  );
  return { kind, entityId, opId };
}
