import type { Clock } from '../../src/model/platform/clock.ts';
import { resolveSyncConfig, type SyncConfig } from '../../src/model/config.ts';
import type { ConflictResolution, ConflictStrategy, StoredConflict } from '../../src/model/conflict.ts';
import { NetworkError, ParseError, SyncError, syncErrorInfo, ValidationError } from '../../src/model/errors/errors.ts';
import type { SyncFact } from '../../src/model/events.ts';
import { SyncStepError } from '../../src/model/errors/failure.ts';
import type { JsonObject } from '../../src/model/values/json.ts';
import type { Op } from '../../src/model/operation.ts';
import type { Outcome } from '../../src/model/outcome.ts';
import type { Answer, LeasePort, PullPosition, StorePort, TakenRequest } from '../../src/model/ports.ts';
import type { ConflictOutcome, ConflictRef, SettleReport } from '../../src/model/run.ts';
import { foldOps } from '../../src/rules/pending/fold.ts';
import { compareTimestamps } from '../../src/rules/values/timestamp.ts';
import {
  discardedFacts,
  entityKey,
  fakeKind,
  FakeDatabase,
  givenUpOf,
  pendingOf,
  refOf,
  type Known,
  type Queued,
} from './fake-database.ts';
import { createFakeQueue } from './fake-queue.ts';

export { fakeKind, FakeDatabase } from './fake-database.ts';

export interface FakeStoreOptions {
  readonly database?: FakeDatabase;
  readonly clock: Clock;
  readonly config?: Partial<SyncConfig>;
  readonly owner?: string;
  readonly strategy?: ConflictStrategy;
  readonly kinds?: readonly string[];
  readonly resyncDue?: readonly string[];
}

interface Settled {
  readonly facts: readonly SyncFact[];
  readonly pushed: number;
  readonly errors: number;
  readonly conflict?: ConflictRef;
}

/**
 * A store in memory that keeps the store contract (test/contract): queues per entity, overlay, cursors, resync,
 * conflicts, a lease with fencing.
 */
