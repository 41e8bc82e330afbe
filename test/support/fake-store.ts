import type { Clock } from '../../src/model/clock.ts';
import { resolveSyncConfig, type SyncConfig } from '../../src/model/config.ts';
import type { ConflictStrategy, StoredConflict } from '../../src/model/conflict.ts';
import { syncErrorInfo } from '../../src/model/errors.ts';
import type { SyncFact } from '../../src/model/events.ts';
import { SyncStepError } from '../../src/model/failure.ts';
import type { JsonObject } from '../../src/model/json.ts';
import type { SyncKind } from '../../src/model/kind.ts';
import type { Op, OpType } from '../../src/model/operation.ts';
import type { Answer, LeasePort, PersistedState, PullPosition, StorePort, TakenRequest } from '../../src/model/ports.ts';
import type { ConflictOutcome, ConflictRef, SettleReport } from '../../src/model/run.ts';
import { foldOps } from '../../src/rules/fold.ts';
import type { QueuedOperation, QueuePort, QueueState } from '../../src/model/queue.ts';

interface Queued {
  readonly seq: number;
  op: Op;
  state: QueueState;
  parkedFor?: 'conflict' | 'stuck' | 'ambiguous' | undefined;
  dueAt?: number | undefined;
  tryCount: number;
  lastError?: string | undefined;
  errorCode?: string | undefined;
  /** Held by the newest operation of a frozen group. */
  request?: TakenRequest | undefined;
  attempt: number;
  answeredInRun?: number | undefined;
  readonly enqueuedAt: number;
}

/** What outlives an engine: give it to a second store to reopen, or to share, the same "database". */
export class FakeDatabase {
  seq = 0;
  ops: Queued[] = [];
  rows = new Map<string, Map<string, JsonObject>>();
  positions = new Map<string, PullPosition>();
  resyncs = new Map<string, { position: PullPosition; seen: Set<string> }>();
  resyncedAt = new Map<string, number>();
  conflicts = new Map<string, StoredConflict>();
  state: PersistedState = { paused: false, attempt: 0, clockOffsetMs: 0 };
  scope: string | undefined;
  lease = { owner: '', token: 0, expiresAt: 0 };
  readonly listeners = new Set<(change: { enqueued: boolean }) => void>();
}

export interface FakeStoreOptions {
  readonly database?: FakeDatabase;
  readonly clock: Clock;
  readonly config?: Partial<SyncConfig>;
  readonly owner?: string;
  readonly strategy?: ConflictStrategy;
  readonly kinds?: readonly string[];
  readonly resyncDue?: readonly string[];
}

export const fakeKind = (kind: string, parts: Partial<SyncKind> = {}): SyncKind => ({
  kind,
  keys: { id: 'id', updatedAt: 'updatedAt', deletedAt: 'deletedAt' },
  readId: (row) => (typeof row['id'] === 'string' ? row['id'] : undefined),
  readUpdatedAt: (row) => textOf(row['updatedAt'] ?? row['updated_at']),
  isDeleted: (row) => (row['deletedAt'] ?? row['deleted_at'] ?? null) !== null,
  conflict: {},
  pullOnly: false,
  pushOnly: false,
  dependsOn: [],
  sendChangedFields: false,
  syncIntervalMs: undefined,
  ...parts,
});
const textOf = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);
const entityKey = (kind: string, id: string): string => `${kind}/${id}`;

