import { EntitySchema, getMetadataArgsStorage } from 'typeorm';

type EntityClass = new () => object;

/**
 * Names the app's tables, sorted, so that two tabs can tell whether they mean the same. Classes need a table name of
 * their own.
 */
export const tableNames = (entities: readonly (EntityClass | EntitySchema)[]): string =>
  entities
    .map((entity) =>
      entity instanceof EntitySchema
        ? (entity.options.tableName ?? entity.options.name)
        : (getMetadataArgsStorage().tables.find(({ target }) => target === entity)?.name ?? entity.name),
    )
    .sort()
    .join(', ');
