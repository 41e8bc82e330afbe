import type { EntityMetadata, ObjectLiteral } from 'typeorm';
import type { ColumnMetadata } from 'typeorm/metadata/ColumnMetadata.js';

const isObject = (value: unknown): value is ObjectLiteral =>
  typeof value === 'object' && value !== null && !(value instanceof Promise);

/**
 * Calls `visit` once for each entity and everything reachable from it. Skips lazy relations, because reading them would
 * load them.
 */
export function walkGraph(
  entities: readonly unknown[],
  metadataOf: (entity: object) => EntityMetadata | undefined,
  visit: (metadata: EntityMetadata, entity: ObjectLiteral) => void,
): void {
  const visited = new Set<object>();
  const walk = (metadata: EntityMetadata | undefined, entity: unknown): void => {
    if (metadata === undefined || !isObject(entity) || visited.has(entity)) return;
    visited.add(entity);
    visit(metadata, entity);
    for (const relation of metadata.relations) {
      const value: unknown = relation.isLazy ? undefined : relation.getEntityValue(entity);
      if (value === undefined || value === null) continue;
      for (const related of Array.isArray(value) ? (value as readonly unknown[]) : [value])
        walk(relation.inverseEntityMetadata, related);
    }
  };
  for (const entity of entities) if (isObject(entity)) walk(metadataOf(entity), entity);
}

/** The entity objects that a save may write, by table and id. */
export class SavedGraph {
  readonly #entities = new Map<EntityMetadata, Map<string, ObjectLiteral[]>>();

  #aside: readonly { readonly entity: ObjectLiteral; readonly column: ColumnMetadata; readonly value: unknown }[] = [];

  constructor(readonly isQuiet: boolean) {}

  /** Removes a value from an entity during the save, because TypeORM does not write undefined. */
  setAside(entity: ObjectLiteral, column: ColumnMetadata): void {
    const value: unknown = column.getEntityValue(entity);
    column.setEntityValue(entity, undefined);
    this.#aside = [...this.#aside, { entity, column, value }];
  }

  /** Names of the removed columns of an entity. Their current values come from TypeORM, which reads them as empty. */
  asideOf(entity: object): readonly string[] {
    return this.#aside.filter((aside) => aside.entity === entity).map(({ column }) => column.databaseName);
  }

  /** Restores the values. Call it when the save has ended, successfully or not. */
  putBack(): void {
    for (const { entity, column, value } of this.#aside) column.setEntityValue(entity, value);
    this.#aside = [];
  }

  add(metadata: EntityMetadata, entity: ObjectLiteral): void {
    const id = idOf(metadata, entity);
    if (id === undefined) return;
    const byId = this.#entities.get(metadata) ?? new Map<string, ObjectLiteral[]>();
    this.#entities.set(metadata, byId);
    byId.set(id, [...(byId.get(id) ?? []), entity]);
  }

  /** The objects that represent a stored row. */
  of(metadata: EntityMetadata, stored: ObjectLiteral): readonly ObjectLiteral[] {
    const id = idOf(metadata, stored);
    return id === undefined ? [] : (this.#entities.get(metadata)?.get(id) ?? []);
  }
}

function idOf(metadata: EntityMetadata, entity: ObjectLiteral): string | undefined {
  const id: unknown = metadata.primaryColumns[0]?.getEntityValue(entity);
  return typeof id === 'string' || typeof id === 'number' ? String(id) : undefined;
}