/** A store in memory with the behaviour of the port: queues per entity, cursors, conflicts, a lease with fencing. No overlay. */
export function createFakeStore(options: FakeStoreOptions) {
  const database = options.database ?? new FakeDatabase();
  const { clock } = options;
  const config = resolveSyncConfig(options.config);
  const owner = options.owner ?? 'one';
  const kinds = new Map((options.kinds ?? ['todos', 'lists']).map((kind) => [kind, fakeKind(kind)] as const));
  const due = new Set(options.resyncDue ?? []);
  let token = 0;
  /** Set to make the next call of a method fail once with this error. */
  const failures = new Map<string, unknown>();

  const changed = (enqueued = false): void => {
    for (const listener of database.listeners) listener({ enqueued });
  };
  const rowsOf = (kind: string): Map<string, JsonObject> => {
    const rows = database.rows.get(kind) ?? new Map<string, JsonObject>();
    database.rows.set(kind, rows);
    return rows;
  };
  const queueOf = (kind: string, id: string): Queued[] => database.ops.filter((queued) => queued.op.kind === kind && queued.op.id === id);
  const promote = (kind: string, id: string): void => {
    const [head] = queueOf(kind, id);
    if (head?.state === 'behind') head.state = 'ready';
  };
  const failIfTold = (method: string): void => {
    if (!failures.has(method)) return;
    const error = failures.get(method);
    failures.delete(method);
    throw error;
  };
  const fenced = async (method: string): Promise<void> => {
    await Promise.resolve();
    failIfTold(method);
    if (database.lease.owner !== owner || database.lease.token !== token) throw new SyncStepError({ type: 'leaseLost', message: 'fenced out' });
  };
  const remove = (opIds: readonly string[]): void => {
    const gone = database.ops.filter(({ op }) => opIds.includes(op.opId));
    database.ops = database.ops.filter(({ op }) => !opIds.includes(op.opId));
    for (const { op } of gone) promote(op.kind, op.id);
  };
  const groupOf = (request: TakenRequest): Queued[] => database.ops.filter(({ op }) => request.opIds.includes(op.opId));
  const storeRow = (kind: string, id: string, row: JsonObject | undefined): void => {
    if (row === undefined) return;
    rowsOf(kind).set(id, row);
    const updatedAt = kinds.get(kind)?.readUpdatedAt(row);
    for (const queued of queueOf(kind, id)) {
      if (queued.request === undefined && updatedAt !== undefined) queued.op = { ...queued.op, baseUpdatedAt: updatedAt, creates: false };
    }
  };
  const pushedFacts = (group: readonly Queued[]): SyncFact[] =>
    group.map(({ op }) => ({ type: 'op.pushed', opId: op.opId, kind: op.kind, entityId: op.id, operationType: op.type }));
  const refOf = (conflict: StoredConflict): ConflictRef => ({ kind: conflict.conflict.kind, entityId: conflict.conflict.entityId, opId: conflict.conflict.opId });

  const lease: LeasePort = {
    acquire: async () => {
      await Promise.resolve();
      failIfTold('acquire');
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

  const settleOne = ({ request, outcome, dueInMs }: Answer, runId: number): { facts: SyncFact[]; pushed: number; errors: number; conflict?: ConflictRef } => {
    const group = groupOf(request);
    const newest = group.at(-1);
    const forget = (): void => {
      for (const queued of group) queued.request = undefined;
      if (newest) newest.attempt += 1;
    };
    const each = (change: Partial<Queued>): void => {
      for (const queued of group) Object.assign(queued, { state: 'behind' });
      const [head] = group;
      if (head) Object.assign(head, change);
    };
    const failed = (error: Error, willRetry: boolean): SyncFact[] =>
      group.map(({ op }) => ({ type: 'op.failed', opId: op.opId, kind: op.kind, entityId: op.id, error, errorInfo: syncErrorInfo(error), willRetry }));
    switch (outcome.type) {
      case 'applied': {
        const facts = pushedFacts(group);
        remove(request.opIds);
        if (request.op.type === 'delete') rowsOf(request.kind).delete(request.entityId);
        else storeRow(request.kind, request.entityId, outcome.row);
        return { facts, pushed: group.length, errors: 0 };
      }
      case 'conflict': {
        forget();
        each({ state: 'parked', parkedFor: 'conflict' });
        const opId = newest?.op.opId ?? request.op.opId;
        const stored: StoredConflict = {
          conflict: {
            kind: request.kind, entityId: request.entityId, opId, opType: request.op.type,
            localData: request.op.type === 'upsert' ? request.op.payload : {},
            serverData: outcome.current ?? {}, localTimestamp: request.op.localTimestamp, serverTimestamp: outcome.serverTimestamp, serverDeleted: outcome.deleted,
            ...(outcome.version === undefined ? {} : { serverVersion: outcome.version }),
          },
          strategy: options.strategy ?? config.conflictStrategy,
          state: 'detected',
          detectedAt: clock.now(),
        };
        database.conflicts.set(entityKey(request.kind, request.entityId), stored);
        return { facts: [{ type: 'conflict.detected', conflict: stored.conflict, strategy: stored.strategy }], pushed: 0, errors: 0, conflict: refOf(stored) };
      }
      case 'rejected': {
        forget();
        const tryCount = (newest?.tryCount ?? 0) + 1;
        const stuck = tryCount >= config.maxOutboxTryCount;
        for (const queued of group) Object.assign(queued, { tryCount, lastError: outcome.error.message, errorCode: outcome.code, answeredInRun: runId });
        each(stuck ? { state: 'parked', parkedFor: 'stuck' } : { state: 'waiting', dueAt: undefined });
        const facts = failed(outcome.error, !stuck);
        if (stuck && newest) {
          facts.push({ type: 'op.stuck', opId: newest.op.opId, kind: request.kind, entityId: request.entityId, tryCount, error: outcome.error, errorInfo: syncErrorInfo(outcome.error) });
        }
        return { facts, pushed: 0, errors: group.length };
      }
      case 'forbidden':
        forget();
        for (const queued of group) Object.assign(queued, { lastError: outcome.error.message, errorCode: 'forbidden', answeredInRun: runId });
        each({ state: 'waiting', dueAt: undefined });
        return { facts: failed(outcome.error, true), pushed: 0, errors: group.length };
      case 'authRequired':
      case 'throttled':
      case 'notSent':
        forget();
        each({ state: 'ready' });
        return { facts: [], pushed: 0, errors: 0 };
      case 'unavailable':
        each({ state: 'ready' });
        return { facts: [], pushed: 0, errors: 0 };
      case 'retryLater':
      case 'malformed':
        for (const queued of group) Object.assign(queued, { lastError: outcome.error.message, errorCode: outcome.type });
        if (dueInMs === undefined) for (const queued of group) queued.answeredInRun = runId;
        each({ state: 'waiting', dueAt: dueInMs === undefined ? undefined : clock.now() + dueInMs });
        return { facts: failed(outcome.error, true), pushed: 0, errors: group.length };
      case 'ambiguous':
        each({ state: 'parked', parkedFor: 'ambiguous' });
        return { facts: failed(outcome.error, false), pushed: 0, errors: group.length };
    }
  };
  let run = 0;

  const resolved = (ref: ConflictRef, resolution: ConflictOutcomeResolution, more: SyncFact[], pushed: number): ConflictOutcome => {
    const stored = database.conflicts.get(entityKey(ref.kind, ref.entityId));
    database.conflicts.delete(entityKey(ref.kind, ref.entityId));
    changed();
    return { type: 'resolved', pushed, errors: 0, facts: [...more, ...(stored ? [{ type: 'conflict.resolved' as const, conflict: stored.conflict, resolution }] : [])] };
  };
  const conflictGroup = (ref: ConflictRef): Queued[] => {
    const queue = queueOf(ref.kind, ref.entityId);
    const last = queue.findIndex(({ op }) => op.opId === ref.opId);
    return queue.slice(0, last + 1);
  };

  const store: StorePort = {
    lease,
    hydrate: async () => {
      await Promise.resolve();
      failIfTold('hydrate');
      return database.state;
    },
    rememberWait: async (wait) => {
      await Promise.resolve();
      failIfTold('rememberWait');
      database.state = { ...database.state, attempt: wait.attempt, retryAt: wait.retryAt, request: wait.request };
    },
    rememberPaused: async (paused) => {
      await Promise.resolve();
      database.state = { ...database.state, paused };
    },
    rememberClockOffset: async (clockOffsetMs) => {
      await Promise.resolve();
      database.state = { ...database.state, clockOffsetMs };
    },
    claimScope: async (scope) => {
      await Promise.resolve();
      database.scope ??= scope;
      return { owner: database.scope };
    },
    beginRun: async ({ explicit, kinds: wanted, runId }) => {
      await fenced('beginRun');
      run = runId;
      for (const queued of database.ops) {
        if (!wanted.includes(queued.op.kind)) continue;
        queued.answeredInRun = undefined;
        if (queued.state === 'inFlight') queued.state = 'ready';
        if (queued.state === 'waiting' && (explicit || queued.dueAt === undefined || queued.dueAt <= clock.now())) queued.state = 'ready';
      }
      return { conflicts: [...database.conflicts.values()].filter(({ state }) => state !== 'awaiting').map(refOf), facts: [] };
    },
    dueForResync: async (asked) => {
      await fenced('dueForResync');
      return asked.filter((kind) => due.has(kind));
    },
    take: async ({ kinds: wanted, limit, distrustResend }) => {
      await fenced('take');
      const requests: TakenRequest[] = [];
      const facts: SyncFact[] = [];
      for (const head of [...database.ops]) {
        if (requests.length >= limit) break;
        if (!wanted.includes(head.op.kind)) continue;
        const queue = queueOf(head.op.kind, head.op.id);
        if (queue[0] !== head || head.state !== 'ready' || head.answeredInRun === run) continue;
        const open = queue.find(({ request }) => request !== undefined);
        if (open?.request) {
          const old = clock.now() - (open.request.firstSentAt ?? clock.now()) > config.idempotencyWindowMs;
          requests.push({ ...open.request, verify: old || distrustResend ? 'staleRequest' : 'no' });
          head.state = 'inFlight';
          continue;
        }
        const folded = foldOps(queue.map(({ seq, op }) => ({ seq, ...op, ...(op.type === 'upsert' ? { payload: op.payload } : {}) })));
        const newest = queue.at(-1) ?? head;
        if (folded.type === 'nothing') {
          remove(queue.map(({ op }) => op.opId));
          facts.push({ type: 'op.discarded', opId: newest.op.opId, kind: head.op.kind, entityId: head.op.id, reason: 'foldedAway', givenUp: [] });
          continue;
        }
        const requestId = newest.attempt === 0 ? newest.op.opId : `${newest.op.opId}#${newest.attempt + 1}`;
        const base = folded.baseUpdatedAt === undefined ? {} : { baseUpdatedAt: folded.baseUpdatedAt };
        const shared = { opId: folded.opId, kind: head.op.kind, id: head.op.id, localTimestamp: folded.localTimestamp, creates: folded.creates, requestId, ...base };
        const op: Op = folded.type === 'delete' ? { type: 'delete', ...shared } : { type: 'upsert', ...shared, payload: folded.payload };
        const request: TakenRequest = {
          kind: op.kind, entityId: op.id, op, opIds: queue.map((queued) => queued.op.opId), firstSentAt: undefined, verify: 'no',
        };
        newest.request = { ...request, firstSentAt: clock.now() };
        head.state = 'inFlight';
        requests.push(request);
      }
      return { requests, facts };
    },
    settle: async (answers) => {
      await fenced('settle');
      const settled = answers.map((answer) => settleOne(answer, run));
      changed();
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
      await Promise.resolve();
      failIfTold('loadConflict');
      return database.conflicts.get(entityKey(ref.kind, ref.entityId));
    },
    parkConflict: async (ref, reason, { nextRun, countTry }) => {
      await fenced('parkConflict');
      const stored = database.conflicts.get(entityKey(ref.kind, ref.entityId));
      if (!stored) return [];
      database.conflicts.set(entityKey(ref.kind, ref.entityId), { ...stored, state: nextRun ? 'detected' : 'awaiting', reason, resolution: undefined });
      if (countTry) for (const queued of conflictGroup(ref)) queued.tryCount += 1;
      changed();
      return [{ type: 'conflict.unresolved', conflict: stored.conflict, reason }];
    },
    acceptServer: async (ref, resolution) => {
      await fenced('acceptServer');
      const stored = database.conflicts.get(entityKey(ref.kind, ref.entityId));
      remove(conflictGroup(ref).map(({ op }) => op.opId));
      if (stored?.conflict.serverDeleted) rowsOf(ref.kind).delete(ref.entityId);
      else storeRow(ref.kind, ref.entityId, stored?.conflict.serverData);
      return resolved(ref, resolution, [], 0);
    },
    freezeResolution: async (ref, { data, base, version, force, creates }) => {
      await fenced('freezeResolution');
      const group = conflictGroup(ref);
      const newest = group.at(-1);
      if (!newest) return undefined;
      newest.attempt += 1;
      const shared = {
        opId: newest.op.opId, kind: ref.kind, id: ref.entityId, localTimestamp: newest.op.localTimestamp, creates, force, requestId: `${newest.op.opId}#${newest.attempt + 1}`,
        ...(base === undefined ? {} : { baseUpdatedAt: base }), ...(version === undefined ? {} : { baseVersion: version }),
      };
      const op: Op = data === null ? { type: 'delete', ...shared } : { type: 'upsert', ...shared, payload: data };
      const request: TakenRequest = { kind: ref.kind, entityId: ref.entityId, op, opIds: group.map((queued) => queued.op.opId), firstSentAt: undefined, verify: 'no' };
      newest.request = { ...request, firstSentAt: clock.now() };
      return request;
    },
    settleResolution: async (ref, answer, resolution) => {
      await fenced('settleResolution');
      const { outcome, request } = answer;
      if (outcome.type === 'applied') {
        const group = groupOf(request);
        const facts = pushedFacts(group);
        remove(request.opIds);
        if (request.op.type === 'delete') rowsOf(ref.kind).delete(ref.entityId);
        else storeRow(ref.kind, ref.entityId, outcome.row ?? request.op.payload);
        return resolved(ref, resolution, facts, group.length);
      }
      const stored = database.conflicts.get(entityKey(ref.kind, ref.entityId));
      if (outcome.type === 'conflict') {
        for (const queued of groupOf(request)) queued.request = undefined;
        if (stored) {
          const conflict = { ...stored.conflict, serverData: outcome.current ?? {}, serverTimestamp: outcome.serverTimestamp, serverDeleted: outcome.deleted };
          database.conflicts.set(entityKey(ref.kind, ref.entityId), { ...stored, conflict });
        }
        return { type: 'again', pushed: 0, errors: 0, facts: [] };
      }
      const report = settleOne(answer, run);
      if (stored && outcome.type === 'rejected') database.conflicts.delete(entityKey(ref.kind, ref.entityId));
      return { type: 'left', pushed: 0, errors: report.errors, facts: report.facts };
    },
    decideConflict: async (opId, resolution) => {
      await Promise.resolve();
      for (const [key, stored] of database.conflicts) {
        if (stored.conflict.opId !== opId) continue;
        database.conflicts.set(key, { ...stored, state: 'decided', resolution });
        return refOf(stored);
      }
      throw new Error(`no conflict waits under operation ${opId}`);
    },
    conflicts: async () => {
      await Promise.resolve();
      return [...database.conflicts.values()].filter(({ state }) => state === 'awaiting');
    },
    strategyOf: () => options.strategy ?? config.conflictStrategy,
    pullPosition: async (kind, { resync }) => {
      await fenced('pullPosition');
      const resyncing = database.resyncs.get(kind);
      if (resync && resyncing) return resyncing.position;
      return database.positions.get(kind) ?? { cursor: undefined, maxPage: 0, resync };
    },
    applyPages: async (kind, pages, { signal, totalDone }) => {
      await fenced('applyPages');
      let done = totalDone;
      const applied = [];
      for (const { page, items, next } of pages) {
        if (signal?.aborted) break;
        let deletes = 0;
        for (const item of items) {
          const id = kinds.get(kind)?.readId(item);
          if (id === undefined) continue;
          database.resyncs.get(kind)?.seen.add(id);
          if (kinds.get(kind)?.isDeleted(item)) deletes += 1;
          if (queueOf(kind, id).length > 0) continue;
          if (kinds.get(kind)?.isDeleted(item)) rowsOf(kind).delete(id);
          else rowsOf(kind).set(id, item);
        }
        const resyncing = database.resyncs.get(kind);
        if (next.resync && resyncing) resyncing.position = next;
        else database.positions.set(kind, next);
        done += items.length;
        const facts: SyncFact[] = [
          { type: 'cache.updated', kind, upserts: items.length - deletes, deletes },
          { type: 'page.pulled', kind, pageSize: page.items.length, totalDone: done },
          { type: 'sync.progress', phase: 'pull', kind, done, ...(page.total === undefined ? {} : { total: page.total }) },
        ];
        applied.push({ pageSize: page.items.length, pulled: items.length, facts });
      }
      return applied;
    },
    completePull: async (kind, { resync }) => {
      await fenced('completePull');
      const resyncing = database.resyncs.get(kind);
      if (resync && resyncing) database.positions.set(kind, { ...resyncing.position, resync: false });
      return [];
    },
    openResync: async (asked) => {
      await fenced('openResync');
      for (const kind of asked) {
        if (!database.resyncs.has(kind)) database.resyncs.set(kind, { position: { cursor: undefined, maxPage: 0, resync: true }, seen: new Set() });
      }
    },
    sweepResync: async (kind) => {
      await fenced('sweepResync');
      const resyncing = database.resyncs.get(kind);
      let deletes = 0;
      for (const id of [...rowsOf(kind).keys()]) {
        if (resyncing?.seen.has(id) || queueOf(kind, id).length > 0) continue;
        rowsOf(kind).delete(id);
        deletes += 1;
      }
      database.resyncs.delete(kind);
      due.delete(kind);
      database.resyncedAt.set(kind, clock.now());
      return deletes > 0 ? [{ type: 'cache.updated', kind, upserts: 0, deletes }] : [];
    },
    finishRun: async () => {
      await fenced('finishRun');
      database.state = { ...database.state, lastSyncedAt: clock.now() };
      const waits = database.ops.flatMap(({ state, dueAt }) => (state === 'waiting' && dueAt !== undefined ? [dueAt - clock.now()] : []));
      return waits.length > 0 ? { facts: [], nextDueInMs: Math.min(...waits) } : { facts: [] };
    },
  };

  const inFilter = (wanted: readonly string[] | undefined) => (queued: Queued): boolean => wanted === undefined || wanted.includes(queued.op.kind);
  const stuckIn = (wanted: readonly string[] | undefined): Queued[] => database.ops.filter((queued) => queued.parkedFor === 'stuck' && inFilter(wanted)(queued));
  const queue: QueuePort = {
    list: async (filter) => {
      await Promise.resolve();
      return database.ops.filter(inFilter(filter?.kinds)).map((queued): QueuedOperation => {
        const [head] = queueOf(queued.op.kind, queued.op.id);
        return {
          opId: queued.op.opId, kind: queued.op.kind, entityId: queued.op.id, type: queued.op.type as OpType, state: queued.state, parkedFor: queued.parkedFor,
          waitingFor: queued.state === 'behind' ? head?.op.opId : undefined, dueAt: queued.dueAt, tryCount: queued.tryCount, lastError: queued.lastError,
          errorCode: queued.errorCode, enqueuedAt: queued.enqueuedAt,
        };
      });
    },
    counts: async (filter) => {
      await Promise.resolve();
      const stuck = stuckIn(filter?.kinds).length;
      return {
        stuck,
        pending: database.ops.filter(inFilter(filter?.kinds)).length - stuck,
        conflicts: [...database.conflicts.values()].filter(({ state }) => state === 'awaiting').length,
      };
    },
    retryStuck: async (filter) => {
      await Promise.resolve();
      const stuck = stuckIn(filter?.kinds);
      for (const queued of stuck) Object.assign(queued, { state: 'ready', parkedFor: undefined, tryCount: 0 });
      changed(true);
      return stuck.length;
    },
    dropStuck: async (filter) => {
      await Promise.resolve();
      const stuck = stuckIn(filter?.kinds);
      remove(stuck.map(({ op }) => op.opId));
      changed();
      return stuck.map(({ op }) => ({ type: 'op.discarded' as const, opId: op.opId, kind: op.kind, entityId: op.id, reason: 'dropped' as const, givenUp: [] }));
    },
    subscribe: (listener) => {
      database.listeners.add(listener);
      return () => database.listeners.delete(listener);
    },
    adoptScope: async (scope) => {
      await Promise.resolve();
      database.scope = scope;
    },
    clearScope: async (scope) => {
      await Promise.resolve();
      database.ops = [];
      database.rows.clear();
      database.positions.clear();
      database.conflicts.clear();
      database.scope = scope;
      return [];
    },
  };

  return {
    store,
    queue,
    kinds,
    database,
    config,
    /** Makes the next call of a store method reject once. */
    failNext: (method: keyof StorePort | 'acquire' | 'renew', error: unknown): void => void failures.set(method, error),
    enqueue: (...ops: readonly Op[]): void => {
      for (const op of ops) {
        const behind = queueOf(op.kind, op.id).length > 0;
        database.ops.push({ seq: ++database.seq, op, state: behind ? 'behind' : 'ready', tryCount: 0, attempt: 0, enqueuedAt: clock.now() });
      }
      changed(true);
    },
    rows: (kind: string): readonly JsonObject[] => [...rowsOf(kind).values()],
    outbox: (): readonly string[] => database.ops.map(({ op }) => op.opId),
  };
}

type ConflictOutcomeResolution = Parameters<StorePort['acceptServer']>[1];
export type FakeStore = ReturnType<typeof createFakeStore>;
