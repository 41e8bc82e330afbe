import type { ChartView } from '../../protocol/engine-view.ts';
import type { LogEntry, StateValueJson, TransitionEntry } from '../../protocol/log-entry.ts';
import { createLogPlace } from '../entries/growing-log.ts';

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

type OpenHistory = { entered: number; spentMs: number; lastEntered: number; readonly visits: StateVisit[] };

/**
 * Counts by state id, over the transitions in the log, reading only what is new since the call before. `now` is by the
 * engine's clock.
 */
export function createStateHistories(): (
  chart: ChartView,
  entries: readonly LogEntry[],
  now: number,
) => ReadonlyMap<string, StateHistory> {
  const place = createLogPlace();
  let counted: ChartView | undefined;
  let idOf: ReadonlyMap<string, string> = new Map();
  let histories = new Map<string, OpenHistory>();
  let active = new Map<string, number>();

  const leave = (id: string, since: number, at: number): void => {
    const history = histories.get(id);
    const last = history?.visits.pop();
    if (history === undefined || last === undefined) return;
    history.spentMs += Math.max(0, at - since);
    history.visits.push({ ...last, tookMs: Math.max(0, at - since) });
  };
  const enter = (id: string, { at, cause, id: entryId }: TransitionEntry): void => {
    const history = histories.get(id) ?? { entered: 0, spentMs: 0, lastEntered: at, visits: [] };
    history.entered += 1;
    history.lastEntered = at;
    history.visits.push({ at, cause, entryId });
    if (history.visits.length > mostVisits) history.visits.shift();
    histories.set(id, history);
  };
  const count = (entry: TransitionEntry): void => {
    const next = new Map<string, number>();
    for (const id of activeStates(entry.value, idOf)) {
      const since = active.get(id);
      next.set(id, since ?? entry.at);
      if (since === undefined) enter(id, entry);
    }
    for (const [id, since] of active) if (!next.has(id)) leave(id, since, entry.at);
    active = next;
  };

  return (chart, entries, now) => {
    const { isAnew, from } = place(entries);
    const begin = isAnew || chart !== counted ? 0 : from;
    if (begin === 0) [counted, idOf, histories, active] = [chart, pathsOf(chart), new Map(), new Map()];
    for (let index = begin; index < entries.length; index += 1) {
      const entry = entries[index];
      if (entry?.type === 'transition') count(entry);
    }
    const told = new Map<string, StateHistory>();
    for (const [id, history] of histories) {
      const since = active.get(id);
      const spentMs = history.spentMs + (since === undefined ? 0 : Math.max(0, now - since));
      told.set(id, { ...history, spentMs, visits: [...history.visits] });
    }
    return told;
  };
}

/** The newest transition; undefined before the first. */
export const lastTransition = (entries: readonly LogEntry[]): TransitionEntry | undefined =>
  entries.findLast((entry) => entry.type === 'transition');

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
