import { useMemo, useState, type ReactNode } from 'react';
import { plainDrawing } from '../../views/chart/chart-drawing.ts';
import { createStateHistories, lastTransition, type StateHistory } from '../../views/chart/chart-history.ts';
import { takenStep } from '../../views/chart/chart-taken.ts';
import { describeTime } from '../../views/words/describe-time.ts';
import { ChartCanvas } from './chart-canvas.tsx';
import { ChartOutline } from './chart-outline.tsx';
import { ChartStateDetail } from './chart-state-detail.tsx';
import { usePanelState } from '../context/panel-context.tsx';
import type { PanelViewProps } from '../context/panel-view.ts';
import { EmptyState } from '../parts/empty-state.tsx';
import { useChartDrawing } from './use-chart-drawing.ts';

/** The machine as it is defined, with the states that are active lit, and the same as a list. */
export function ChartPanelView({ onOpen }: PanelViewProps): ReactNode {
  const { engine, view, entries, revision } = usePanelState();
  const [options, setOptions] = useState(plainDrawing);
  const [selected, setSelected] = useState<string>();
  const chart = engine?.chart;
  const drawing = useChartDrawing(chart, options);
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
  const taken = useMemo(
    () =>
      chart === undefined || drawing === undefined
        ? undefined
        : takenStep(chart, drawing.arrows, options, last, active),
    [chart, drawing, options, last, active],
  );
  if (chart === undefined || view === undefined) return <EmptyState title="No engine yet" />;
  const toggle = (name: keyof typeof options, label: string): ReactNode => (
    <label className="sc-actions">
      <input
        type="checkbox"
        checked={options[name]}
        onChange={(event) => setOptions({ ...options, [name]: event.target.checked })}
      />
      {label}
    </label>
  );

  return (
    <>
      <div className="sc-toolbar">
        {toggle('showsCommands', 'commands')}
        {toggle('showsFailures', 'failures')}
        {toggle('showsSteps', 'inner steps')}
        <span className="grow" />
        <span className="quiet clip" role="status">
          {last === undefined ? 'nothing has moved yet' : `last: ${last.cause}, ${describeTime(last.at)}`}
        </span>
      </div>
      <div className="sc-chart">
        <ChartOutline chart={chart} active={active} histories={histories} selected={selected} onSelect={setSelected} />
        {drawing === undefined || taken === undefined ? (
          <p className="sc-empty" role="status">
            Drawing…
          </p>
        ) : (
          <ChartCanvas
            drawing={drawing}
            active={active}
            taken={taken}
            turn={last?.id ?? 0}
            selected={selected}
            onSelect={setSelected}
          />
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