export function createFakeStore(options: FakeStoreOptions) {
  const database = options.database ?? new FakeDatabase();
  const { clock } = options;
  const config = resolveSyncConfig(options.config);
  const owner = options.owner ?? 'one';
  const kinds = new Map((options.kinds ?? ['todos', 'lists']).map((kind) => [kind, fakeKind(kind)] as const));
  const due = new Set(options.resyncDue ?? []);
  const strategy = options.strategy ?? config.conflictStrategy;
  let token = 0;
  let run = 0;
  /** Set to make the next call of a method fail once with this error. */
  const failures = new Map<string, unknown>();
  const anyKind = fakeKind('any');

  const failIfTold = async (method: string): Promise<void> => {
    await Promise.resolve();
    if (!failures.has(method)) return;
    const error = failures.get(method);
    failures.delete(method);
    throw error;
  };
  const fenced = async (method: string): Promise<void> => {
    await failIfTold(method);
    if (database.lease.owner !== owner || database.lease.token !== token)
      throw new SyncStepError({ type: 'leaseLost', message: 'fenced out' });
  };
  const conflictOf = ({ kind, entityId }: ConflictRef): StoredConflict | undefined =>
    database.conflicts.get(entityKey(kind, entityId));
  const keepConflict = (stored: StoredConflict): void =>
    void database.conflicts.set(entityKey(stored.conflict.kind, stored.conflict.entityId), stored);
  const membersOf = ({ kind, entityId, opId }: ConflictRef): Queued[] => {
    const queue = database.queueOf(kind, entityId);
    return queue.slice(0, queue.findIndex(({ op }) => op.opId === opId) + 1);
  };

  // ── Lease ─────────────────────────────────────────────────────────────────────────────────────────────────────────

  const lease: LeasePort = {
    acquire: async () => {
      await failIfTold('acquire');
      if (database.lease.owner !== owner && database.lease.expiresAt > clock.now()) return { held: false };
      const continued = database.lease.owner === owner && database.lease.token === token;
      token = database.lease.token + 1;
      database.lease = { owner, token, expiresAt: clock.now() + config.leaseTtlMs };
      return { held: true, continued };
    },
    renew: async () => {
      await fenced('renew');
      database.lease.expiresAt = clock.now() + config.leaseTtlMs;
    },
    release: async () => {
      await Promise.resolve();
      if (database.lease.owner === owner && database.lease.token === token) database.lease.expiresAt = 0;
    },
    expiresAt: () => (database.lease.owner === owner && database.lease.token === token ? database.lease.expiresAt : 0),
  };

  // ── Take ──────────────────────────────────────────────────────────────────────────────────────────────────────────

  const takeHead = (head: Queued, distrustResend: boolean, facts: SyncFact[]): TakenRequest | undefined => {
    const { kind, id } = head.op;
    const queue = database.queueOf(kind, id);
    const open = queue.find(({ request }) => request !== undefined)?.request;
    const lastSent = database.known.get(entityKey(kind, id))?.lastSent;
    if (open !== undefined) {
      const old = clock.now() - (open.firstSentAt ?? clock.now()) > config.idempotencyWindowMs;
      head.state = 'inFlight';
      return {
        ...open,
        ...(lastSent === undefined
          ? { verify: old || distrustResend ? 'staleRequest' : 'no' }
          : { verify: 'unknownVersion', lastSent }),
      };
    }
    const folded = foldOps(queue.map(pendingOf));
    const newest = queue.at(-1) ?? head;
    if (folded.type === 'nothing') {
      database.leave(
        kind,
        id,
        queue.map(({ op }) => op.opId),
        'givenUp',
      );
      facts.push(...discardedFacts(queue, 'foldedAway'));
      return undefined;
    }
    const { opId, localTimestamp, creates, baseUpdatedAt } = folded;
    const shared = {
      opId,
      kind,
      id,
      localTimestamp,
      creates,
      requestId: nextKey(newest),
      ...(baseUpdatedAt === undefined ? {} : { baseUpdatedAt }),
    };
    const changed =
      folded.type === 'upsert' && folded.changedFields !== undefined ? { changedFields: folded.changedFields } : {};
    const op: Op =
      folded.type === 'delete'
        ? { type: 'delete', ...shared }
        : { type: 'upsert', ...shared, payload: folded.payload, ...changed };
    head.state = 'inFlight';
    const request = freeze(newest, queue, op);
    return lastSent === undefined ? request : { ...request, verify: 'unknownVersion', lastSent };
  };
  const nextKey = ({ op, attempt }: Queued): string => (attempt === 0 ? op.opId : `${op.opId}#${attempt + 1}`);
  const freeze = (newest: Queued, group: readonly Queued[], op: Op): TakenRequest => {
    const request: TakenRequest = {
      kind: op.kind,
      entityId: op.id,
      op,
      opIds: group.map((queued) => queued.op.opId),
      firstSentAt: undefined,
      verify: 'no',
    };
    newest.request = { ...request, firstSentAt: clock.now() };
    newest.attempt += 1;
    return request;
  };

  // ── Settle ────────────────────────────────────────────────────────────────────────────────────────────────────────

  const pushedFacts = (group: readonly Queued[]): SyncFact[] =>
    group.map(({ op }) => ({
      type: 'op.pushed',
      opId: op.opId,
      kind: op.kind,
      entityId: op.id,
      operationType: op.type,
    }));
  const failedFacts = (group: readonly Queued[], error: Error, willRetry: boolean): SyncFact[] =>
    group.map(({ op }) => ({
      type: 'op.failed',
      opId: op.opId,
      kind: op.kind,
      entityId: op.id,
      error,
      errorInfo: syncErrorInfo(error),
      willRetry,
    }));
  const stuckFacts = (group: readonly Queued[], error: Error): SyncFact[] =>
    group.map(({ op, tryCount }) => ({
      type: 'op.stuck',
      opId: op.opId,
      kind: op.kind,
      entityId: op.id,
      tryCount,
      error,
      errorInfo: syncErrorInfo(error),
    }));

  const knownAfter = ({ op, kind, entityId }: TakenRequest, row: JsonObject | undefined): Known => {
    if (op.type === 'delete') return { row: undefined, deleted: true };
    const version = row && anyKind.readUpdatedAt(row);
    const before = database.known.get(entityKey(kind, entityId));
    const believed = { ...before?.row, ...op.payload, id: entityId, deletedAt: null, ...row };
    return version === undefined
      ? { row: believed, deleted: false, lastSent: op.payload }
      : { row: believed, version, deleted: false };
  };

  const settleOne = (answer: Answer): Settled => {
    const { request, outcome, dueInMs } = answer;
    const group = database.ops.filter(({ op }) => request.opIds.includes(op.opId));
    const [head] = group;
    if (head === undefined) return { facts: [], pushed: 0, errors: 0 };
    const close = (reuseKey = false): void => {
      for (const queued of group) {
        if (reuseKey && queued.request !== undefined) queued.attempt -= 1;
        queued.request = undefined;
      }
    };
    const move = (change: Partial<Queued>): void =>
      void Object.assign(head, { parkedFor: undefined, dueAt: undefined }, change);
    const note = (error: Error, errorCode: string): void => {
      for (const queued of group) Object.assign(queued, { lastError: error.message, errorCode });
    };
    switch (outcome.type) {
      case 'applied': {
        const facts = pushedFacts(group);
        database.leave(request.kind, request.entityId, request.opIds, 'applied', knownAfter(request, outcome.row));
        database.conflicts.delete(entityKey(request.kind, request.entityId));
        database.resyncs.get(request.kind)?.seen.add(request.entityId);
        return { facts, pushed: group.length, errors: 0 };
      }
      case 'conflict': {
        close();
        move({ state: 'parked', parkedFor: 'conflict' });
        const stored = describe(request, outcome);
        keepConflict(stored);
        return {
          facts: [{ type: 'conflict.detected', conflict: stored.conflict, strategy }],
          pushed: 0,
          errors: 0,
          conflict: refOf(stored),
        };
      }
      case 'rejected': {
        close();
        note(outcome.error, outcome.code);
        for (const queued of group) queued.tryCount += 1;
        const stuck = group.some(({ tryCount }) => tryCount >= config.maxOutboxTryCount);
        move(stuck ? { state: 'parked', parkedFor: 'stuck' } : { state: 'waiting' });
        return {
          facts: [...failedFacts(group, outcome.error, !stuck), ...(stuck ? stuckFacts(group, outcome.error) : [])],
          pushed: 0,
          errors: group.length,
        };
      }
      case 'forbidden':
        close();
        note(outcome.error, outcome.type);
        move({ state: 'waiting' });
        return { facts: failedFacts(group, outcome.error, true), pushed: 0, errors: group.length };
      case 'authRequired':
      case 'throttled':
      case 'notSent':
        close(outcome.type === 'notSent');
        note(outcome.error, outcome.type);
        move({ state: 'ready' });
        return { facts: [], pushed: 0, errors: 0 };
      case 'unavailable':
        note(outcome.error, outcome.type);
        move({ state: 'ready' });
        return { facts: [], pushed: 0, errors: 0 };
      case 'retryLater':
      case 'malformed':
        note(outcome.error, outcome.type);
        for (const queued of group) queued.failedInRun = run;
        move({
          state: 'waiting',
          dueAt: outcome.type === 'malformed' || dueInMs === undefined ? undefined : clock.now() + dueInMs,
        });
        return { facts: failedFacts(group, outcome.error, true), pushed: 0, errors: group.length };
      case 'ambiguous':
        note(outcome.error, outcome.type);
        move({ state: 'parked', parkedFor: 'ambiguous' });
        return {
          facts: [...failedFacts(group, outcome.error, false), ...stuckFacts(group, outcome.error)],
          pushed: 0,
          errors: group.length,
        };
    }
  };

  // ── Conflicts ─────────────────────────────────────────────────────────────────────────────────────────────────────

  /** The conflict as it stands: all unsent operations of the entity, folded, against the server's row. */
  const describe = (
    { kind, entityId }: Pick<TakenRequest, 'kind' | 'entityId'>,
    outcome: Outcome & { type: 'conflict' },
  ): StoredConflict => {
    const queue = database.queueOf(kind, entityId);
    const folded = foldOps(queue.map(pendingOf));
    const newest = queue.at(-1)?.op;
    const before = database.known.get(entityKey(kind, entityId));
    if (outcome.current !== undefined || outcome.deleted)
      database.known.set(entityKey(kind, entityId), {
        row: outcome.current,
        version: outcome.serverTimestamp || undefined,
        deleted: outcome.deleted,
      });
    if (outcome.current !== undefined) database.show(kind, entityId, outcome.current);
    return {
      conflict: {
        kind,
        entityId,
        opId: newest?.opId ?? '',
        opType: folded.type === 'upsert' ? 'upsert' : 'delete',
        localData: folded.type === 'upsert' ? folded.payload : {},
        serverData: outcome.current ?? {},
        localTimestamp: newest?.localTimestamp ?? '',
        serverTimestamp: outcome.serverTimestamp,
        serverDeleted: outcome.deleted,
        baseData: before?.row,
        ...(folded.type === 'upsert' ? { changedFields: folded.changedFields } : {}),
        ...(outcome.version === undefined ? {} : { serverVersion: outcome.version }),
      },
      strategy,
      state: 'detected',
      detectedAt: clock.now(),
    };
  };
  const isParked = ({ kind, entityId }: ConflictRef): boolean =>
    database.queueOf(kind, entityId)[0]?.parkedFor === 'conflict';
  const resolvedFact = (
    stored: StoredConflict | undefined,
    resolution: ConflictResolution,
    more: object = {},
  ): readonly SyncFact[] =>
    stored === undefined ? [] : [{ type: 'conflict.resolved', conflict: stored.conflict, resolution, ...more }];

  const settleResolution = (ref: ConflictRef, answer: Answer, resolution: ConflictResolution): ConflictOutcome => {
    const stored = conflictOf(ref);
    const { pushed, errors, facts } = settleOne(answer);
    const repark = (change: Partial<StoredConflict>): void => {
      const [head] = database.queueOf(ref.kind, ref.entityId);
      if (head !== undefined) Object.assign(head, { state: 'parked', parkedFor: 'conflict', dueAt: undefined });
      if (stored !== undefined) keepConflict({ ...stored, ...change });
    };
    switch (answer.outcome.type) {
      case 'applied':
        return { type: 'resolved', pushed, errors, facts: [...facts, ...resolvedFact(stored, resolution)] };
      case 'conflict':
        return { type: 'again', pushed, errors, facts: [] };
      case 'authRequired':
      case 'throttled':
      case 'notSent':
        repark({});
        return { type: 'again', pushed, errors, facts };
      case 'rejected':
      case 'forbidden': {
        if (stored === undefined) return { type: 'left', pushed, errors, facts };
        const reason = answer.outcome.error.message;
        if (facts.some(({ type }) => type === 'op.stuck')) database.conflicts.delete(entityKey(ref.kind, ref.entityId));
        else repark({ reason, resolution: undefined, state: stored.state === 'decided' ? 'awaiting' : stored.state });
        return {
          type: 'left',
          pushed,
          errors,
          facts: [...facts, { type: 'conflict.unresolved', conflict: stored.conflict, reason }],
        };
      }
      default:
        return { type: 'left', pushed, errors, facts };
    }
  };

  // ── Pull ──────────────────────────────────────────────────────────────────────────────────────────────────────────

  const applyItem = (kind: string, item: JsonObject, next: PullPosition): 'upsert' | 'delete' | 'kept' | SyncFact => {
    const id = anyKind.readId(item);
    if (id === undefined || anyKind.readUpdatedAt(item) === undefined) {
      return {
        type: 'row.quarantined',
        kind,
        ...(id === undefined ? {} : { id }),
        error: new ParseError(`a row of ${kind} has no ${id === undefined ? 'id' : 'timestamp'}`),
      };
    }
    if (next.resync) database.resyncs.get(kind)?.seen.add(id);
    const version = anyKind.readUpdatedAt(item) ?? '';
    const deleted = anyKind.isDeleted(item);
    const key = entityKey(kind, id);
    const known = database.known.get(key);
    if (database.queueOf(kind, id).length === 0) {
      database.known.delete(key);
    } else {
      if (known?.version !== undefined && compareTimestamps(version, known.version) <= 0) return 'kept';
      database.known.set(key, { row: item, version, deleted });
      const stored = database.conflicts.get(key);
      if (stored !== undefined)
        keepConflict({
          ...stored,
          conflict: { ...stored.conflict, serverData: item, serverTimestamp: version, serverDeleted: deleted },
        });
    }
    database.show(kind, id, item);
    return deleted ? 'delete' : 'upsert';
  };

  const store: StorePort = {
    lease,
    hydrate: async () => {
      await failIfTold('hydrate');
      return database.state;
    },
    rememberWait: async (wait) => {
      await failIfTold('rememberWait');
      database.state = { ...database.state, attempt: wait.attempt, retryAt: wait.retryAt, request: wait.request };
    },
    rememberPaused: async (paused) => {
      await failIfTold('rememberPaused');
      database.state = { ...database.state, paused };
    },
    rememberClockOffset: async (clockOffsetMs) => {
      await failIfTold('rememberClockOffset');
      database.state = { ...database.state, clockOffsetMs };
    },
    claimScope: async (scope) => {
      await failIfTold('claimScope');
      database.scope ??= scope;
      return { owner: database.scope };
    },
    beginRun: async ({ explicit, kinds: wanted, runId }) => {
      await fenced('beginRun');
      run = runId;
      for (const queued of database.ops) {
        if (queued.state === 'inFlight') queued.state = 'ready';
        if (queued.state === 'waiting' && (explicit || queued.dueAt === undefined || queued.dueAt <= clock.now()))
          Object.assign(queued, { state: 'ready', dueAt: undefined });
      }
      const worth = ({ conflict, state, decidedOn, strategy: by }: StoredConflict): boolean => {
        if (!wanted.includes(conflict.kind)) return false;
        if (state !== 'awaiting') return true;
        return decidedOn === undefined
          ? by === 'manual' && config.conflictResolver !== undefined
          : explicit || decidedOn !== conflict.serverTimestamp;
      };
      return { conflicts: [...database.conflicts.values()].filter(worth).map(refOf), facts: [] };
    },
    upgradeSchemas: async () => {
      await failIfTold('upgradeSchemas');
      return { facts: [], refused: [], resyncing: [] };
    },
    dueForResync: async (asked) => {
      await fenced('dueForResync');
      return asked.filter((kind) => due.has(kind) || database.resyncs.has(kind));
    },
    neverPulled: async (asked) => {
      await failIfTold('neverPulled');
      return asked.filter(
        (kind) =>
          !database.resyncedAt.has(kind) &&
          (database.resyncs.get(kind)?.fetched === true || !database.pulledAt.has(kind)),
      );
    },
    take: async ({ kinds: wanted, limit, distrustResend }) => {
      await fenced('take');
      const requests: TakenRequest[] = [];
      const facts: SyncFact[] = [];
      const openFirst = [...database.ops].sort((a, b) => Number(isOpen(b)) - Number(isOpen(a)));
      for (const head of openFirst) {
        if (requests.length >= limit) break;
        if (
          !wanted.includes(head.op.kind) ||
          head.state !== 'ready' ||
          database.queueOf(head.op.kind, head.op.id)[0] !== head
        )
          continue;
        const request = takeHead(head, distrustResend, facts);
        if (request !== undefined) requests.push(request);
      }
      return { requests, facts };
    },
    confirmBase: async ({ kind, entityId }, { row, version }) => {
      await fenced('confirmBase');
      database.known.set(entityKey(kind, entityId), { row, version, deleted: false });
      for (const queued of database.queueOf(kind, entityId))
        if (queued.request !== undefined)
          queued.request = { ...queued.request, op: { ...queued.request.op, baseUpdatedAt: version } };
    },
    settle: async (answers) => {
      await fenced('settle');
      const settled = answers.map(settleOne);
      database.changed();
      const report: SettleReport = {
        batchSize: answers.reduce((sum, { request }) => sum + request.opIds.length, 0),
        pushed: settled.reduce((sum, one) => sum + one.pushed, 0),
        errors: settled.reduce((sum, one) => sum + one.errors, 0),
        conflicts: settled.flatMap(({ conflict }) => (conflict ? [conflict] : [])),
        facts: settled.flatMap(({ facts }) => facts),
      };
      return report;
    },
    loadConflict: async (ref) => {
      await fenced('loadConflict');
      const stored = conflictOf(ref);
      if (stored === undefined || !isParked(ref)) return undefined;
      if (stored.state === 'decided') return stored;
      const { serverData, serverTimestamp, serverVersion, serverDeleted, baseData, opId } = stored.conflict;
      const current = Object.keys(serverData).length === 0 ? undefined : serverData;
      const renewed = describe(ref, {
        type: 'conflict',
        current,
        deleted: serverDeleted,
        serverTimestamp,
        version: serverVersion,
      });
      if (renewed.conflict.opId === opId) return stored;
      const kept = { ...stored, conflict: { ...renewed.conflict, baseData } };
      keepConflict(kept);
      return kept;
    },
    parkConflict: async (ref, reason, { nextRun, countTry, deferred }) => {
      await fenced('parkConflict');
      const stored = conflictOf(ref);
      if (!stored) return [];
      const members = membersOf(ref);
      for (const queued of members) {
        if (countTry) queued.tryCount += 1;
        Object.assign(queued, { request: undefined, lastError: reason, errorCode: 'conflict' });
      }
      const stuck = countTry && members.some(({ tryCount }) => tryCount >= config.maxOutboxTryCount);
      const [head] = database.queueOf(ref.kind, ref.entityId);
      if (head !== undefined) Object.assign(head, { state: 'parked', parkedFor: stuck ? 'stuck' : 'conflict' });
      if (stuck) database.conflicts.delete(entityKey(ref.kind, ref.entityId));
      else
        keepConflict({
          ...stored,
          state: nextRun ? 'detected' : 'awaiting',
          reason,
          resolution: undefined,
          decidedOn: deferred === true ? stored.conflict.serverTimestamp : undefined,
        });
      database.changed();
      return [
        { type: 'conflict.unresolved', conflict: stored.conflict, reason },
        ...(stuck ? stuckFacts(members, new SyncError(reason)) : []),
      ];
    },
    acceptServer: async (ref, resolution) => {
      await fenced('acceptServer');
      const stored = conflictOf(ref);
      if (!stored) return { type: 'resolved', pushed: 0, errors: 0, facts: [] };
      const { conflict } = stored;
      const members = membersOf(ref);
      const isApplied = resolution.type === 'acceptMerged' || (conflict.opType === 'delete' && conflict.serverDeleted);
      const known: Known = conflict.serverDeleted
        ? { row: undefined, deleted: true }
        : { row: conflict.serverData, version: conflict.serverTimestamp, deleted: false };
      const pushed = isApplied ? pushedFacts(members) : [];
      const gone = database.leave(
        ref.kind,
        ref.entityId,
        members.map(({ op }) => op.opId),
        isApplied ? 'applied' : 'givenUp',
        known,
      );
      database.conflicts.delete(entityKey(ref.kind, ref.entityId));
      database.changed();
      const row = resolution.type === 'discard' || conflict.serverDeleted ? {} : { resultData: conflict.serverData };
      if (isApplied)
        return {
          type: 'resolved',
          pushed: members.length,
          errors: 0,
          facts: [...pushed, ...resolvedFact(stored, resolution, row)],
        };
      const reason =
        resolution.type === 'discard' ? 'discard' : conflict.serverDeleted ? 'serverDeleted' : 'acceptServer';
      return {
        type: 'resolved',
        pushed: 0,
        errors: 0,
        facts: [
          ...resolvedFact(stored, resolution, { ...row, givenUp: gone.map(givenUpOf) }),
          ...discardedFacts(gone, reason),
        ],
      };
    },
    freezeResolution: async (ref, { data, base, version, force, creates, expectedVersion, resolution }) => {
      await fenced('freezeResolution');
      const stored = conflictOf(ref);
      const group = membersOf(ref);
      const newest = group.at(-1);
      const [head] = group;
      if (stored === undefined || newest === undefined || head === undefined) return undefined;
      if (expectedVersion !== undefined && expectedVersion !== stored.conflict.serverTimestamp) return undefined;
      const shared = {
        opId: newest.op.opId,
        kind: ref.kind,
        id: ref.entityId,
        localTimestamp: newest.op.localTimestamp,
        creates,
        force,
        requestId: nextKey(newest),
        ...(base === undefined ? {} : { baseUpdatedAt: base }),
        ...(version === undefined ? {} : { baseVersion: version }),
      };
      Object.assign(head, { state: 'inFlight', parkedFor: undefined });
      if (resolution !== undefined) keepConflict({ ...stored, resolution });
      return freeze(
        newest,
        group,
        data === null ? { type: 'delete', ...shared } : { type: 'upsert', ...shared, payload: data },
      );
    },
    settleResolution: async (ref, answer, resolution) => {
      await fenced('settleResolution');
      const outcome = settleResolution(ref, answer, resolution);
      database.changed();
      return outcome;
    },
    decideConflict: async (opId, resolution, { decidedOn } = {}) => {
      await failIfTold('decideConflict');
      const stored = [...database.conflicts.values()].find(({ conflict }) => conflict.opId === opId);
      if (stored === undefined) throw new ValidationError(`no conflict waits for a decision under operation '${opId}'`);
      if (!isParked(refOf(stored))) throw new ValidationError(`the conflict of operation '${opId}' is being resolved`);
      keepConflict({
        ...stored,
        state: 'decided',
        resolution,
        decidedOn: decidedOn ?? stored.conflict.serverTimestamp,
      });
      return refOf(stored);
    },
    conflicts: async () => {
      await failIfTold('conflicts');
      return [...database.conflicts.values()];
    },
    pullPosition: async (kind, { resync }) => {
      await failIfTold('pullPosition');
      const open = database.resyncs.get(kind);
      if (resync && open) return open.position;
      return database.positions.get(kind) ?? { cursor: undefined, maxPage: 0, resync };
    },
    applyPages: async (kind, pages, { signal, totalDone }) => {
      if (pages.length === 0 || signal?.aborted === true) return [];
      await fenced('applyPages');
      let done = totalDone;
      return pages.map(({ page, items, next }) => {
        const results = items.map((item) => applyItem(kind, item, next));
        const bad = results.filter((result) => typeof result !== 'string');
        const open = database.resyncs.get(kind);
        if (next.resync && open)
          Object.assign(open, {
            position: next,
            received: open.received + page.items.length,
            byToken: open.byToken === true || next.sequence !== undefined,
          });
        else database.positions.set(kind, next);
        const pulled = results.length - bad.length;
        if (page.items.length === 0) return { pageSize: 0, pulled, ignored: 0, facts: bad };
        done += pulled;
        const facts: SyncFact[] = [
          ...bad,
          {
            type: 'cache.updated',
            kind,
            upserts: results.filter((result) => result === 'upsert').length,
            deletes: results.filter((result) => result === 'delete').length,
          },
          { type: 'page.pulled', kind, pageSize: page.items.length, totalDone: done },
          {
            type: 'sync.progress',
            phase: 'pull',
            kind,
            done,
            ...(page.total === undefined ? {} : { total: page.total }),
          },
        ];
        return { pageSize: page.items.length, pulled, ignored: 0, facts };
      });
    },
    completePull: async (kind, { resync }) => {
      await fenced('completePull');
      database.pulledAt.set(kind, clock.now());
      const open = database.resyncs.get(kind);
      if (!resync || !open) return [];
      open.fetched = true;
      const before = database.positions.get(kind)?.cursor;
      const after = open.position.cursor;
      database.positions.set(kind, { cursor: after ?? before, maxPage: open.position.maxPage, resync: false });
      return [];
    },
    pulledAt: async (asked) => {
      await failIfTold('pulledAt');
      return new Map([...database.pulledAt].filter(([kind]) => asked.includes(kind)));
    },
    openResync: async (asked) => {
      await fenced('openResync');
      for (const kind of asked) {
        const maxPage = database.positions.get(kind)?.maxPage ?? 0;
        if (!database.resyncs.has(kind))
          database.resyncs.set(kind, {
            position: { cursor: undefined, maxPage, resync: true },
            seen: new Set(),
            received: 0,
            fetched: false,
          });
      }
    },
    unprovenRows: async (kind, { requested }) => {
      const open = database.resyncs.get(kind);
      if (open?.fetched !== true || open.byToken !== true || (open.received === 0 && !requested)) return { ids: [] };
      const all = [...database.rowsOf(kind).keys()];
      const control = all.find((id) => open.seen.has(id));
      return {
        ids: all.filter((id) => !open.seen.has(id) && database.queueOf(kind, id).length === 0),
        ...(control === undefined ? {} : { control }),
      };
    },
    proveAbsence: async (kind, { absent, found, present }) => {
      await fenced('proveAbsence');
      const open = database.resyncs.get(kind);
      const next: PullPosition = { cursor: undefined, maxPage: 0, resync: true };
      for (const row of found) applyItem(kind, row, next);
      for (const id of present) open?.seen.add(id);
      for (const id of absent) database.rowsOf(kind).delete(id);
      return [];
    },
    sweepResync: async (kind, { requested, keepUnlisted = false }) => {
      await fenced('sweepResync');
      const open = database.resyncs.get(kind);
      if (open?.fetched !== true) return [];
      const rows = database.rowsOf(kind);
      const unseen = [...rows.keys()].filter((id) => !open.seen.has(id) && database.queueOf(kind, id).length === 0);
      if (open.received === 0 && !requested && unseen.length > 0) {
        const cause = new ParseError(`the full resync of ${kind} received no row at all`);
        throw new SyncStepError({
          type: 'kindFailed',
          kind,
          phase: 'pull',
          message: cause.message,
          at: clock.now(),
          cause,
        });
      }
      for (const id of keepUnlisted ? [] : unseen) rows.delete(id);
      database.resyncs.delete(kind);
      due.delete(kind);
      database.resyncedAt.set(kind, clock.now());
      return unseen.length > 0 ? [{ type: 'cache.updated', kind, upserts: 0, deletes: unseen.length }] : [];
    },
    finishRun: async ({ runId, othersSucceeded, kinds: wanted }) => {
      await fenced('finishRun');
      database.state = { ...database.state, lastSyncedAt: clock.now() };
      const facts: SyncFact[] = [];
      const waiting = database.ops.filter(({ state, op }) => state === 'waiting' && wanted.includes(op.kind));
      for (const queued of waiting) {
        if (!othersSucceeded || queued.errorCode !== 'retryLater' || queued.failedInRun !== runId) continue;
        queued.tryCount += 1;
        queued.failedInRun = undefined;
        if (queued.tryCount < config.maxOutboxTryCount) continue;
        Object.assign(queued, { state: 'parked', parkedFor: 'stuck' });
        facts.push(...stuckFacts([queued], new NetworkError(queued.lastError ?? 'no answer')));
      }
      const waits = waiting.flatMap(({ state, dueAt }) =>
        state === 'waiting' && dueAt !== undefined ? [dueAt - clock.now()] : [],
      );
      return waits.length > 0 ? { facts, nextDueInMs: Math.max(0, Math.min(...waits)) } : { facts };
    },
  };

  return {
    store,
    queue: createFakeQueue(database),
    kinds,
    database,
    config,
    /** Makes the next call of a store method reject once. */
    failNext: (method: keyof StorePort | 'acquire' | 'renew', error: unknown): void => void failures.set(method, error),
    enqueue: (...ops: readonly Op[]): void => {
      for (const op of ops) database.enqueue(op, clock.now());
      database.changed(true);
    },
    rows: (kind: string): readonly JsonObject[] => [...database.rowsOf(kind).values()],
    outbox: (): readonly string[] => database.ops.map(({ op }) => op.opId),
  };

  function isOpen(head: Queued): boolean {
    return database.queueOf(head.op.kind, head.op.id).some(({ request }) => request !== undefined);
  }
}
