import type { SyncPhaseName } from '../../model/status.ts';
import type { Diagnosis } from './diagnosis.ts';
import type { DiagnosisFacts } from './diagnosis-facts.ts';
import { storageEvidence } from './diagnose-storage.ts';
import { finding, findingsOf, only, type Evidence } from './finding.ts';

/** People do not notice a smaller clock difference. */
const clockDoubtMs = 5 * 60_000;

const busyPhases: ReadonlySet<SyncPhaseName> = new Set([
  'planning',
  'pushing',
  'resolvingConflict',
  'pulling',
  'paging',
  'fullResync',
  'firstPull',
  'finishing',
]);

/**
 * Reports what is wrong, the evidence and the remedies, most important first. If nothing is wrong, returns `allWell`
 * and any notices about the storage. Never throws and never returns an empty list.
 */
export function diagnose(facts: DiagnosisFacts): readonly Diagnosis[] {
  const evidence: Evidence = {
    ...deviceEvidence(facts),
    ...serverEvidence(facts),
    ...queueEvidence(facts),
    ...activityEvidence(facts),
  };
  const found = findingsOf(evidence);
  if (found.some(({ code }) => code !== 'notPersisted')) return found;
  const { lastSyncedAt } = facts.status;
  return [...found, lastSyncedAt === undefined ? finding('neverSynced', {}) : finding('allWell', { lastSyncedAt })];
}

/** Whether nothing can be sent or pulled here, whatever the network does. */
const isHeldUp = ({ status, isSignedOut }: DiagnosisFacts): boolean =>
  status.phase === 'failed' || status.phase === 'stopped' || status.scopeChanged || isSignedOut || status.paused;

function deviceEvidence({ status, clockOffsetMs }: DiagnosisFacts): Evidence {
  const { phase, lastError, pending, storage } = status;
  const databaseError = lastError?.category === 'database' ? lastError : undefined;
  const isOutdated = storage?.role === 'outdated';
  return {
    ...(storage === undefined ? {} : storageEvidence(storage, pending)),
    storeFailed: only(!isOutdated && (phase === 'failed' || databaseError !== undefined), {
      ...(databaseError === undefined ? {} : { error: databaseError }),
    }),
    stopped: only(phase === 'stopped', {}),
    clockDoubt: only(Math.abs(clockOffsetMs) >= clockDoubtMs, { offsetMs: clockOffsetMs }),
  };
}

function serverEvidence(facts: DiagnosisFacts): Evidence {
  const { status, isSignedOut, isBackingOff, triggers } = facts;
  const { phase, pending, retryAt, online } = status;
  const lastError = (isBackingOff ? facts.failure : undefined) ?? status.lastError;
  const account = {
    otherAccount: only(status.scopeChanged, { pending }),
    signInNeeded: only(isSignedOut && !status.scopeChanged, { pending }),
    paused: only(status.paused, { pending }),
    offline: only(!online && !isHeldUp(facts), { pending }),
  };
  if (isHeldUp(facts) || !online || busyPhases.has(phase)) return account;
  if (lastError === undefined || lastError.category === 'database')
    return { ...account, retrying: only(isBackingOff, { ...(retryAt === undefined ? {} : { retryAt }) }) };
  const server = { error: lastError, pending, ...(retryAt === undefined ? {} : { retryAt }) };
  if (lastError.isHtml === true) return { ...account, webPage: server };
  if (lastError.statusCode === 404 && lastError.category !== 'validation') return { ...account, wrongAddress: server };
  if (isBackingOff)
    return { ...account, retrying: { error: lastError, ...(retryAt === undefined ? {} : { retryAt }) } };
  if (lastError.retryable)
    return { ...account, serverGivenUp: only(phase === 'idle', { ...server, hasTriggers: triggers.length > 0 }) };
  // Somebody has signed in since, so no action is needed.
  const isOver = lastError.scopeChanged === true || (lastError.category === 'auth' && lastError.statusCode !== 403);
  return { ...account, runFailed: only(!isOver, server) };
}

function queueEvidence({ status, queue, quarantine }: DiagnosisFacts): Evidence {
  const { conflicts } = status;
  return {
    conflict: only(conflicts > 0 || queue.conflict !== undefined, {
      count: Math.max(conflicts, conflicts === 0 ? (queue.conflict?.count ?? 0) : 0),
      ...(queue.conflict === undefined ? {} : { first: queue.conflict.first }),
    }),
    // The status counts all of them; the queue is a sample.
    stuck: queue.stuck && { ...queue.stuck, count: Math.max(status.stuck, queue.stuck.count), isAtLeast: false },
    ambiguous: queue.ambiguous,
    unsendable: queue.unsendable,
    forbidden: queue.forbidden,
    rejected: queue.rejected,
    ring: queue.ring,
    unknownKind: queue.unregisteredKind,
    newerSchema: queue.newerSchema,
    quarantined: quarantine,
  };
}

function activityEvidence(facts: DiagnosisFacts): Evidence {
  const { status, isBackingOff, queue, triggers, now, staleAfterMs } = facts;
  const { phase, pending, lastSyncedAt } = status;
  const isBusy = busyPhases.has(phase);
  const isIdle = phase === 'idle' && !isHeldUp(facts);
  const waits = isIdle && (queue.ready !== undefined || queue.waitingFor !== undefined);
  const willStart = triggers.length > 0 || status.retryAt !== undefined;
  return {
    noTrigger: only(waits && !willStart, { pending }),
    queued: only(waits && willStart, { pending }),
    changesRetrying: only(!isBackingOff && !isHeldUp(facts) && status.online, queue.backoff),
    stale: lastSyncedAt !== undefined && !isBusy && now - lastSyncedAt >= staleAfterMs ? { lastSyncedAt } : undefined,
    anotherTab: only(phase === 'standby', { pending }),
    starting: only(phase === 'starting', {}),
    firstPull: only(phase === 'firstPull', {}),
    syncing: only(isBusy && phase !== 'firstPull', {}),
  };
}
