import type { SyncEmitted } from '../../machines/machine-events.ts';
import { noStats } from '../../model/values/run-stats.ts';
import type { ResyncReason, SyncEvent, SyncFact } from '../../model/events.ts';
import type { Clock } from '../../model/platform/clock.ts';
import { createHub, type Hub } from '../../model/platform/isolated-observable.ts';
import type { RunEnded } from '../../model/run.ts';
import { toSyncError } from '../../rules/sync-rules.ts';
import { toSyncEvent } from '../machine/sync-stream.ts';
import type { StatusKeeper } from '../status/status-keeper.ts';
import type { Waiters } from '../waits/waiters.ts';

/** What `syncRun` reports beside the counts. */
export interface RunStory {
  readonly firstError?: Error;
  readonly reason?: ResyncReason;
}

/** Forwards events to the status, the streams and the promises of the app. */
export interface EngineNews {
  readonly events: Hub<SyncEvent>;
  /** Emits when the stored conflicts may have changed. */
  readonly conflicts: Hub<undefined>;
  readonly onEmitted: (emitted: SyncEmitted) => void;
  readonly onEvent: (event: SyncEvent) => void;
  /** Stamps and emits facts that belong to no run. */
  readonly tell: (facts: readonly SyncFact[]) => void;
  readonly storyOf: (runId: number) => RunStory;
}

export interface NewsParts {
  readonly clock: Clock;
  readonly waiters: Waiters;
  readonly status: StatusKeeper;
}

export function createEngineNews({ clock, waiters, status }: NewsParts): EngineNews {
  const events = createHub<SyncEvent>();
  const conflicts = createHub<undefined>(() => undefined);
  const stories = new Map<number, { firstError?: Error; reason?: ResyncReason }>();

  function onEmitted(emitted: SyncEmitted): void {
    if (emitted.type === 'run.ended') return onRunEnded(emitted);
    if (emitted.type === 'request.rejected') {
      const error = toSyncError(emitted.failure, { phase: 'sync', attempts: 1, maxRetries: 0 });
      error.stats ??= noStats;
      return waiters.fail(emitted.waiters, error);
    }
    const event = toSyncEvent(emitted, clock);
    if (event !== undefined) onEvent(event);
  }

  function onEvent(event: SyncEvent): void {
    if (event.runId !== undefined && (event.type === 'op.failed' || event.type === 'resync.started')) {
      const story = stories.get(event.runId) ?? {};
      if (event.type === 'op.failed') story.firstError ??= event.error;
      else story.reason = event.reason;
      stories.set(event.runId, story);
    }
    status.onEvent(event);
    events.tell(event);
    if (event.type.startsWith('conflict.')) conflicts.tell(undefined);
  }

  function onRunEnded(ended: RunEnded): void {
    if (ended.failure === undefined) {
      waiters.settle(ended.waiters, ended);
    } else {
      const error = toSyncError(ended.failure, ended);
      error.stats = ended.stats;
      waiters.fail(ended.waiters, error);
    }
    for (const id of stories.keys()) if (id < ended.runId) stories.delete(id);
  }

  return {
    events,
    conflicts,
    onEmitted,
    onEvent,
    tell: (facts) => {
      for (const fact of facts) onEvent({ ...fact, at: clock.now() });
    },
    storyOf: (runId) => stories.get(runId) ?? {},
  };
}
