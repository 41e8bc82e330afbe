import type { EntityManager, EntityMetadata, ObjectLiteral } from 'typeorm';
import type { RelationMetadata } from 'typeorm/metadata/RelationMetadata.js';

/** A loaded list of children and its original members. */
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
 * TypeORM treats a saved list of children as complete, and frees or deletes all others. A child that arrived after the
 * list was loaded, for example by a pull, was never in it. The user has not removed it (F-140).
 */
export class LoadedChildren {
  readonly #lists = new WeakMap<object, readonly LoadedList[]>();

  /** Stores the lists of a loaded entity. */
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

  /** The stored lists of an entity that is about to be saved. */
  of(entity: ObjectLiteral): readonly ListToSave[] {
    return (this.#lists.get(entity) ?? []).flatMap((known): ListToSave[] => {
      const list: unknown = known.relation.getEntityValue(entity);
      return Array.isArray(list) ? [{ ...known, parent: entity, list: list as ObjectLiteral[] }] : [];
    });
  }

  /** Runs `save` with the later children added to their lists, and removes them afterwards. */
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

  /** Like {@link keep}, after a save. */
  keepSaved(lists: readonly ListToSave[]): void {
    for (const { parent, relation } of lists) this.keep(relation.entityMetadata, parent);
  }
}
