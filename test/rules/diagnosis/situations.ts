import type { SyncErrorInfo } from '../../../src/model/errors/errors.ts';
import type { PendingReason } from '../../../src/model/pending-operation.ts';
import type { SyncStatus } from '../../../src/model/status.ts';
import type { DiagnosisFacts } from '../../../src/rules/diagnosis/diagnosis-facts.ts';
import { digestQueue, type ExplainedOperation } from '../../../src/rules/diagnosis/digest-queue.ts';

export const now = Date.UTC(2026, 0, 15, 12);
const minute = 60_000;

const calm: SyncStatus = {
  phase: 'idle',
  pending: 0,
  stuck: 0,
  conflicts: 0,
  online: true,
  paused: false,
  scopeChanged: false,
  lastSyncedAt: now - minute,
};

interface Situation extends Partial<Omit<DiagnosisFacts, 'status' | 'queue'>> {
  readonly wasNeverSynced?: true;
  readonly status?: Partial<SyncStatus>;
  readonly queue?: readonly Partial<ExplainedOperation>[];
  readonly isSample?: boolean;
}

/** A situation with everything that it does not name as it should be. */
export function factsOf({ status, wasNeverSynced, queue = [], isSample = false, ...facts }: Situation): DiagnosisFacts {
  const { lastSyncedAt, ...others } = calm;
  return {
    isSignedOut: false,
    isBackingOff: false,
    triggers: ['interval', 'outbox'],
    clockOffsetMs: 0,
    now,
    staleAfterMs: 24 * 60 * minute,
    ...facts,
    status: { ...others, ...(wasNeverSynced ? {} : { lastSyncedAt }), pending: queue.length, ...status },
    queue: digestQueue(queue.map(operation), isSample),
  };
}

const operation = (part: Partial<ExplainedOperation>, index: number): ExplainedOperation => ({
  opId: `op${index + 1}`,
  kind: 'todos',
  entityId: `t${index + 1}`,
  type: 'upsert',
  state: 'ready',
  reason: 'ready',
  tryCount: 0,
  enqueuedAt: now - minute,
  ...part,
});

const queued = (reason: PendingReason, part: Partial<ExplainedOperation> = {}): Partial<ExplainedOperation> => ({
  reason,
  ...part,
});
const failed = (info: Partial<SyncErrorInfo>): SyncErrorInfo => ({
  category: 'network',
  retryable: true,
  message: 'secret text',
  ...info,
});
const unreachable = failed({});
const refused = { state: 'waiting', tryCount: 1, errorCode: 'rejected', lastError: 'Title too long.' } as const;

