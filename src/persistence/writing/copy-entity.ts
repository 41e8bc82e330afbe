import type { EntityMetadata, ObjectLiteral } from 'typeorm';

/**
 * Copies the columns of an entity; those that are undefined stay so. Values that are objects go through the database's form and back, so that
 * the copy shares nothing with the entity, also where a transformer makes objects of its own.
 */
export function copyEntity(metadata: EntityMetadata, entity: object): ObjectLiteral {
  const copy: ObjectLiteral = metadata.create();
  const driver = metadata.connection?.driver;
  for (const column of metadata.columns) {
    const value: unknown = column.getEntityValue(entity);
    if (value === undefined) continue;
    const isShared = typeof value === 'object' && value !== null && driver !== undefined;
    column.setEntityValue(copy, isShared ? driver.prepareHydratedValue(driver.preparePersistentValue(value, column), column) : value);
  }
  return copy;
}
