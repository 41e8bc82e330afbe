import type { AnyStateMachine, AnyStateNode } from 'xstate';
import type { ChartState, ChartTransition, ChartView } from '../../protocol/engine-view.ts';
import type { StateValueJson } from '../../protocol/log-entry.ts';

/**
 * Draws up a machine's definition as data, from XState's own state nodes, so that the drawing cannot differ from the
 * chart.
 */
export function chartViewOf(machine: AnyStateMachine): ChartView {
  const states: ChartState[] = [];
  const transitions: ChartTransition[] = [];
  const visit = (node: AnyStateNode): void => {
    states.push({
      id: node.id,
      name: node.key,
      parent: node.parent?.id,
      type: node.type,
      isInitial: isInitial(node),
      tags: [...node.tags],
      invokes: node.invoke.map(({ src }) => nameOf(src)),
      entry: node.entry.map(nameOf),
      exit: node.exit.map(nameOf),
    });
    for (const [descriptor, candidates] of node.transitions)
      for (const candidate of candidates) transitions.push(...arrows(node, descriptor, candidate, transitions.length));
    for (const candidate of node.always ?? []) transitions.push(...arrows(node, '', candidate, transitions.length));
    for (const child of Object.values(node.states)) visit(child);
  };
  visit(machine.root);
  return { root: machine.root.id, states, transitions };
}

type Candidate = NonNullable<AnyStateNode['always']>[number];

function arrows(
  node: AnyStateNode,
  descriptor: string,
  candidate: Candidate,
  count: number,
): readonly ChartTransition[] {
  const targets = candidate.target ?? [];
  // Without a target nothing is entered or left: shown on the state itself.
  const ends = targets.length === 0 ? [node] : targets;
  return ends.map((target, index) => ({
    id: `t${count + index}`,
    source: node.id,
    target: target.id,
    event: eventName(descriptor),
    guard: candidate.guard === undefined ? undefined : guardName(candidate.guard),
    actions: candidate.actions.map(nameOf),
  }));
}

const isInitial = (node: AnyStateNode): boolean =>
  node.parent?.type === 'parallel' || (node.parent?.initial?.target ?? []).includes(node);

/** XState's own events by what they mean. */
export function eventName(descriptor: string): string {
  const [, done] = /^xstate\.done\.actor\.(?:\d+\.)?(.+)$/.exec(descriptor) ?? [];
  if (done !== undefined) return `done ${lastPart(done)}`;
  const [, failed] = /^xstate\.error\.actor\.(?:\d+\.)?(.+)$/.exec(descriptor) ?? [];
  if (failed !== undefined) return `error ${lastPart(failed)}`;
  const [, told] = /^xstate\.snapshot\.(?:\d+\.)?(.+)$/.exec(descriptor) ?? [];
  if (told !== undefined) return `snapshot ${lastPart(told)}`;
  const [, delay] = /^xstate\.after\.([^.]+)\./.exec(descriptor) ?? [];
  return delay === undefined ? descriptor : `after ${delay}`;
}
const lastPart = (id: string): string => id.slice(id.lastIndexOf('.') + 1);

function nameOf(action: unknown): string {
  if (typeof action === 'string') return action;
  if (typeof action === 'function') return action.name === '' ? '(inline)' : action.name;
  if (typeof action === 'object' && action !== null && 'type' in action && typeof action.type === 'string')
    return action.type;
  return '(inline)';
}

/** `and(…)`, `or(…)`, `not(…)` and `stateIn(…)` are functions with their parts on them. */
function guardName(guard: unknown): string {
  if (typeof guard !== 'function') return nameOf(guard);
  const { name } = guard;
  const parts = 'guards' in guard && Array.isArray(guard.guards) ? guard.guards.map(guardName).join(', ') : '';
  return `${name === '' ? 'guard' : name}${parts === '' ? '' : `(${parts})`}`;
}

/** Ids of all states that are active in a state value, the root's own included. */
export function activeIds(node: AnyStateNode, value: StateValueJson): readonly string[] {
  const inner = typeof value === 'string' ? { [value]: {} } : value;
  return [
    node.id,
    ...Object.entries(inner).flatMap(([key, below]) => {
      const child = node.states[key];
      return child === undefined ? [] : activeIds(child, below);
    }),
  ];
}
