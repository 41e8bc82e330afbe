import type { CapturedTable } from '../entities/captured-table.ts';

/** Sorts tables so that referenced ones come first. A cycle keeps the given order. */
export function parentsFirst(tables: readonly CapturedTable[]): readonly CapturedTable[] {
  const ordered = new Set<CapturedTable>();
  const visited = new Set<CapturedTable>();
  const visit = (table: CapturedTable): void => {
    if (visited.has(table)) return;
    visited.add(table);
    const { foreignKeys, relationsWithJoinColumns } = table.replica.metadata;
    const parents = new Set([
      ...foreignKeys.map(({ referencedEntityMetadata }) => referencedEntityMetadata),
      ...relationsWithJoinColumns.map(({ inverseEntityMetadata }) => inverseEntityMetadata),
    ]);
    for (const parent of tables) if (parents.has(parent.replica.metadata)) visit(parent);
    ordered.add(table);
  };
  tables.forEach(visit);
  return [...ordered];
}
