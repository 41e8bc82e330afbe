import type { ChartState, ChartTransition, ChartView } from '../../protocol/engine-view.ts';

/** What of the chart is drawn. */
export interface DrawingOptions {
  /** Draws only what an engine is busy with, as about ten states. The other choices then have no effect. */
  readonly isOverview: boolean;
  /** The small states inside a step, such as whether it was told to pause meanwhile. */
  readonly showsSteps: boolean;
  /** Arrows of commands (capitals). */
  readonly showsCommands: boolean;
  /** Arrows of failed steps. */
  readonly showsFailures: boolean;
}

/** The full chart without the arrows of commands and failures. */
export const plainDrawing: DrawingOptions = {
  isOverview: false,
  showsSteps: false,
  showsCommands: false,
  showsFailures: false,
};
export const overviewDrawing: DrawingOptions = { ...plainDrawing, isOverview: true };

/** All arrows from one state to another, as one line. */
export interface ChartArrow {
  readonly id: string;
  readonly source: string;
  readonly target: string;
  readonly labels: readonly string[];
}

/** A state with its place, px, relative to its parent. */
export interface DrawnState {
  readonly state: ChartState;
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
  readonly parent: string | undefined;
  readonly isBox: boolean;
}

export interface DrawnArrow extends ChartArrow {
  /** Corners from source to target, px from the top left of the drawing. */
  readonly points: readonly { readonly x: number; readonly y: number }[];
  readonly label?: { readonly x: number; readonly y: number; readonly width: number } | undefined;
}

export interface ChartDrawing {
  readonly width: number;
  readonly height: number;
  /** Parents before their children. */
  readonly states: readonly DrawnState[];
  readonly arrows: readonly DrawnArrow[];
}

/** Deeper states are steps inside a step. */
const depthOfSteps = 4;
const mostLabelLetters = 26;

/** Names in the machine of what the overview shows. `running` is a box around the steps of a run. */
const overviewStates: ReadonlySet<string> = new Set([
  'starting',
  'idle',
  'standby',
  'running',
  'pushing',
  'resolvingConflict',
  'pulling',
  'backoff',
  'paused',
  'failed',
  'stopped',
]);
/** The overview shows states that the machine leaves at once as a part of the run. */
const passedStates: ReadonlySet<string> = new Set(['assessing', 'tidying', 'resuming']);

const isCommand = (event: string): boolean => /^[A-Z_]+$/.test(event);
const isFailure = (event: string): boolean => event.startsWith('error ');
const isResult = (event: string): boolean => event.startsWith('done ') || isFailure(event);

/** The states that are drawn, and for each state the one that stands for it. */
export function shownStates(
  chart: ChartView,
  { isOverview, showsSteps }: Pick<DrawingOptions, 'isOverview' | 'showsSteps'>,
): { readonly states: readonly ChartState[]; readonly standIn: ReadonlyMap<string, string> } {
  const byId = new Map(chart.states.map((state) => [state.id, state]));
  const depthOf = ({ parent }: ChartState): number => {
    const above = parent === undefined ? undefined : byId.get(parent);
    return above === undefined ? 0 : 1 + depthOf(above);
  };
  const isShown = (state: ChartState): boolean =>
    isOverview
      ? overviewStates.has(state.id)
      : state.type !== 'history' && state.id !== chart.root && (showsSteps || depthOf(state) < depthOfSteps);
  const nearest = (state: ChartState): string => {
    if (isShown(state)) return state.id;
    if (isOverview && passedStates.has(state.name) && byId.has('running')) return 'running';
    const above = state.parent === undefined ? undefined : byId.get(state.parent);
    return above === undefined ? chart.root : nearest(above);
  };
  return {
    states: chart.states.filter(isShown),
    standIn: new Map(chart.states.map((state) => [state.id, nearest(state)])),
  };
}

/** The innermost drawn box around each drawn state; undefined for those in no box. */
export function boxesOf(
  chart: ChartView,
  options: Pick<DrawingOptions, 'isOverview' | 'showsSteps'>,
): ReadonlyMap<string, string | undefined> {
  const { states, standIn } = shownStates(chart, options);
  return new Map(
    states.map(({ id, parent }) => {
      const box = parent === undefined ? undefined : standIn.get(parent);
      return [id, box === chart.root ? undefined : box];
    }),
  );
}

/**
 * Finds the drawn states that a transition connects; undefined where it would lead from a state to itself. In the
 * overview, an arrow that leaves or enters a box ends at the box, and no arrow connects a box with what is in it.
 */
