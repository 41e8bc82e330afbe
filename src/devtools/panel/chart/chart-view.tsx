import { useMemo, useState, type ReactNode } from 'react';
import { overviewDrawing } from '../../views/chart/chart-drawing.ts';
import { createStateHistories, lastTransition, type StateHistory } from '../../views/chart/chart-history.ts';
import { describeTime } from '../../views/words/describe-time.ts';
import { ChartOutline } from './chart-outline.tsx';
import { ChartStateDetail } from './chart-state-detail.tsx';
import { usePanelState } from '../context/panel-context.tsx';
import type { PanelViewProps } from '../context/panel-view.ts';
import { EmptyState } from '../parts/empty-state.tsx';
import { useDrawnChart } from './use-drawn-chart.ts';

/** The machine as it is defined, with the states that are active lit, and the same as a list. */
export function ChartPanelView({ onOpen }: PanelViewProps): ReactNode {
  const { engine, view, entries, revision } = usePanelState();
  const [options, setOptions] = useState(overviewDrawing);
  const [selected, setSelected] = useState<string>();
  const chart = engine?.chart;
  const { DrawnChart, problem, tryAgain } = useDrawnChart();
  const active = useMemo(() => new Set(view?.active), [view]);
  // The list grows in place; its revision tells that it did.
  const [historiesOf] = useState(() => createStateHistories());
  const histories = useMemo(
    () =>
      chart === undefined || view === undefined
        ? new Map<string, StateHistory>()
        : historiesOf(chart, entries, view.at),
    [historiesOf, chart, view, entries, revision],
  );
  const last = lastTransition(entries);
  if (chart === undefined || view === undefined) return <EmptyState title="No engine yet" />;
  const toggle = (name: keyof typeof options, label: string, isFixed = false): ReactNode => (
    <label className="sc-actions">
      <input
        type="checkbox"
        checked={options[name]}
        disabled={isFixed}
        onChange={(event) => setOptions({ ...options, [name]: event.target.checked })}
      />
      {label}
    </label>
  );

  return (
    <>
      <div className="sc-toolbar">
        {toggle('isOverview', 'overview')}
        {toggle('showsCommands', 'commands', options.isOverview)}
        {toggle('showsFailures', 'failures', options.isOverview)}
        {toggle('showsSteps', 'inner steps', options.isOverview)}
        <span className="grow" />
        <span className="quiet clip" role="status">
          {last === undefined ? 'nothing has moved yet' : `last: ${last.cause}, ${describeTime(last.at)}`}
        </span>
      </div>
      <div className="sc-chart">
        <ChartOutline chart={chart} active={active} histories={histories} selected={selected} onSelect={setSelected} />
        {DrawnChart !== undefined ? (
          <DrawnChart
            chart={chart}
            options={options}
            active={active}
            last={last}
            selected={selected}
            onSelect={setSelected}
          />
        ) : problem === undefined ? (
          <p className="sc-empty" role="status">
            Loading the drawing…
          </p>
        ) : (
          <div className="sc-empty" role="alert">
            <p>The drawing cannot be loaded: {problem}. The list shows the same states.</p>
            <button type="button" className="sc-button" onClick={tryAgain}>
              Try again
            </button>
          </div>
        )}
        {selected !== undefined && (
          <ChartStateDetail
            chart={chart}
            id={selected}
            history={histories.get(selected)}
            isActive={active.has(selected)}
            onClose={() => setSelected(undefined)}
            onSelect={setSelected}
            onEntry={(entryId) => onOpen('timeline', String(entryId))}
          />
        )}
      </div>
    </>
  );
}
