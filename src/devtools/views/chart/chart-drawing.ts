import type { ElkExtendedEdge, ElkNode } from 'elkjs/lib/elk-api.js';
import type { ChartState, ChartTransition, ChartView } from '../../protocol/engine-view.ts';

/** What of the chart is drawn. */
export interface DrawingOptions {
  /** The small states inside a step, such as whether it was told to pause meanwhile. */
  readonly showsSteps: boolean;
  /** Arrows of commands (capitals). */
  readonly showsCommands: boolean;
  /** Arrows of failed steps. */
  readonly showsFailures: boolean;
}

export const plainDrawing: DrawingOptions = { showsSteps: false, showsCommands: false, showsFailures: false };

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
const rowHeight = 28;
const titleHeight = 26;
const letterWidth = 6.6;
const mostLabelLetters = 26;

const isCommand = (event: string): boolean => /^[A-Z_]+$/.test(event);
const isFailure = (event: string): boolean => event.startsWith('error ');

/** The states that are drawn, and for each state the one that stands for it. */
export function shownStates(
  chart: ChartView,
  { showsSteps }: Pick<DrawingOptions, 'showsSteps'>,
): { readonly states: readonly ChartState[]; readonly standIn: ReadonlyMap<string, string> } {
  const parents = new Map(chart.states.map(({ id, parent }) => [id, parent]));
  const depthOf = (id: string): number => {
    const parent = parents.get(id);
    return parent === undefined ? 0 : 1 + depthOf(parent);
  };
  const isShown = ({ id, type }: ChartState): boolean =>
    type !== 'history' && (showsSteps || depthOf(id) < depthOfSteps);
  const standIn = new Map<string, string>();
  const nearest = (state: ChartState): string => {
    if (isShown(state)) return state.id;
    const parent = chart.states.find(({ id }) => id === state.parent);
    return parent === undefined ? chart.root : nearest(parent);
  };
  for (const state of chart.states) standIn.set(state.id, nearest(state));
  return { states: chart.states.filter(isShown), standIn };
}

/**
 * Bundles transitions into arrows between the states that are drawn. An arrow to itself says nothing in a drawing and
 * is left out.
 */
export function arrowsOf(chart: ChartView, options: DrawingOptions): readonly ChartArrow[] {
  const { standIn } = shownStates(chart, options);
  const arrows = new Map<string, { source: string; target: string; labels: Set<string> }>();
  for (const { source, target, event } of chart.transitions) {
    if (!isWanted({ event }, options)) continue;
    const [from, to] = [standIn.get(source), standIn.get(target)];
    if (from === undefined || to === undefined || from === to || from === chart.root) continue;
    const key = `${from} ${to}`;
    const arrow = arrows.get(key) ?? { source: from, target: to, labels: new Set<string>() };
    if (event !== '') arrow.labels.add(event);
    arrows.set(key, arrow);
  }
  return [...arrows].map(([key, { source, target, labels }]) => ({ id: key, source, target, labels: [...labels] }));
}

const isWanted = (
  { event }: Pick<ChartTransition, 'event'>,
  { showsCommands, showsFailures }: DrawingOptions,
): boolean => (showsCommands || !isCommand(event)) && (showsFailures || !isFailure(event));

/** One line of text for an arrow; the rest is in the list beside the drawing. */
export const labelOf = ({ labels }: Pick<ChartArrow, 'labels'>): string => {
  const text = labels.join(', ');
  return text.length > mostLabelLetters ? `${text.slice(0, mostLabelLetters - 1)}…` : text;
};

/** The graph that ELK lays out: regions and phases as boxes with their states inside. */
export function toElkGraph(chart: ChartView, options: DrawingOptions): ElkNode {
  const { states } = shownStates(chart, options);
  const nodeOf = (state: ChartState): ElkNode => {
    const children = states.filter(({ parent }) => parent === state.id).map(nodeOf);
    const width = Math.max(70, Math.round(state.name.length * letterWidth + 26));
    return children.length === 0
      ? { id: state.id, width, height: rowHeight }
      : {
          id: state.id,
          children,
          layoutOptions: {
            'elk.padding': `[top=${titleHeight + 8},left=10,bottom=10,right=10]`,
            'elk.nodeSize.constraints': 'MINIMUM_SIZE',
            'elk.nodeSize.minimum': `(${width + 20}, 60)`,
          },
        };
  };
  const root = states.find(({ id }) => id === chart.root);
  const edges = arrowsOf(chart, options).map((arrow): ElkExtendedEdge => {
    const text = labelOf(arrow);
    return {
      id: arrow.id,
      sources: [arrow.source],
      targets: [arrow.target],
      ...(text === ''
        ? {}
        : { labels: [{ id: `${arrow.id} label`, text, width: Math.round(text.length * 5.6) + 6, height: 14 }] }),
    };
  });
  return {
    id: ' drawing',
    layoutOptions: {
      'elk.algorithm': 'layered',
      'elk.direction': 'DOWN',
      'elk.hierarchyHandling': 'INCLUDE_CHILDREN',
      'elk.json.edgeCoords': 'ROOT',
      'elk.layered.spacing.nodeNodeBetweenLayers': '30',
      'elk.layered.spacing.edgeNodeBetweenLayers': '14',
      'elk.layered.spacing.edgeEdgeBetweenLayers': '8',
      'elk.spacing.nodeNode': '18',
      'elk.spacing.edgeNode': '10',
      'elk.spacing.componentComponent': '16',
      'elk.aspectRatio': '1.6',
      'elk.edgeLabels.inline': 'true',
      'elk.layered.considerModelOrder.strategy': 'NODES_AND_EDGES',
      'elk.randomSeed': '1',
    },
    children: root === undefined ? [] : states.filter(({ parent }) => parent === root.id).map(nodeOf),
    edges,
  };
}

/** Reads what ELK laid out. */
export function toDrawing(chart: ChartView, laidOut: ElkNode, options: DrawingOptions): ChartDrawing {
  const byId = new Map(chart.states.map((state) => [state.id, state]));
  const states: DrawnState[] = [];
  const visit = (node: ElkNode, parent: string | undefined): void => {
    const state = byId.get(node.id);
    if (state === undefined) return;
    const { x = 0, y = 0, width = 0, height = 0, children = [] } = node;
    states.push({ state, x, y, width, height, parent, isBox: children.length > 0 });
    for (const child of children) visit(child, node.id);
  };
  for (const node of laidOut.children ?? []) visit(node, undefined);
  const arrows = new Map(arrowsOf(chart, options).map((arrow) => [arrow.id, arrow]));
  return {
    width: laidOut.width ?? 0,
    height: laidOut.height ?? 0,
    states,
    arrows: edgesOf(laidOut).flatMap((edge): DrawnArrow[] => {
      const arrow = arrows.get(edge.id);
      const [section] = edge.sections ?? [];
      if (arrow === undefined || section === undefined) return [];
      const [label] = edge.labels ?? [];
      return [
        {
          ...arrow,
          points: [section.startPoint, ...(section.bendPoints ?? []), section.endPoint],
          ...(label === undefined ? {} : { label: { x: label.x ?? 0, y: label.y ?? 0, width: label.width ?? 0 } }),
        },
      ];
    }),
  };
}

const edgesOf = (node: ElkNode): readonly ElkExtendedEdge[] => [
  ...(node.edges ?? []),
  ...(node.children ?? []).flatMap(edgesOf),
];

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