export function arrowEndsOf(
  chart: ChartView,
  options: Pick<DrawingOptions, 'isOverview' | 'showsSteps'>,
): (
  transition: Pick<ChartTransition, 'source' | 'target'>,
) => { readonly source: string; readonly target: string } | undefined {
  const { standIn } = shownStates(chart, options);
  const boxes = boxesOf(chart, options);
  return ({ source, target }) => {
    const [from, to] = [standIn.get(source), standIn.get(target)];
    if (from === undefined || to === undefined || from === chart.root || to === chart.root) return undefined;
    const boxed = options.isOverview && boxes.get(from) !== boxes.get(to);
    const ends = boxed ? [boxes.get(from) ?? from, boxes.get(to) ?? to] : [from, to];
    const [start = from, end = to] = ends;
    return start === end ? undefined : { source: start, target: end };
  };
}

/**
 * Bundles transitions into arrows between the states that are drawn. An arrow to itself says nothing in a drawing and
 * is left out.
 */
export function arrowsOf(chart: ChartView, options: DrawingOptions): readonly ChartArrow[] {
  const endsOf = arrowEndsOf(chart, options);
  const arrows = new Map<string, { source: string; target: string; labels: Set<string> }>();
  for (const transition of chart.transitions) {
    const { event } = transition;
    const ends = isWanted({ event }, options) ? endsOf(transition) : undefined;
    if (ends === undefined) continue;
    const key = `${ends.source} ${ends.target}`;
    const arrow = arrows.get(key) ?? { ...ends, labels: new Set<string>() };
    if (event !== '' && !(options.isOverview && isResult(event))) arrow.labels.add(event);
    arrows.set(key, arrow);
  }
  return [...arrows].map(([key, { source, target, labels }]) => ({ id: key, source, target, labels: [...labels] }));
}

const isWanted = (
  { event }: Pick<ChartTransition, 'event'>,
  { isOverview, showsCommands, showsFailures }: DrawingOptions,
): boolean =>
  ((showsCommands && !isOverview) || !isCommand(event)) && ((showsFailures && !isOverview) || !isFailure(event));

/** One line of text for an arrow; the rest is in the list beside the drawing. */
export const labelOf = ({ labels }: Pick<ChartArrow, 'labels'>): string => {
  const text = labels.join(', ');
  return text.length > mostLabelLetters ? `${text.slice(0, mostLabelLetters - 1)}…` : text;
};

/** Room for the text of an arrow, px. */
export const labelWidth = (text: string): number => Math.round(text.length * 5.6) + 6;

/** The active state to begin with: the innermost one of the largest region, where the work is done. */
export function whereToBegin({ states }: ChartDrawing, active: ReadonlySet<string>): string | undefined {
  const parents = new Map(states.map(({ state, parent }) => [state.id, parent]));
  const regionOf = (id: string): string => {
    const parent = parents.get(id);
    return parent === undefined ? id : regionOf(parent);
  };
  const sizes = new Map<string, number>();
  for (const { state } of states) sizes.set(regionOf(state.id), (sizes.get(regionOf(state.id)) ?? 0) + 1);
  const leaves = states.filter(({ state, isBox }) => !isBox && active.has(state.id)).map(({ state }) => state.id);
  return leaves.sort((a, b) => (sizes.get(regionOf(b)) ?? 0) - (sizes.get(regionOf(a)) ?? 0))[0];
}

/** Where a state is in the whole drawing; undefined where it is not drawn. */
export function areaOf(
  drawing: ChartDrawing,
  id: string,
): { readonly x: number; readonly y: number; readonly width: number; readonly height: number } | undefined {
  const drawn = drawing.states.find(({ state }) => state.id === id);
  if (drawn === undefined) return undefined;
  const { width, height, parent } = drawn;
  // Places are within the box that a state is in.
  const around = parent === undefined ? undefined : areaOf(drawing, parent);
  return { x: drawn.x + (around?.x ?? 0), y: drawn.y + (around?.y ?? 0), width, height };
}

/** Around a drawing that fits, px. */
const margin = 12;

/** Moves and shrinks a drawing so that a frame shows all of it, in the middle. It is never enlarged. */
export function fittingViewport(
  { width, height }: Pick<ChartDrawing, 'width' | 'height'>,
  frame: { readonly clientWidth: number; readonly clientHeight: number },
): { readonly x: number; readonly y: number; readonly zoom: number } {
  const zoom = Math.min(
    1,
    Math.max(1, frame.clientWidth - 2 * margin) / width,
    Math.max(1, frame.clientHeight - 2 * margin) / height,
  );
  return { x: (frame.clientWidth - width * zoom) / 2, y: (frame.clientHeight - height * zoom) / 2, zoom };
}
