import type { SyncSnapshot } from '../../machines/sync-machine.ts';
import { phaseOf } from '../../machines/phase-of.ts';
import type { Clock } from '../../model/platform/clock.ts';
import type { SyncEvent } from '../../model/events.ts';
import type { SyncStats } from '../../model/values/run-stats.ts';
import type { SyncErrorInfo } from '../../model/errors/errors.ts';
import { createHub, type Hub } from '../../model/platform/isolated-observable.ts';
import { reportQuietly } from '../../model/platform/report-quietly.ts';
import type { StoragePort } from '../../model/storage-status.ts';
import type { QueueCounts, QueuePort } from '../../model/queue.ts';
import type { SyncStatus } from '../../model/status.ts';

/**
 * Pause in ms after counting this many operations. The cost of counting grows with the queue, and every commit requests
 * a count. Long queues are therefore counted less often. Queues below 10,000 are counted after each commit.
 */
const restAfter = (pending: number): number => (pending < 10_000 ? 0 : Math.min(pending / 1_000, 5_000));

export interface StatusKeeper {
  readonly hub: Hub<SyncStatus>;
  readonly current: () => SyncStatus;
  /** Updates the status after a transition of the chart. */
  onSnapshot(snapshot: SyncSnapshot, lastSyncedAt: number | undefined): void;
  onEvent(event: SyncEvent): void;
  /** Checks the storage for changes and updates the status. */
  refresh(): void;
  /** Counts the queue again, once for simultaneous changes, and with a delay if the queue is very long. */
  recount(): void;
  /** Resolves when no count is running. Does not wait for a delayed count. */
  counted(): Promise<void>;
  /** Clears the results of past runs, because the database now belongs to another account. */
  forget(): void;
  /** Stops counting. Resolves when no count is running. */
  close(): Promise<void>;
}

export interface StatusParts {
  readonly queue: QueuePort;
  readonly snapshot: SyncSnapshot;
  readonly clock: Clock;
  readonly storage?: StoragePort | undefined;
  /** Runs work outside the caller's transaction. */
  readonly detached: <T>(work: () => Promise<T>) => Promise<T>;
}

/** Keeps the status that screens show: the chart's state, the queue and the progress. Emits only changes. */
export function createStatusKeeper(parts: StatusParts): StatusKeeper {
  const { queue, snapshot, clock, storage, detached: read } = parts;
  let counts: QueueCounts = { pending: 0, stuck: 0, conflicts: 0 };
  let progress: SyncStatus['progress'];
  let lastStats: SyncStats | undefined;
  let lastError: SyncErrorInfo | undefined;
  let lastSyncedAt: number | undefined;
  let latest = snapshot;
  let status = statusOf();
  const hub = createHub(() => status);
  let counting: Promise<void> | undefined;
  let isStale = false;
  let isClosed = false;
  /** The next count starts without a pause. */
  let isUrgent = false;
  let rest: { readonly timer: unknown } | undefined;

  function statusOf(): SyncStatus {
    const retryAt = latest.context.wait?.retryAt;
    return Object.freeze({
      phase: phaseOf(latest),
      ...counts,
      online: !latest.matches({ network: 'offline' }),
      paused: latest.matches({ activity: 'paused' }),
      scopeChanged: latest.context.failure?.type === 'scopeChanged',
      ...(progress === undefined ? {} : { progress }),
      ...(lastError === undefined ? {} : { lastError }),
      ...(lastStats === undefined ? {} : { lastStats }),
      ...(lastSyncedAt === undefined ? {} : { lastSyncedAt }),
      ...(retryAt === undefined ? {} : { retryAt }),
      ...(storage === undefined ? {} : { storage: storage.status() }),
    });
  }

  const refresh = (): void => {
    const next = statusOf();
    if (isSame(status, next)) return;
    status = next;
    hub.tell(status);
  };

  const restMs = (): number => (isClosed || isUrgent ? 0 : restAfter(counts.pending));
  const count = async (): Promise<void> => {
    do {
      isStale = false;
      isUrgent = false;
      const { pending, stuck, conflicts } = await read(() => queue.counts());
      counts = { pending, stuck, conflicts };
    } while (isStale && !isClosed && restMs() === 0);
  };
  const endRest = (): void => {
    if (rest !== undefined) clock.clearTimeout(rest.timer);
    rest = undefined;
    if (isStale && !isClosed) recount();
  };
  const recount = (): void => {
    isStale = true;
    if (rest !== undefined) return;
    // After a failed count, the next change counts again.
    counting ??= count()
      .catch(reportQuietly)
      .finally(() => {
        counting = undefined;
        refresh();
        if (restMs() > 0) rest = { timer: clock.setTimeout(endRest, restMs()) };
        // A change may arrive after the last count was read and before this line. Nothing else would count it.
        else if (isStale && !isClosed) recount();
      });
  };

  return {
    hub,
    current: () => status,
    onSnapshot: (next, syncedAt) => {
      latest = next;
      lastSyncedAt ??= syncedAt;
      refresh();
    },
    onEvent: (event) => {
      if (event.type === 'sync.progress') {
        const { phase, done, total, kind } = event;
        progress = { phase, done, ...(total === undefined ? {} : { total }), ...(kind === undefined ? {} : { kind }) };
      } else if (event.type === 'sync.completed') {
        [progress, lastError, lastStats, lastSyncedAt] = [undefined, undefined, event.stats, event.at];
      } else if (event.type === 'sync.failed') {
        [progress, lastError, lastStats] = [undefined, event.errorInfo, event.stats];
      } else {
        return;
      }
      refresh();
      if (event.type === 'sync.progress') return;
      // Reports the queue at the end of a run without delay.
      isUrgent = counting !== undefined;
      endRest();
    },
    refresh,
    recount,
    counted: () => counting ?? Promise.resolve(),
    forget: () => {
      [progress, lastError, lastStats, lastSyncedAt] = [undefined, undefined, undefined, undefined];
      refresh();
    },
    close: async () => {
      isClosed = true;
      endRest();
      await counting;
    },
  };
}

const isSame = (a: SyncStatus, b: SyncStatus): boolean => {
  const keys = new Set([...Object.keys(a), ...Object.keys(b)]) as Set<keyof SyncStatus>;
  return [...keys].every((key) => a[key] === b[key]);
};
