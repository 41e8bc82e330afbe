import { chartViewOf } from '../../src/devtools/agent/recording/chart-view.ts';
import type { ChartState, ChartTransition, ChartView } from '../../src/devtools/protocol/engine-view.ts';
import { syncMachine } from '../../src/machines/sync-machine.ts';

const nameOf = (id: string): string => id.replaceAll(/[^a-zA-Z0-9]/g, '_');

/**
 * Events between the same two states share an arrow; guards are left out, since the order of the candidates is theirs
 * to explain.
 */
function arrowsIn(inside: readonly ChartTransition[], indent: string): readonly string[] {
  const byEnds = new Map<string, Set<string>>();
  for (const { source, target, event } of inside) {
    const ends = `${nameOf(source)} --> ${nameOf(target)}`;
    byEnds.set(ends, (byEnds.get(ends) ?? new Set()).add(event === '' ? 'always' : event));
  }
  return [...byEnds].map(([ends, events]) => `${indent}${ends} : ${[...events].join(', ')}`);
}

/** One region of the chart as a Mermaid state diagram. */
function diagramOf(view: ChartView, region: ChartState): string {
  const isBelow = (id: string): boolean => id === region.id || ancestorsOf(view, id).includes(region.id);
  const draw = (state: ChartState, indent: string): readonly string[] => {
    const children = view.states.filter(({ parent, type }) => parent === state.id && type !== 'history');
    if (children.length === 0) return [`${indent}state "${state.name}" as ${nameOf(state.id)}`];
    const initial = children.find(({ isInitial }) => isInitial);
    return [
      `${indent}state "${state.name}" as ${nameOf(state.id)} {`,
      ...(initial === undefined ? [] : [`${indent}  [*] --> ${nameOf(initial.id)}`]),
      ...children.flatMap((child) => draw(child, `${indent}  `)),
      `${indent}}`,
    ];
  };
  const ends = view.transitions.map((arrow) => ({ ...arrow, target: historyOf(view, arrow.target) }));
  // An arrow from a state to itself only counts or tells something: the table of transitions has those.
  const moving = ends.filter(({ source, target }) => source !== target && isBelow(source) && isBelow(target));
  const isInward = ({ source, target }: ChartTransition): boolean => ancestorsOf(view, target).includes(source);
  const inward = moving.filter((arrow) => isInward(arrow));
  return [
    '```mermaid',
    'stateDiagram-v2',
    ...view.states
      .filter(({ parent }) => parent === region.id)
      .flatMap((state) => [...(state.isInitial ? [`  [*] --> ${nameOf(state.id)}`] : []), ...draw(state, '  ')]),
    ...arrowsIn(
      moving.filter((arrow) => !isInward(arrow)),
      '  ',
    ),
    '```',
    '',
    // Mermaid draws no arrow from a state into itself.
    'Transitions from a state to one inside it:',
    '',
    ...new Set(
      inward.map(
        ({ source, target, event }) =>
          `- \`${source.replace('sync.', '')}\`: ${event === '' ? 'always' : event} → \`${target.replace('sync.', '')}\``,
      ),
    ),
  ].join('\n');
}

/** A history state is drawn as the state whose past it is. */
const historyOf = (view: ChartView, id: string): string => {
  const state = view.states.find((one) => one.id === id);
  return state?.type === 'history' ? (state.parent ?? id) : id;
};

function ancestorsOf(view: ChartView, id: string): readonly string[] {
  const parent = view.states.find((state) => state.id === id)?.parent;
  return parent === undefined ? [] : [parent, ...ancestorsOf(view, parent)];
}

const actorsOf = (view: ChartView): readonly string[] =>
  view.states
    .filter(({ invokes }) => invokes.length > 0)
    .map(({ id, invokes, tags }) => `| \`${id.replace('sync.', '')}\` | ${invokes.join(', ')} | ${tags.join(', ')} |`);

/** The page of the documentation that shows the chart, made from the machine itself. */
export function chartPage(): string {
  const view = chartViewOf(syncMachine);
  const regions = view.states.filter(({ parent }) => parent === view.root);
  return [
    '# The chart',
    '',
    'This page is generated from the machine; a test compares the two. The four regions are independent and run in parallel.',
    'It omits self-transitions, guards and actions. `test/machines/transition-table.txt` lists the effect of each event in each place.',
    '',
    ...regions.flatMap((region) => [`## ${region.name}`, '', diagramOf(view, region), '']),
    '## Who works where',
    '',
    '| state | actors | tags |',
    '|---|---|---|',
    ...actorsOf(view),
    '',
  ].join('\n');
}
