import type { SyncEvent } from '../model/events.ts';
import type { VirtualTime } from './virtual-time.ts';

/** What a run covered; merged across many runs. */
export interface SimulationCounts {
  steps: number;
  operations: number;
  requests: number;
  commits: number;
  crashes: number;
  readonly faults: Map<string, number>;
  readonly acts: Map<string, number>;
  readonly events: Map<string, number>;
  /** Chart states and transitions, with their frequencies. */
  readonly states: Map<string, number>;
  readonly moves: Map<string, number>;
}

export const noCounts = (): SimulationCounts => ({
  steps: 0,
  operations: 0,
  requests: 0,
  commits: 0,
  crashes: 0,
  faults: new Map(),
  acts: new Map(),
  events: new Map(),
  states: new Map(),
  moves: new Map(),
});

const count = (counts: Map<string, number>, name: string, by = 1): void =>
  void counts.set(name, (counts.get(name) ?? 0) + by);

/** Adds the counts of another run. */
export function addCounts(sum: SimulationCounts, more: SimulationCounts): void {
  for (const name of ['steps', 'operations', 'requests', 'commits', 'crashes'] as const) sum[name] += more[name];
  for (const name of ['faults', 'acts', 'events', 'states', 'moves'] as const)
    for (const [key, times] of more[name]) count(sum[name], key, times);
}

/** The trace of a run, line by line, and its counts. Depends only on the script. */
export class SimulationLog {
  readonly lines: string[] = [];
  readonly counts = noCounts();
  readonly #lastStates = new Map<string, string>();

  constructor(private readonly time: VirtualTime) {}

  trace(who: string, text: string): void {
    this.lines.push(`${this.time.elapsed.toFixed(1).padStart(9)}  ${who.padEnd(6)} ${text}`);
  }

  traceEvent(who: string, event: SyncEvent): void {
    count(this.counts.events, event.type);
    this.trace(who, `   · ${eventText(event)}`);
  }

  countFault(type: string): void {
    count(this.counts.faults, type);
  }

  countAct(type: string): void {
    this.counts.steps += 1;
    count(this.counts.acts, type);
  }

  visit(who: string, value: unknown): void {
    const state = placesOf(value).join(' ');
    const last = this.#lastStates.get(who) ?? '';
    if (state === last) return;
    for (const place of state.split(' ')) count(this.counts.states, place);
    const [from, to] = [activityOf(last), activityOf(state)];
    if (from !== '' && from !== to) count(this.counts.moves, `${from} → ${to}`);
    this.#lastStates.set(who, state);
  }
}

const activityOf = (state: string): string => state.split(' ').findLast((place) => place.startsWith('activity')) ?? '';

/** The leaves of a state value, as dotted paths. */
function placesOf(value: unknown, path = ''): readonly string[] {
  if (typeof value === 'string') return [path === '' ? value : `${path}.${value}`];
  if (typeof value !== 'object' || value === null) return [path];
  return Object.entries(value).flatMap(([key, inner]) => placesOf(inner, path === '' ? key : `${path}.${key}`));
}

function eventText(event: SyncEvent): string {
  const shown = [
    'opId',
    'kind',
    'entityId',
    'reason',
    'phase',
    'strategy',
    'delayMs',
    'message',
    'tryCount',
    'willRetry',
    'upserts',
    'deletes',
  ];
  const parts = Object.entries(event).flatMap(([key, value]) =>
    shown.includes(key) ? [`${key}=${String(value)}`] : [],
  );
  const error = 'error' in event ? ` (${event.error.message})` : '';
  return `${event.type} ${parts.join(' ')}${error}`;
}
