import type { Observable } from 'rxjs';
import type { ActorRefFrom } from 'xstate';
import type { SyncEmitted } from '../../machines/machine-events.ts';
import type { SyncSnapshot } from '../../machines/sync-machine.ts';
import type { Clock } from '../../model/platform/clock.ts';
import type { SyncEvent } from '../../model/events.ts';
import { systemClock } from '../../model/platform/system-clock.ts';
import { partsOfMachine, type ReadySyncMachine } from './assemble-machine.ts';
import { IsolatedObservable } from '../../model/platform/isolated-observable.ts';

/** A running sync machine, as returned by `interpret`. */
export type SyncActor = ActorRefFrom<ReadySyncMachine> & { readonly logic?: unknown };

/**
 * Adds the time to an emitted event, because the chart has no clock. Returns undefined for events that only the
 * engine's own promises need.
 */
export function toSyncEvent(emitted: SyncEmitted, clock: Clock): SyncEvent | undefined {
  if (emitted.type === 'run.ended' || emitted.type === 'request.rejected') return undefined;
  // Nearly every event belongs to a run. This fast path avoids a rest spread per operation.
  if (emitted.runId !== undefined) return { ...emitted, runId: emitted.runId, at: clock.now() };
  const { runId: _, ...fact } = emitted;
  return { ...fact, at: clock.now() };
}

/** The events of a running machine, from the time of subscription. Completes when the machine stops. */
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

/** The snapshots of a running machine, starting with the current one. */
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
