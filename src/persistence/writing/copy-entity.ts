import type { EntityMetadata, ObjectLiteral } from 'typeorm';
import { ValidationError } from '../../model/errors/errors.ts';
import { whyUnwritable } from '../../model/values/nesting.ts';

/**
 * Copies the columns of an entity; undefined ones stay undefined. Converts object values to the database's form and
 * back, so that the copy shares nothing with the entity, even if a transformer creates objects. Throws
 * `ValidationError` for a value that cannot be written.
 */
export function copyEntity(metadata: EntityMetadata, entity: object): ObjectLiteral {
  const copy: ObjectLiteral = metadata.create();
  const driver = metadata.connection?.driver;
  for (const column of metadata.columns) {
    const value: unknown = column.getEntityValue(entity);
    if (value === undefined) continue;
    const isObject = typeof value === 'object' && value !== null && driver !== undefined;
    const reason = isObject ? whyUnwritable(value) : undefined;
    if (reason !== undefined) throw new ValidationError(`${metadata.name}: field '${column.propertyPath}' ${reason}`);
    column.setEntityValue(
      copy,
      isObject ? driver.prepareHydratedValue(driver.preparePersistentValue(value, column), column) : value,
    );
  }
  return copy;
}
