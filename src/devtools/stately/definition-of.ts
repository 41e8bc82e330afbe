import type { JsonObject } from '../../model/values/json.ts';
import type { ChartState, ChartView } from '../protocol/engine-view.ts';

/** Writes a chart as the configuration that Stately's tools draw: names only, no code and no data. */
export function definitionOf({ root, states, transitions }: ChartView): JsonObject {
  const config = (state: ChartState): JsonObject => {
    const inner = states.filter(({ parent }) => parent === state.id);
    const initial = inner.find(({ isInitial }) => isInitial);
    const own = transitions.filter(({ source }) => source === state.id);
    const on: Record<string, JsonObject[]> = {};
    for (const { event, target, guard, actions } of own)
      (on[event] ??= []).push({
        ...(target === state.id ? {} : { target: `#${target}` }),
        ...(guard === undefined ? {} : { guard }),
        actions: [...actions],
      });
    return {
      id: state.id,
      ...(state.type === 'parallel' || state.type === 'final' || state.type === 'history' ? { type: state.type } : {}),
      ...(initial === undefined || state.type === 'parallel' ? {} : { initial: initial.name }),
      ...(state.tags.length === 0 ? {} : { tags: [...state.tags] }),
      ...(state.entry.length === 0 ? {} : { entry: [...state.entry] }),
      ...(state.exit.length === 0 ? {} : { exit: [...state.exit] }),
      ...(inner.length === 0 ? {} : { states: Object.fromEntries(inner.map((child) => [child.name, config(child)])) }),
      ...(own.length === 0 ? {} : { on }),
    };
  };
  const top = states.find(({ id }) => id === root);
  return top === undefined ? { id: root } : config(top);
}
