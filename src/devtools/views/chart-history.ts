import type { ChartView } from '../protocol/engine-view.ts';
import type { LogEntry, StateValueJson, TransitionEntry } from '../protocol/log-entry.ts';

/** One stay in a state. */
export interface StateVisit {
  /** Epoch ms. */
  readonly at: number;
  /** What led there. */
  readonly cause: string;
  /** Absent while it lasts. */
  readonly tookMs?: number | undefined;
  readonly entryId: number;
}

/** Most visits of a state that are told, the newest. */
const mostVisits = 20;

/** How often a state was entered, and how long the chart has been in it, as far as the log reaches. */
export interface StateHistory {
  readonly entered: number;
  readonly spentMs: number;
  /** Epoch ms of the last time it was entered. */
  readonly lastEntered?: number | undefined;
  /** Oldest first, at most twenty. */
  readonly visits: readonly StateVisit[];
}

/** Counts by state id, over the transitions in the log. `now` is by the engine's clock. */
export function stateHistories(chart: ChartView, entries: readonly LogEntry[], now: number): ReadonlyMap<string, StateHistory> {
  const idOf = pathsOf(chart);
  const histories = new Map<string, { entered: number; spentMs: number; lastEntered?: number; visits: StateVisit[] }>();
  let active = new Map<string, number>();
  const leave = (id: string, since: number, at: number): void => {
    const history = histories.get(id);
    if (history === undefined) return;
    history.spentMs += Math.max(0, at - since);
    const last = history.visits.pop();
    if (last !== undefined) history.visits.push({ ...last, tookMs: Math.max(0, at - since) });
  };
  for (const entry of entries) {
    if (entry.type !== 'transition') continue;
    const next = new Map<string, number>();
    for (const id of activeStates(entry.value, idOf)) {
      const since = active.get(id);
      next.set(id, since ?? entry.at);
      if (since !== undefined) continue;
      const history = histories.get(id) ?? { entered: 0, spentMs: 0, visits: [] };
      history.visits.push({ at: entry.at, cause: entry.cause, entryId: entry.id });
      if (history.visits.length > mostVisits) history.visits.shift();
      histories.set(id, { ...history, entered: history.entered + 1, lastEntered: entry.at });
    }
    for (const [id, since] of active) if (!next.has(id)) leave(id, since, entry.at);
    active = next;
  }
  for (const [id, since] of active) {
    const history = histories.get(id);
    if (history !== undefined) history.spentMs += Math.max(0, now - since);
  }
  return histories;
}

/** The newest transition; undefined before the first. */
export const lastTransition = (entries: readonly LogEntry[]): TransitionEntry | undefined => entries.findLast((entry) => entry.type === 'transition');

/** State ids by their path of names, since a state may have an id of its own. */
function pathsOf(chart: ChartView): ReadonlyMap<string, string> {
  const byId = new Map(chart.states.map((state) => [state.id, state]));
  const pathOf = (id: string): string => {
    const state = byId.get(id);
    return state?.parent === undefined ? '' : `${pathOf(state.parent)}/${state.name}`;
  };
  return new Map(chart.states.map(({ id }) => [pathOf(id), id]));
}

function activeStates(value: StateValueJson, idOf: ReadonlyMap<string, string>, path = ''): readonly string[] {
  const inner = typeof value === 'string' ? { [value]: {} } : value;
  return Object.entries(inner).flatMap(([name, below]) => {
    const own = `${path}/${name}`;
    const id = idOf.get(own);
    return [...(id === undefined ? [] : [id]), ...activeStates(below, idOf, own)];
  });
}
