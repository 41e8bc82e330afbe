import { Observable, ReplaySubject, share } from 'rxjs';
import { phaseOf } from '../../machines/phase-of.ts';
import type { SyncSnapshot } from '../../machines/sync-machine.ts';
import type { SyncEvent } from '../../model/events.ts';
import { syncErrorInfo } from '../../model/errors/errors.ts';
import { againIfAsked } from '../../model/platform/again-if-asked.ts';
import type { Clock } from '../../model/platform/clock.ts';
import { IsolatedObservable } from '../../model/platform/isolated-observable.ts';
import { reportQuietly } from '../../model/platform/report-quietly.ts';
import type { QueuePort, QueueSample } from '../../model/queue.ts';
import type { SyncStatus } from '../../model/status.ts';
import { diagnose } from '../../rules/diagnosis/diagnose.ts';
import type { Diagnosis } from '../../rules/diagnosis/diagnosis.ts';
import type { DiagnosisFacts, TriggerName } from '../../rules/diagnosis/diagnosis-facts.ts';
import { digestQueue } from '../../rules/diagnosis/digest-queue.ts';
import { toSyncError } from '../../rules/sync-rules.ts';
import { explainOperation } from './explain.ts';

/** Number of queued operations read for one diagnosis. */
const sampleSize = 100;
/** The longest delay of a timer. */
const longestTimerMs = 2 ** 31 - 1;

/** Events that may change the sample, beside commits to the queue. */
const telling: ReadonlySet<SyncEvent['type']> = new Set([
  'row.quarantined',
  'sync.completed',
  'sync.failed',
  'session.authRequired',
  'session.signedIn',
  'scope.changed',
]);

export interface DiagnosisParts {
  readonly queue: Pick<QueuePort, 'sample' | 'subscribe'>;
  readonly isRegistered: (kind: string) => boolean;
  readonly snapshot: () => SyncSnapshot;
  readonly status: () => SyncStatus;
  readonly status$: Observable<SyncStatus>;
  /** Resolves when the status reflects the latest change. */
  readonly counted: () => Promise<void>;
  readonly events$: Observable<SyncEvent>;
  readonly triggers: { names(): readonly TriggerName[]; subscribe(listener: () => void): () => void };
  readonly clockOffsetMs: () => number;
  readonly clock: Clock;
  readonly staleAfterMs: number;
  /** Runs work outside the caller's transaction. */
  readonly detached: <T>(work: () => Promise<T>) => Promise<T>;
}

/**
 * Emits the diagnosis now and at each change. All listeners share one reading; nothing is read without listeners.
 * Completes with the engine.
 */
export function createDiagnosisStream(parts: DiagnosisParts): Observable<readonly Diagnosis[]> {
  const shared = follow(parts).pipe(
    share({
      connector: () => new ReplaySubject(1),
      resetOnRefCountZero: true,
      // An engine that has ended has nothing more to read.
      resetOnComplete: false,
    }),
  );
  return new IsolatedObservable((subscriber) => shared.subscribe(subscriber));
}

const follow = (parts: DiagnosisParts): Observable<readonly Diagnosis[]> =>
  new Observable((subscriber) => {
    const { queue, status$, events$, triggers, clock, detached } = parts;
    let sample: QueueSample | undefined;
    let isSampleOld = true;
    let last: readonly Diagnosis[] | undefined;
    let timer: unknown;

    const publish = (): void => {
      if (sample === undefined || subscriber.closed) return;
      const facts = factsOf(parts, sample);
      const next = diagnose(facts);
      clock.clearTimeout(timer);
      timer = undefined;
      const staleInMs = untilStale(facts);
      if (staleInMs !== undefined) timer = clock.setTimeout(publish, Math.min(staleInMs, longestTimerMs));
      if (last !== undefined && JSON.stringify(last) === JSON.stringify(next)) return;
      last = next;
      subscriber.next(next);
    };
    const look = againIfAsked(
      async () => {
        if (isSampleOld) {
          isSampleOld = false;
          sample = await detached(() => queue.sample(sampleSize));
        }
        // Status and sample must describe the same moment, otherwise one change would be emitted twice.
        await parts.counted();
        publish();
      },
      () => subscriber.closed,
      (error) => {
        if (subscriber.closed) return;
        // The status reports an unreadable database.
        reportQuietly(error);
        sample ??= { operations: [], quarantine: [], isCut: false };
        publish();
      },
    );
    const lookAgain = (): void => {
      isSampleOld = true;
      look();
    };

    subscriber.add(queue.subscribe(lookAgain));
    subscriber.add(triggers.subscribe(look));
    subscriber.add(
      events$.subscribe(({ type }) => {
        if (telling.has(type)) lookAgain();
      }),
    );
    subscriber.add(() => clock.clearTimeout(timer));
    subscriber.add(status$.subscribe({ next: look, complete: () => subscriber.complete() }));
  });

function factsOf(parts: DiagnosisParts, { operations, quarantine, isCut }: QueueSample): DiagnosisFacts {
  const { status, triggers, clock, staleAfterMs, clockOffsetMs, isRegistered } = parts;
  const snapshot = parts.snapshot();
  const [row] = quarantine;
  const isBackingOff = phaseOf(snapshot) === 'backoff' && snapshot.context.wait?.due !== true;
  const { failure } = snapshot.context;
  const explained = operations.map((operation) => {
    const { reason, retryAt } = explainOperation(operation, snapshot, isRegistered(operation.kind));
    return { ...operation, reason, retryAt };
  });
  return {
    status: status(),
    isSignedOut: snapshot.matches({ session: 'authRequired' }),
    isBackingOff,
    ...(isBackingOff && failure !== undefined
      ? { failure: syncErrorInfo(toSyncError(failure, { phase: 'sync', attempts: 1, maxRetries: 0 })) }
      : {}),
    queue: digestQueue(explained, isCut),
    ...(row === undefined ? {} : { quarantine: { ...row, count: quarantine.length, isAtLeast: isCut } }),
    triggers: triggers.names(),
    clockOffsetMs: clockOffsetMs(),
    now: clock.now(),
    staleAfterMs,
  };
}

function untilStale({ status, now, staleAfterMs }: DiagnosisFacts): number | undefined {
  if (status.lastSyncedAt === undefined || staleAfterMs === Infinity) return undefined;
  const left = status.lastSyncedAt + staleAfterMs - now;
  return left > 0 ? left : undefined;
}
