import { useEffect, useState } from 'react';
import type { ChartView } from '../../protocol/engine-view.ts';
import { toDrawing, toElkGraph, type ChartDrawing, type DrawingOptions } from '../../views/chart/chart-drawing.ts';

/** Lays a chart out; undefined until that is done. ELK is loaded when the first chart is shown. */
export function useChartDrawing(
  chart: ChartView | undefined,
  { showsSteps, showsCommands, showsFailures }: DrawingOptions,
): ChartDrawing | undefined {
  const [drawing, setDrawing] = useState<ChartDrawing>();
  useEffect(() => {
    if (chart === undefined) return undefined;
    let isOver = false;
    const options = { showsSteps, showsCommands, showsFailures };
    const draw = async (): Promise<void> => {
      const { Elk } = await import('./elk.ts');
      const laidOut = await new Elk().layout(toElkGraph(chart, options));
      if (!isOver) setDrawing(toDrawing(chart, laidOut, options));
    };
    // Without a drawing there is still the list of states.
    draw().catch(() => setDrawing(undefined));
    return () => {
      isOver = true;
    };
  }, [chart, showsSteps, showsCommands, showsFailures]);
  return drawing;
}
