import type { EntitySchema } from 'typeorm';
import { namedAfterClass } from '../typeorm/declared-names.ts';

type EntityClass = new () => object;

/**
 * Rejects entities whose names in the database follow their class name. A minifier renames classes in each build, so
 * the next release of the app would use another table and find no rows. Throws `TypeError` that names each class and
 * what to write.
 */
export function refuseUnstableNames(caller: string, entities: readonly (EntityClass | EntitySchema)[]): void {
  const { tables, discriminators } = namedAfterClass(entities);
  const problems = [
    ...tables.map((name) => `${name}: write @Entity('name_of_table')`),
    ...discriminators.map((name) => `${name}: write @ChildEntity('name_of_kind')`),
  ];
  if (problems.length === 0) return;
  throw new TypeError(
    `${caller}: a name in the database comes from a class name, which a minifier changes with each build. Set an explicit name: ${problems.join('; ')}`,
  );
}
