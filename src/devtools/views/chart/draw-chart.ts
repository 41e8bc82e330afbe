import type { ChartView } from '../../protocol/engine-view.ts';
import {
  arrowsOf,
  boxesOf,
  labelOf,
  labelWidth,
  overviewDrawing,
  shownStates,
  type ChartDrawing,
  type DrawingOptions,
  type DrawnArrow,
} from './chart-drawing.ts';
import { chartLayouts, laidOutStates, type LayoutName } from './chart-layouts.ts';

type Area = { readonly x: number; readonly y: number; readonly width: number; readonly height: number };

interface ChartLayout {
  readonly width: number;
  readonly height: number;
  /** By state id, from the top left of the drawing. */
  readonly areas: ReadonlyMap<string, Area>;
  /** By `source target`. */
  readonly paths: ReadonlyMap<string, Pick<DrawnArrow, 'points'> & { readonly label?: { x: number; y: number } }>;
}

/** The name of the layout that was computed for these choices. */
export const layoutNameOf = ({ isOverview, showsSteps, showsCommands, showsFailures }: DrawingOptions): LayoutName => {
  if (isOverview) return 'overview';
  return `full chart${showsSteps ? ' steps' : ''}${showsCommands ? ' commands' : ''}${showsFailures ? ' failures' : ''}`;
};

/**
 * Draws a chart by the layouts that were computed beforehand. Implementations that the app provides do not change them.
 * A machine with other states or transitions gets the overview of the states that are known; undefined where there are
 * none.
 */
export function drawChart(
  chart: ChartView,
  options: DrawingOptions,
): { readonly drawing: ChartDrawing; readonly options: DrawingOptions } | undefined {
  const layout = readLayout(chartLayouts[layoutNameOf(options)]);
  const fits =
    shownStates(chart, options).states.every(({ id }) => layout.areas.has(id)) &&
    arrowsOf(chart, options).every(({ id }) => layout.paths.has(id));
  if (fits || options.isOverview) {
    const drawing = place(chart, layout, options);
    return drawing.states.length === 0 ? undefined : { drawing, options };
  }
  return drawChart(chart, overviewDrawing);
}

/**
 * Each part is a state (`index x y width height`) or an arrow (`index index > x y x y … @ x y` of its label). The
 * indices are those of the list of states.
 */
function readLayout(text: string): ChartLayout {
  const [size = '', ...parts] = text.split(';');
  const ids = laidOutStates.split(' ');
  const idAt = (index: string): string => ids[Number(index)] ?? '';
  const [width = 0, height = 0] = size.split(' ').map(Number);
  const areas = new Map<string, Area>();
  const paths = new Map<string, ReturnType<ChartLayout['paths']['get']> & object>();
  for (const part of parts) {
    const [ends = '', path] = part.split(' > ');
    if (path === undefined) {
      const [index = '', ...numbers] = part.split(' ');
      const [x = 0, y = 0, stateWidth = 0, stateHeight = 0] = numbers.map(Number);
      areas.set(idAt(index), { x, y, width: stateWidth, height: stateHeight });
    } else {
      const [corners = '', label] = path.split(' @ ');
      const [at] = label === undefined ? [] : pointsOf(label);
      paths.set(ends.split(' ').map(idAt).join(' '), {
        points: pointsOf(corners),
        ...(at === undefined ? {} : { label: at }),
      });
    }
  }
  return { width, height, areas, paths };
}

function pointsOf(text: string): readonly { readonly x: number; readonly y: number }[] {
  const numbers = text.split(' ').map(Number);
  return numbers.flatMap((x, index) => (index % 2 === 0 ? [{ x, y: numbers[index + 1] ?? 0 }] : []));
}

/** What both the chart and the layout have. */
function place(chart: ChartView, { width, height, areas, paths }: ChartLayout, options: DrawingOptions): ChartDrawing {
  const boxes = boxesOf(chart, options);
  const withInside = new Set(boxes.values());
  return {
    width,
    height,
    states: shownStates(chart, options).states.flatMap((state) => {
      const area = areas.get(state.id);
      const parent = boxes.get(state.id);
      const around = parent === undefined ? { x: 0, y: 0 } : areas.get(parent);
      if (area === undefined || around === undefined) return [];
      return [{ ...area, state, x: area.x - around.x, y: area.y - around.y, parent, isBox: withInside.has(state.id) }];
    }),
    arrows: arrowsOf(chart, options).flatMap((arrow) => {
      const path = paths.get(arrow.id);
      if (path === undefined) return [];
      const { points, label } = path;
      const shown = label === undefined ? undefined : { ...label, width: labelWidth(labelOf(arrow)) };
      return [{ ...arrow, points, label: shown }];
    }),
  };
}
