/**
 * Finds the groups of nodes in a directed graph that reach each other; omits groups of one. Ignores edges to nodes
 * without an entry. A group comes before the groups that reach it. Works without recursion, so long chains are safe.
 */
export function strongComponents(edges: ReadonlyMap<string, ReadonlySet<string>>): readonly (readonly string[])[] {
  const found: (readonly string[])[] = [];
  const order = new Map<string, number>();
  const lowest = new Map<string, number>();
  const open: string[] = [];
  const isOpen = new Set<string>();
  const lower = (node: string, to: number): void => {
    lowest.set(node, Math.min(lowest.get(node) ?? to, to));
  };
  for (const start of edges.keys()) {
    if (order.has(start)) continue;
    const path = [begin(start)];
    for (let step = path.at(-1); step !== undefined; step = path.at(-1)) {
      const { node, targets } = step;
      const { done, value: target } = targets.next();
      if (done !== true) {
        if (!edges.has(target)) continue;
        if (!order.has(target)) path.push(begin(target));
        else if (isOpen.has(target)) lower(node, order.get(target) ?? 0);
        continue;
      }
      path.pop();
      const before = path.at(-1);
      if (before !== undefined) lower(before.node, lowest.get(node) ?? 0);
      if (lowest.get(node) !== order.get(node)) continue;
      const group = open.splice(open.lastIndexOf(node));
      for (const member of group) isOpen.delete(member);
      if (group.length > 1) found.push(group);
    }
  }
  return found;

  function begin(node: string): { readonly node: string; readonly targets: Iterator<string> } {
    order.set(node, order.size);
    lowest.set(node, order.size - 1);
    open.push(node);
    isOpen.add(node);
    return { node, targets: (edges.get(node) ?? new Set<string>()).values() };
  }
}
