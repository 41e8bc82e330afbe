import { useCallback, useEffect, useState, type ComponentType } from 'react';
import type { DrawnChartProps } from './drawn-chart.tsx';

export interface LoadedChart {
  /** Undefined until it is loaded. */
  readonly DrawnChart?: ComponentType<DrawnChartProps> | undefined;
  /** Why it could not be loaded. */
  readonly problem?: string | undefined;
  readonly tryAgain: () => void;
}

/** Loads the drawing when the first chart is shown. */
export function useDrawnChart(): LoadedChart {
  const [loaded, setLoaded] = useState<Omit<LoadedChart, 'tryAgain'>>({});
  const [turn, setTurn] = useState(0);
  useEffect(() => {
    let isOver = false;
    const show = (result: Omit<LoadedChart, 'tryAgain'>): void => {
      if (!isOver) setLoaded(result);
    };
    import('./drawn-chart.tsx').then(
      ({ DrawnChart }) => show({ DrawnChart }),
      (error: unknown) => show({ problem: error instanceof Error ? error.message : String(error) }),
    );
    return () => {
      isOver = true;
    };
  }, [turn]);
  const tryAgain = useCallback(() => {
    setLoaded({});
    setTurn((before) => before + 1);
  }, []);
  return { ...loaded, tryAgain };
}
