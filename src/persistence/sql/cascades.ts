import type { DataSource } from 'typeorm';
import type { Tables, Writes } from './written-tables.ts';

/** The tables that a database itself changes when rows of another are removed or get other keys. */
interface Cascades {
  readonly onDelete: ReadonlyMap<string, readonly string[]>;
  readonly onUpdate: ReadonlyMap<string, readonly string[]>;
}

const passesOn = (action: string | undefined): boolean =>
  action === 'CASCADE' || action === 'SET NULL' || action === 'DEFAULT';
const reach = new WeakMap<object, Cascades>();

/** Reads the foreign keys of the entities. Keys declared only in a migration are unknown here. */
function cascadesOf({ entityMetadatas }: DataSource): Cascades {
  const known = reach.get(entityMetadatas);
  if (known !== undefined) return known;
  const [onDelete, onUpdate] = [new Map<string, string[]>(), new Map<string, string[]>()];
  for (const child of entityMetadatas) {
    for (const foreignKey of child.foreignKeys) {
      const parent = foreignKey.referencedEntityMetadata.tableName.toLowerCase();
      const add = (map: Map<string, string[]>): void =>
        void map.set(parent, [...(map.get(parent) ?? []), child.tableName.toLowerCase()]);
      if (passesOn(foreignKey.onDelete)) add(onDelete);
      if (passesOn(foreignKey.onUpdate)) add(onUpdate);
    }
  }
  const cascades = { onDelete, onUpdate };
  reach.set(entityMetadatas, cascades);
  return cascades;
}

/**
 * The tables that a commit may have changed: those named by its statements, and those that foreign keys reach from
 * there.
 */
export function tablesOf(dataSource: DataSource, { isAll, tables, removed, updated }: Writes): Tables {
  if (isAll) return 'all';
  if (removed.size === 0 && updated.size === 0) return tables;
  const { onDelete, onUpdate } = cascadesOf(dataSource);
  if (onDelete.size === 0 && onUpdate.size === 0) return tables;
  const all = new Set(tables);
  const follow = (from: ReadonlySet<string>, map: ReadonlyMap<string, readonly string[]>): void => {
    const open = [...from];
    const seen = new Set(open);
    for (let table = open.pop(); table !== undefined; table = open.pop()) {
      for (const child of map.get(table) ?? []) {
        all.add(child);
        if (!seen.has(child)) open.push(child);
        seen.add(child);
      }
    }
  };
  follow(removed, onDelete);
  follow(updated, onUpdate);
  return all;
}
