import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { strongComponents } from '../../src/rules/values/strong-components.ts';

const graphOf = (edges: readonly (readonly [string, string])[]): Map<string, Set<string>> => {
  const graph = new Map<string, Set<string>>();
  for (const [from, to] of edges) graph.set(from, (graph.get(from) ?? new Set()).add(to));
  return graph;
};
const sorted = (groups: readonly (readonly string[])[]): readonly string[] =>
  groups.map((group) => [...group].sort().join('')).sort();

describe('groups of mutually reachable nodes', () => {
  test('a chain and a self-referencing node form no group', () => {
    expect(
      strongComponents(
        graphOf([
          ['a', 'b'],
          ['b', 'c'],
          ['c', 'c'],
          ['d', 'unknown'],
        ]),
      ),
    ).toEqual([]);
  });

  test('a group precedes the groups that reach it', () => {
    const groups = strongComponents(
      graphOf([
        ['a', 'b'],
        ['b', 'a'],
        ['b', 'c'],
        ['c', 'd'],
        ['d', 'c'],
      ]),
    );
    expect(groups.map((group) => [...group].sort().join(''))).toEqual(['cd', 'ab']);
  });

  test('a cycle of 100,000 nodes does not overflow the stack', () => {
    const length = 100_000;
    const graph = graphOf(Array.from({ length }, (_, index) => [`${index}`, `${(index + 1) % length}`] as const));
    expect(strongComponents(graph)[0]).toHaveLength(length);
  });

  test('agrees with a search from each node', () => {
    const node = fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f');
    fc.assert(
      fc.property(fc.array(fc.tuple(node, node), { maxLength: 14 }), (edges) => {
        const graph = graphOf(edges);
        const reached = (from: string): ReadonlySet<string> => {
          const found = new Set<string>();
          for (const next of [...(graph.get(from) ?? [])]) visit(next, found);
          return found;
        };
        const visit = (at: string, found: Set<string>): void => {
          if (found.has(at)) return;
          found.add(at);
          for (const next of graph.get(at) ?? []) visit(next, found);
        };
        const groups = new Set(
          [...graph.keys()].map((from) =>
            [...reached(from)]
              .filter((to) => reached(to).has(from))
              .sort()
              .join(''),
          ),
        );
        expect(sorted(strongComponents(graph))).toEqual([...groups].filter((group) => group.length > 1).sort());
      }),
    );
  });
});
