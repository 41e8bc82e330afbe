import type { Observable } from 'rxjs';
import type { ActorRefFrom } from 'xstate';
import type { SyncEmitted } from '../../machines/machine-events.ts';
import type { SyncSnapshot } from '../../machines/sync-machine.ts';
import type { Clock } from '../../model/platform/clock.ts';
import type { SyncEvent } from '../../model/events.ts';
import { systemClock } from '../../model/platform/system-clock.ts';
import { partsOfMachine, type ReadySyncMachine } from './assemble-machine.ts';
import { IsolatedObservable } from '../../model/platform/isolated-observable.ts';

/** A running sync machine, as `interpret` gives it. */
export type SyncActor = ActorRefFrom<ReadySyncMachine> & { readonly logic?: unknown };

/**
 * Stamps what the chart told; undefined for what only the engine's own promises need. The chart has no clock, so the
 * time is taken here.
 */
export function toSyncEvent(emitted: SyncEmitted, clock: Clock): SyncEvent | undefined {
  if (emitted.type === 'run.ended' || emitted.type === 'request.rejected') return undefined;
  // Nearly every event belongs to a run, and there is one per operation: the dearer way of leaving a key out is for the
  // others.
  if (emitted.runId !== undefined) return { ...emitted, runId: emitted.runId, at: clock.now() };
  const { runId: _, ...fact } = emitted;
  return { ...fact, at: clock.now() };
}

/** Gives the events of a running machine; late listeners see later events only. Completes when the machine stops. */
export const events = (actor: SyncActor): Observable<SyncEvent> =>
  new IsolatedObservable((subscriber) => {
    const clock = partsOfMachine(actor.logic)?.ports.clock ?? systemClock;
    const telling = actor.on('*', (emitted) => {
      const event = toSyncEvent(emitted, clock);
      if (event !== undefined) subscriber.next(event);
    });
    const watching = actor.subscribe({
      error: (error: unknown) => subscriber.error(error),
      complete: () => subscriber.complete(),
    });
    return () => {
      telling.unsubscribe();
      watching.unsubscribe();
    };
  });

/** Gives the snapshots of a running machine, beginning with the present one. */
export const snapshots = (actor: SyncActor): Observable<SyncSnapshot> =>
  new IsolatedObservable((subscriber) => {
    subscriber.next(actor.getSnapshot());
    const watching = actor.subscribe({
      next: (snapshot) => subscriber.next(snapshot),
      error: (error: unknown) => subscriber.error(error),
      complete: () => subscriber.complete(),
    });
    return () => watching.unsubscribe();
  });
