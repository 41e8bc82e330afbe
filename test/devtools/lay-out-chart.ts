import Elk, { type ElkExtendedEdge, type ElkNode } from 'elkjs/lib/elk.bundled.js';
import type { ChartState, ChartView } from '../../src/devtools/protocol/engine-view.ts';
import {
  arrowsOf,
  boxesOf,
  labelOf,
  labelWidth,
  overviewDrawing,
  plainDrawing,
  shownStates,
  type DrawingOptions,
} from '../../src/devtools/views/chart/chart-drawing.ts';
import { layoutNameOf } from '../../src/devtools/views/chart/draw-chart.ts';

const rowHeight = 28;
const titleHeight = 26;
const letterWidth = 6.6;

const choices: readonly DrawingOptions[] = [
  overviewDrawing,
  ...[false, true].flatMap((showsSteps) =>
    [false, true].flatMap((showsCommands) =>
      [false, true].map((showsFailures) => ({ ...plainDrawing, showsSteps, showsCommands, showsFailures })),
    ),
  ),
];

/** The source of the module that holds every layout of a chart. */
export async function layoutModule(chart: ChartView): Promise<string> {
  const ids = chart.states.map(({ id }) => id);
  const layouts: string[] = [];
  for (const options of choices) {
    const laidOut = await new Elk().layout(graphOf(chart, options));
    layouts.push(`  ${quoted(layoutNameOf(options))}:\n    '${partsOf(laidOut, ids).join(';')}',\n`);
  }
  return `/* The layouts of the chart, written by \`npm run chart:layouts\`. */

/** The overview, or the full chart and what else is drawn in it. */
export type LayoutName = 'overview' | \`full chart\${'' | ' steps'}\${'' | ' commands'}\${'' | ' failures'}\`;

/** The ids of all states. Layouts name a state by its index. */
export const laidOutStates =
  '${ids.join(' ')}';

/** The size; for each state its place and size, px; for each arrow its ends, corners, and the place of its label. */
export const chartLayouts: Readonly<Record<LayoutName, string>> = {
${layouts.join('')}};
`;
}

const quoted = (name: string): string => (name.includes(' ') ? `'${name}'` : name);

/** Regions and phases are boxes with their states inside. */
function graphOf(chart: ChartView, options: DrawingOptions): ElkNode {
  const { states } = shownStates(chart, options);
  const boxes = boxesOf(chart, options);
  const inside = (box: string | undefined): ElkNode[] =>
    states.filter(({ id }) => boxes.get(id) === box).map((state) => nodeOf(state));
  const nodeOf = ({ id, name }: ChartState): ElkNode => {
    const children = inside(id);
    const width = Math.max(70, Math.round(name.length * letterWidth + 26));
    return children.length === 0
      ? { id, width, height: rowHeight }
      : {
          id,
          children,
          layoutOptions: {
            'elk.padding': `[top=${titleHeight + 8},left=10,bottom=10,right=10]`,
            'elk.nodeSize.constraints': 'MINIMUM_SIZE',
            'elk.nodeSize.minimum': `(${width + 20}, 60)`,
          },
        };
  };
  const edges = arrowsOf(chart, options).map((arrow): ElkExtendedEdge => {
    const text = labelOf(arrow);
    const labels = [{ id: `${arrow.id} label`, text, width: labelWidth(text), height: 14 }];
    return { id: arrow.id, sources: [arrow.source], targets: [arrow.target], ...(text === '' ? {} : { labels }) };
  });
  return {
    id: ' drawing',
    layoutOptions: {
      'elk.algorithm': 'layered',
      'elk.direction': options.isOverview ? 'RIGHT' : 'DOWN',
      'elk.hierarchyHandling': 'INCLUDE_CHILDREN',
      'elk.json.edgeCoords': 'ROOT',
      'elk.json.shapeCoords': 'ROOT',
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
    children: inside(undefined),
    edges,
  };
}

function partsOf(laidOut: ElkNode, ids: readonly string[]): readonly string[] {
  const round = (...places: readonly (number | undefined)[]): string =>
    places.map((place) => Math.round(place ?? 0)).join(' ');
  const states = (node: ElkNode): readonly string[] =>
    (node.children ?? []).flatMap((child) => [
      `${ids.indexOf(child.id)} ${round(child.x, child.y, child.width, child.height)}`,
      ...states(child),
    ]);
  const arrows = (node: ElkNode): readonly string[] => [
    ...(node.edges ?? []).flatMap(
      ({ sources: [from = ''], targets: [to = ''], sections: [section] = [], labels: [label] = [] }) => {
        if (section === undefined) return [];
        const points = [section.startPoint, ...(section.bendPoints ?? []), section.endPoint];
        const at = label === undefined ? '' : ` @ ${round(label.x, label.y)}`;
        return [`${ids.indexOf(from)} ${ids.indexOf(to)} > ${points.map(({ x, y }) => round(x, y)).join(' ')}${at}`];
      },
    ),
    ...(node.children ?? []).flatMap(arrows),
  ];
  return [round(laidOut.width, laidOut.height), ...states(laidOut), ...arrows(laidOut)];
}
