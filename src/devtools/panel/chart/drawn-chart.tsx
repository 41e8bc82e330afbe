import { useMemo, type ReactNode } from 'react';
import type { ChartView } from '../../protocol/engine-view.ts';
import type { TransitionEntry } from '../../protocol/log-entry.ts';
import type { DrawingOptions } from '../../views/chart/chart-drawing.ts';
import { takenStep } from '../../views/chart/chart-taken.ts';
import { drawChart } from '../../views/chart/draw-chart.ts';
import { ChartCanvas } from './chart-canvas.tsx';

export interface DrawnChartProps {
  readonly chart: ChartView;
  readonly options: DrawingOptions;
  readonly active: ReadonlySet<string>;
  /** The newest step of the chart. */
  readonly last: TransitionEntry | undefined;
  readonly selected: string | undefined;
  readonly onSelect: (id: string) => void;
}

/** The chart by its layout. It is a module of its own: a page loads it, with React Flow, when the first chart is shown. */
export function DrawnChart({ chart, options, active, last, selected, onSelect }: DrawnChartProps): ReactNode {
  const drawn = useMemo(() => drawChart(chart, options), [chart, options]);
  const taken = useMemo(
    () => (drawn === undefined ? undefined : takenStep(chart, drawn.drawing.arrows, drawn.options, last, active)),
    [chart, drawn, last, active],
  );
  if (drawn === undefined || taken === undefined)
    return (
      <p className="sc-empty" role="status">
        This chart has no drawing. The list shows its states.
      </p>
    );
  return (
    <div className="sc-drawn">
      {drawn.options !== options && (
        <p className="sc-drawn-note quiet" role="status">
          The engine runs another version of the chart: this is its overview. The list shows all states.
        </p>
      )}
      <ChartCanvas
        drawing={drawn.drawing}
        active={active}
        taken={taken}
        turn={last?.id ?? 0}
        selected={selected}
        onSelect={onSelect}
      />
    </div>
  );
}
