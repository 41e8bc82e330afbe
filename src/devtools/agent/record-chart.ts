import type { AnyActorRef, InspectionEvent } from 'xstate';
import type { SyncActor } from '../../engine/sync-stream.ts';
import type { Clock } from '../../model/clock.ts';
import type { Json, JsonObject } from '../../model/json.ts';
import type { NewEntry } from '../log/new-entry.ts';
import type { StateValueJson } from '../protocol/log-entry.ts';
import { eventName } from './chart-view.ts';

/** The part of a microstep that XState keeps to itself: which transitions were taken. */
interface TakenTransition {
  readonly source: { readonly id: string };
  readonly actions: readonly unknown[];
}

/** Writes an entry for each step of the chart, with the transitions of all its microsteps. Returns the function that ends it. */
export function recordChart(actor: SyncActor, { clock, log }: { readonly clock: Clock; readonly log: (entry: NewEntry) => void }): () => void {
  let sources: string[] = [];
  let actions: string[] = [];
  const watching = actor.system.inspect((inspected: InspectionEvent) => {
    if (!isRoot(inspected.actorRef, actor)) return;
    if (inspected.type === '@xstate.microstep') {
      for (const { source, actions: taken } of inspected._transitions as readonly TakenTransition[]) {
        sources.push(source.id);
        for (const action of taken) actions.push(actionName(action));
      }
    } else if (inspected.type === '@xstate.snapshot') {
      // An event that nobody handles moves nothing.
      if (sources.length > 0 && 'value' in inspected.snapshot) {
        const { run } = (inspected.snapshot as ReturnType<SyncActor['getSnapshot']>).context;
        log({
          type: 'transition',
          at: clock.now(),
          cause: eventName(inspected.event.type),
          value: inspected.snapshot.value as StateValueJson,
          sources,
          actions,
          ...(run === undefined ? {} : { runId: run.id }),
          ...inputOf(inspected.event),
        });
      }
      sources = [];
      actions = [];
    }
  });
  return () => watching.unsubscribe();
}

const isRoot = (ref: unknown, actor: AnyActorRef): boolean => ref === actor;

const actionName = (action: unknown): string => {
  if (typeof action === 'string') return action;
  if (typeof action === 'object' && action !== null && 'type' in action && typeof action.type === 'string') return action.type;
  return typeof action === 'function' && action.name !== '' ? action.name : '(inline)';
};

const told = ['pushKinds', 'pullKinds', 'kinds', 'automatic', 'opId'] as const;

/** What a command asks for: which kinds, by itself or not. A decision's rows are in its own event. */
function inputOf(event: object): { readonly input?: JsonObject } {
  if (!('type' in event) || typeof event.type !== 'string' || !/^[A-Z_]+$|^remote\./.test(event.type)) return {};
  const input = Object.fromEntries(told.flatMap((name) => (Reflect.get(event, name) === undefined ? [] : [[name, Reflect.get(event, name) as Json]])));
  return Object.keys(input).length === 0 ? {} : { input };
}
