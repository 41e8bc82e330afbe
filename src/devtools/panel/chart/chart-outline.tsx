import type { ReactNode } from 'react';
import type { ChartState, ChartView } from '../../protocol/engine-view.ts';
import type { StateHistory } from '../../views/chart/chart-history.ts';
import { describeDuration } from '../../views/words/describe-time.ts';
import { Dot } from '../parts/badge.tsx';

export interface ChartOutlineProps {
  readonly chart: ChartView;
  readonly active: ReadonlySet<string>;
  readonly histories: ReadonlyMap<string, StateHistory>;
  readonly selected: string | undefined;
  readonly onSelect: (id: string) => void;
}

/** The chart as a list: what the drawing shows, for keyboards, screen readers and narrow panels. */
export const ChartOutline = (props: ChartOutlineProps): ReactNode => (
  <nav className="sc-scroll sc-outline" aria-label="States" tabIndex={0}>
    <Branch {...props} parent={props.chart.root} />
  </nav>
);

function Branch({ parent, ...props }: ChartOutlineProps & { readonly parent: string }): ReactNode {
  const states = props.chart.states.filter((state) => state.parent === parent && state.type !== 'history');
  if (states.length === 0) return null;
  return (
    <ul>
      {states.map((state) => (
        <li key={state.id}>
          <Line {...props} state={state} />
          <Branch {...props} parent={state.id} />
        </li>
      ))}
    </ul>
  );
}

function Line({
  state,
  active,
  histories,
  selected,
  onSelect,
}: ChartOutlineProps & { readonly state: ChartState }): ReactNode {
  const isActive = active.has(state.id);
  const history = histories.get(state.id);
  return (
    <button
      type="button"
      className="sc-outline-line"
      aria-current={selected === state.id}
      data-active={isActive}
      onClick={() => onSelect(state.id)}
    >
      <Dot tone={isActive ? 'info' : 'idle'} />
      <span className="clip">
        {state.name}
        {isActive && <span className="sr-only"> (active)</span>}
      </span>
      {history !== undefined && (
        <span className="quiet number">
          {history.entered}× {describeDuration(history.spentMs)}
        </span>
      )}
    </button>
  );
}
