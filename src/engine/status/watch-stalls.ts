import type { SyncSnapshot } from '../../machines/sync-machine.ts';
import { phaseOf } from '../../machines/phase-of.ts';
import type { Clock } from '../../model/platform/clock.ts';
import type { SyncFact } from '../../model/events.ts';
import type { QueuePort } from '../../model/queue.ts';
import { reportQuietly } from '../../model/platform/report-quietly.ts';

export interface StallWatch {
  readonly queue: Pick<QueuePort, 'list'>;
  readonly clock: Clock;
  /** `Infinity` disables the watch. */
  readonly stallAfterMs: number;
  readonly tell: (fact: SyncFact, runId: number | undefined) => void;
}

/**
 * Watches the current run and emits `run.stalled` when it makes no progress for `stallAfterMs`: a request that never
 * ends, or a resolver or database call that hangs. Only observes (I12): `requestTimeoutMs` limits requests, and PAUSE
 * lets a person intervene. Emits once per standstill.
 */
export function createStallWatch({ queue, clock, stallAfterMs, tell }: StallWatch): {
  onSnapshot(snapshot: SyncSnapshot): void;
  stop(): void;
} {
  let place = '';
  let timer: unknown;
  const stop = (): void => {
    if (timer !== undefined) clock.clearTimeout(timer);
    timer = undefined;
  };
  const look = async (snapshot: SyncSnapshot): Promise<void> => {
    const seen = place;
    const claimed = (await queue.list()).filter(({ state }) => state === 'inFlight');
    // The run progressed while the queue was read.
    if (seen !== place) return;
    const operations = claimed.map(({ opId, kind, entityId }) => ({ opId, kind, entityId }));
    const runId = snapshot.context.run?.id;
    tell({ type: 'run.stalled', phase: phaseOf(snapshot), stalledMs: stallAfterMs, operations }, runId);
  };
  return {
    stop,
    onSnapshot: (snapshot) => {
      const now = snapshot.hasTag('busy') ? placeOf(snapshot) : '';
      if (now === place) return;
      place = now;
      stop();
      if (now === '' || stallAfterMs === Infinity) return;
      timer = clock.setTimeout(() => {
        timer = undefined;
        look(snapshot).catch(reportQuietly);
      }, stallAfterMs);
    },
  };
}

/** Position and progress of the run. The same text twice means no progress in between. */
function placeOf({ value, context: { run } }: SyncSnapshot): string {
  if (run === undefined) return JSON.stringify(value);
  const { id, batchId, push, pull, conflicts, round, attempts, toPull, toSweep } = run;
  return JSON.stringify([
    value,
    id,
    batchId,
    push,
    pull,
    conflicts.length,
    round,
    attempts,
    toPull.length,
    toSweep.length,
  ]);
}