/** By the words in which somebody would report them. */
export const situations: Readonly<Record<string, Situation>> = {
  'all is well': {},
  'never synchronised': { wasNeverSynced: true },
  'the engine begins': { status: { phase: 'starting' }, wasNeverSynced: true },
  'a sync is under way': { status: { phase: 'pushing' }, queue: [queued('inFlight', { state: 'inFlight' })] },
  'first pull under way': { status: { phase: 'firstPull' }, wasNeverSynced: true },
  'a change waits for the next sync': { queue: [queued('ready')] },
  'a change waits for another record': {
    queue: [
      queued('ready'),
      queued('waitingFor', { state: 'waiting', errorCode: 'waitingFor', waitingFor: 'todos/x' }),
    ],
  },
  'no trigger will start a sync': { queue: [queued('ready'), queued('ready')], triggers: [] },
  offline: { status: { phase: 'offline', online: false }, queue: [queued('offline'), queued('offline')] },
  paused: { status: { phase: 'paused', paused: true }, queue: [queued('paused')] },
  'another tab leads': { status: { phase: 'standby' }, queue: [queued('standby')] },
  'backing off with a countdown': {
    status: { phase: 'backoff', lastError: unreachable, retryAt: now + 40_000 },
    isBackingOff: true,
    queue: [queued('backoff', { retryAt: now + 40_000 })],
  },
  'backing off since before a restart': {
    status: { phase: 'backoff', retryAt: now + 40_000 },
    isBackingOff: true,
  },
  'one change failed alone': {
    status: { phase: 'backoff', retryAt: now + 8_000 },
    queue: [queued('backoff', { state: 'waiting', errorCode: 'retryLater', retryAt: now + 8_000, dueAt: now + 8_000 })],
  },
  'server given up on, nothing will try again': { status: { lastError: unreachable }, triggers: [] },
  'server given up on until the next trigger': { status: { lastError: unreachable } },
  'the sign-in page of a network': {
    status: { phase: 'idle', lastError: failed({ category: 'parse', retryable: false, isHtml: true }) },
  },
  'the wrong address': { status: { lastError: failed({ category: 'unknown', retryable: false, statusCode: 404 }) } },
  'an answer that nobody understands': { status: { lastError: failed({ category: 'parse', retryable: false }) } },
  'a table may not be read': { status: { lastError: failed({ category: 'auth', retryable: false, statusCode: 403 }) } },
  'session expired': {
    status: { phase: 'authRequired', lastError: failed({ category: 'auth', retryable: false, statusCode: 401 }) },
    isSignedOut: true,
    queue: [queued('authRequired'), queued('authRequired'), queued('authRequired')],
  },
  "another account's data": {
    status: { scopeChanged: true, lastError: failed({ category: 'unknown', retryable: false, scopeChanged: true }) },
    queue: [queued('scopeChanged')],
  },
  stopped: { status: { phase: 'stopped' }, queue: [queued('ready')] },
  'the database cannot be used': {
    status: { phase: 'failed', lastError: failed({ category: 'database', retryable: false }) },
  },
  'a conflict is undecided': {
    status: { conflicts: 1 },
    queue: [queued('conflict', { state: 'parked', parkedFor: 'conflict' })],
  },
  'the server refused, and tries are left': { queue: [queued('backoff', refused)] },
  'the server refused with a code of its own': { queue: [queued('backoff', { ...refused, errorCode: 'too_long' })] },
  'the server refused too often': {
    status: { pending: 0, stuck: 3 },
    queue: [queued('stuck', { state: 'parked', parkedFor: 'stuck', tryCount: 5, lastError: 'Title too long.' })],
    isSample: true,
  },
  'nobody knows whether it arrived': { queue: [queued('ambiguous', { state: 'parked', parkedFor: 'ambiguous' })] },
  'a damaged change': {
    status: { pending: 0, stuck: 1 },
    queue: [queued('stuck', { state: 'parked', parkedFor: 'stuck', errorCode: 'damaged' })],
  },
  'the server forbids a change': {
    queue: [queued('forbidden', { state: 'waiting', errorCode: 'forbidden', lastError: 'No seat.' })],
  },
  'changes of an unknown table': { queue: [queued('unregisteredKind', { kind: 'notes' })] },
  'a newer release used the table': { queue: [queued('newerSchema', { state: 'waiting', errorCode: 'newerSchema' })] },
  'records that refer to each other': {
    queue: [queued('backoff', { ...refused, ring: ['notes/n', 'todos/t'] })],
  },
  'quarantined rows': {
    quarantine: { count: 100, isAtLeast: true, kind: 'todos', id: 't9', error: 'NOT NULL constraint failed' },
  },
  'data of yesterday': { status: { lastSyncedAt: now - 30 * 60 * minute } },
  'the clock is wrong': { clockOffsetMs: 12 * minute },
  'storage in memory': {
    status: { storage: { mode: 'memory', tab: 'tab1', role: 'owner', persisted: false, reason: 'a private window' } },
    queue: [queued('ready')],
  },
  'the browser refused to keep the data': {
    status: { storage: { mode: 'opfs', tab: 'tab1', role: 'owner', persisted: false, persistRefused: true } },
  },
  'little space left': {
    status: { storage: { mode: 'opfs', tab: 'tab1', role: 'owner', persisted: true, quota: 1_000, usage: 956 } },
  },
  'a newer release has the file': {
    status: { storage: { mode: 'opfs', tab: 'tab1', role: 'outdated', persisted: true } },
  },
  'a damaged file': {
    status: { storage: { mode: 'opfs', tab: 'tab1', role: 'owner', persisted: true, damage: 'row 7 missing' } },
  },
  'offline with a conflict and a refused change': {
    status: { phase: 'offline', online: false, conflicts: 2, stuck: 1 },
    queue: [
      queued('conflict', { state: 'parked', parkedFor: 'conflict' }),
      queued('stuck', { state: 'parked', parkedFor: 'stuck', tryCount: 5 }),
      queued('offline'),
    ],
  },
  'paused, signed out, another account': {
    status: { phase: 'paused', paused: true, scopeChanged: true, pending: 4 },
    isSignedOut: true,
  },
};
