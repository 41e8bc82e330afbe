import type { EntitySchema } from 'typeorm';
import { namedAfterClass } from '../typeorm/declared-names.ts';

type EntityClass = new () => object;

/**
 * Refuses entities whose names in the database follow the name of their class. A minifier gives classes other names in
 * each build: the next release of the app would look for another table, and find none of its rows. Throws `TypeError`
 * that names each class and what to write.
 */
export function refuseUnstableNames(caller: string, entities: readonly (EntityClass | EntitySchema)[]): void {
  const { tables, discriminators } = namedAfterClass(entities);
  const problems = [
    ...tables.map((name) => `${name}: write @Entity('name_of_table')`),
    ...discriminators.map((name) => `${name}: write @ChildEntity('name_of_kind')`),
  ];
  if (problems.length === 0) return;
  throw new TypeError(
    `${caller}: a name in the database would follow the name of a class, which a minifier changes with each build. Give it a name of its own: ${problems.join('; ')}`,
  );
}
