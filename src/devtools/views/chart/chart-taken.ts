import type { ChartTransition, ChartView } from '../../protocol/engine-view.ts';
import type { TransitionEntry } from '../../protocol/log-entry.ts';
import { arrowEndsOf, shownStates, type ChartArrow, type DrawingOptions } from './chart-drawing.ts';

/** Where the last step of the chart went: ids of arrows, and of states that it led to. */
export interface TakenStep {
  readonly arrows: ReadonlySet<string>;
  readonly reached: ReadonlySet<string>;
}

/**
 * Finds the way of the last step, over all its microsteps. An entry names the states that were left, in order; where
 * each led to is read from the next one, and from what is active now. Arrows that are not drawn are missing; the states
 * are not.
 */
export function takenStep(
  chart: ChartView,
  arrows: readonly ChartArrow[],
  options: Pick<DrawingOptions, 'isOverview' | 'showsSteps'>,
  last: Pick<TransitionEntry, 'cause' | 'sources'> | undefined,
  active: ReadonlySet<string>,
): TakenStep {
  if (last === undefined) return { arrows: new Set(), reached: new Set() };
  const { standIn } = shownStates(chart, options);
  const endsOf = arrowEndsOf(chart, options);
  const parents = new Map(chart.states.map(({ id, parent }) => [id, parent]));
  const isWithin = (id: string, outer: string): boolean => {
    for (let own: string | undefined = id; own !== undefined; own = parents.get(own)) if (own === outer) return true;
    return false;
  };
  const taken = new Set<string>();
  const reached = new Set<string>();
  for (const [index, source] of last.sources.entries()) {
    const later = last.sources.slice(index + 1);
    for (const transition of chart.transitions) {
      if (transition.source !== source || !isOf(transition, last.cause)) continue;
      if (!active.has(transition.target) && !later.some((id) => isWithin(id, transition.target))) continue;
      const to = standIn.get(transition.target);
      if (to !== undefined && active.has(transition.target)) reached.add(to);
      const ends = endsOf(transition);
      const arrow = arrows.find(({ source: from, target }) => from === ends?.source && target === ends.target);
      if (arrow !== undefined) taken.add(arrow.id);
    }
  }
  return { arrows: taken, reached };
}

/** Whether the event led along it: by name, by the beginning of its name, or none was needed. */
const isOf = ({ event }: ChartTransition, cause: string): boolean =>
  event === '' || event === cause || (event.endsWith('*') && cause.startsWith(event.slice(0, -1)));
