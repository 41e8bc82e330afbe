import { getMetadataArgsStorage, type EntitySchema } from 'typeorm';

type EntityClass = new () => object;

/**
 * The classes whose table name or discriminator value defaults to the class name. Reads `MetadataArgsStorage.tables`
 * and `discriminatorValues`. An `EntitySchema` names its table by a string.
 */
export function namedAfterClass(entities: readonly (EntityClass | EntitySchema)[]): {
  readonly tables: readonly string[];
  readonly discriminators: readonly string[];
} {
  const storage = getMetadataArgsStorage();
  const classes = entities.filter((entity) => typeof entity === 'function');
  const declared = storage.tables.filter(({ target }) => classes.some((entity) => entity === target));
  const nameOf = (target: unknown): string => (typeof target === 'function' ? target.name : String(target));
  const valued = new Set(
    storage.discriminatorValues.filter(({ value }) => value !== undefined).map(({ target }) => target),
  );
  return {
    tables: declared
      .filter(({ type, name }) => type !== 'entity-child' && name === undefined)
      .map(({ target }) => nameOf(target)),
    discriminators: declared
      .filter(({ type, target }) => type === 'entity-child' && !valued.has(target))
      .map(({ target }) => nameOf(target)),
  };
}
