import type { SyncActor } from '../../../engine/machine/sync-stream.ts';
import type { Clock } from '../../../model/platform/clock.ts';
import type { Json, JsonObject } from '../../../model/values/json.ts';
import type { LazyEntry } from '../../log/new-entry.ts';
import type { StateValueJson, TransitionEntry } from '../../protocol/log-entry.ts';
import { eventName } from './chart-view.ts';
import { hearSteps } from './hear-steps.ts';

/**
 * The part of a microstep that XState keeps to itself: which transitions were taken. They belong to the chart and never
 * change.
 */
interface TakenTransition {
  readonly source: { readonly id: string };
  readonly actions: readonly unknown[];
}

/**
 * Writes an entry for each step of the chart, with the transitions of all its microsteps. Returns the function that
 * ends it.
 */
export function recordChart(
  actor: SyncActor,
  { clock, log }: { readonly clock: Clock; readonly log: (entry: LazyEntry) => void },
): () => void {
  let taken: readonly TakenTransition[] = [];
  return hearSteps(actor.system, (told) => {
    // Most of what is told is of no use here: what actors begin and end with, and each action.
    if (told.actorRef !== actor) return;
    if (told.type === '@xstate.microstep') {
      const transitions: readonly TakenTransition[] = told._transitions;
      if (transitions.length > 0) taken = taken.length === 0 ? transitions : [...taken, ...transitions];
    } else if (told.type === '@xstate.snapshot') {
      // An event that nobody handles moves nothing.
      if (taken.length > 0 && 'value' in told.snapshot) {
        const { value, context } = told.snapshot as ReturnType<SyncActor['getSnapshot']>;
        const runId = context.run?.id;
        log(
          new UnreadStep({ at: clock.now(), event: told.event.type, value, taken, runId, input: inputOf(told.event) }),
        );
      }
      taken = [];
    }
  });
}

export interface Step {
  readonly at: number;
  readonly event: string;
  readonly value: StateValueJson;
  readonly taken: readonly TakenTransition[];
  readonly runId: number | undefined;
  readonly input: JsonObject | undefined;
}

/**
 * A step of the chart, of which an entry is made when somebody reads it: the names of events and actions are put
 * together then.
 */
export class UnreadStep implements LazyEntry, Step {
  readonly at: number;
  readonly event: string;
  readonly value: StateValueJson;
  readonly taken: readonly TakenTransition[];
  readonly runId: number | undefined;
  readonly input: JsonObject | undefined;
  constructor({ at, event, value, taken, runId, input }: Step) {
    this.at = at;
    this.event = event;
    this.value = value;
    this.taken = taken;
    this.runId = runId;
    this.input = input;
  }
  make(id: number): TransitionEntry {
    return {
      type: 'transition',
      id,
      at: this.at,
      cause: eventName(this.event),
      value: this.value,
      sources: this.taken.map(({ source }) => source.id),
      actions: this.taken.flatMap(({ actions }) => actions.map(actionName)),
      ...(this.runId === undefined ? {} : { runId: this.runId }),
      ...(this.input === undefined ? {} : { input: this.input }),
    };
  }
}

const actionName = (action: unknown): string => {
  if (typeof action === 'string') return action;
  if (typeof action === 'object' && action !== null && 'type' in action && typeof action.type === 'string')
    return action.type;
  return typeof action === 'function' && action.name !== '' ? action.name : '(inline)';
};

const told = ['pushKinds', 'pullKinds', 'kinds', 'automatic', 'opId'] as const;

/**
 * What a command asks for: which kinds, by itself or not. A decision's rows are in its own event. Taken at once: its
 * lists are the app's.
 */
function inputOf(event: { readonly type: string }): JsonObject | undefined {
  if (!/^[A-Z_]+$|^remote\./.test(event.type)) return undefined;
  const input = Object.fromEntries(
    told.flatMap((name) =>
      Reflect.get(event, name) === undefined ? [] : [[name, ownOf(Reflect.get(event, name) as Json)]],
    ),
  );
  return Object.keys(input).length === 0 ? undefined : input;
}

const ownOf = (value: Json): Json => (Array.isArray(value) ? [...(value as readonly Json[])] : value);
