import type { EntityManager, EntityMetadata, ObjectLiteral } from 'typeorm';
import type { RelationMetadata } from 'typeorm/metadata/RelationMetadata.js';

/** A loaded list of children, and those that were in it. */
interface LoadedList {
  readonly relation: RelationMetadata;
  readonly ids: ReadonlySet<string>;
}
/** A list that is about to be saved. */
export interface ListToSave extends LoadedList {
  readonly parent: ObjectLiteral;
  readonly list: ObjectLiteral[];
}

const keyOf = (metadata: EntityMetadata, entity: ObjectLiteral): string =>
  JSON.stringify(metadata.getEntityIdMap(entity) ?? null);

/**
 * TypeORM takes a saved list of children for all there are, and frees or deletes the others. What came since the list
 * was loaded, from a pull for one, was never in it: the user has taken nothing away there (F-140).
 */
export class LoadedChildren {
  readonly #lists = new WeakMap<object, readonly LoadedList[]>();

  /** Remembers the lists of an entity that was loaded. */
  keep(metadata: EntityMetadata, entity: ObjectLiteral): void {
    const lists = metadata.oneToManyRelations.flatMap((relation): LoadedList[] => {
      const list: unknown = relation.isLazy ? undefined : relation.getEntityValue(entity);
      if (!Array.isArray(list)) return [];
      return [
        {
          relation,
          ids: new Set((list as readonly ObjectLiteral[]).map((child) => keyOf(relation.inverseEntityMetadata, child))),
        },
      ];
    });
    if (lists.length > 0) this.#lists.set(entity, lists);
  }

  /** The remembered lists of an entity that is about to be saved. */
  of(entity: ObjectLiteral): readonly ListToSave[] {
    return (this.#lists.get(entity) ?? []).flatMap((known): ListToSave[] => {
      const list: unknown = known.relation.getEntityValue(entity);
      return Array.isArray(list) ? [{ ...known, parent: entity, list: list as ObjectLiteral[] }] : [];
    });
  }

  /** Runs `save` with the children that came since in their lists; takes them out again. */
  async withNewcomers<T>(manager: EntityManager, lists: readonly ListToSave[], save: () => Promise<T>): Promise<T> {
    const added: { readonly list: ObjectLiteral[]; readonly child: ObjectLiteral }[] = [];
    for (const { relation, parent, list, ids } of lists) {
      const { inverseEntityMetadata: children, inverseRelation, entityMetadata } = relation;
      const parentId = entityMetadata.getEntityIdMap(parent);
      if (parentId === undefined || inverseRelation === undefined) continue;
      const stored = await manager.find(children.target, {
        select: Object.fromEntries(children.primaryColumns.map((column) => [column.propertyName, true])),
        where: { [inverseRelation.propertyName]: parentId },
        withDeleted: true,
        loadEagerRelations: false,
      });
      const present = new Set(list.map((child) => keyOf(children, child)));
      for (const child of stored) {
        const key = keyOf(children, child);
        if (!ids.has(key) && !present.has(key)) added.push({ list, child });
      }
    }
    for (const { list, child } of added) list.push(child);
    try {
      return await save();
    } finally {
      for (const { list, child } of added) list.splice(list.indexOf(child), 1);
    }
  }

  /** As {@link keep}, after a save. */
  keepSaved(lists: readonly ListToSave[]): void {
    for (const { parent, relation } of lists) this.keep(relation.entityMetadata, parent);
  }
}
