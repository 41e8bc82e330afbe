import { ChildEntity, Entity, EntitySchema, PrimaryColumn, TableInheritance } from 'typeorm';
import { expect, test } from 'vitest';
import { refuseUnstableNames } from '../../../src/persistence/database/stable-names.ts';

class Unnamed {}
Entity()(Unnamed);
PrimaryColumn('text')(Unnamed.prototype, 'id');

class Named {}
Entity('shelf')(Named);
PrimaryColumn('text')(Named.prototype, 'id');

class Thing {}
Entity({ name: 'thing' })(Thing);
TableInheritance({ column: { type: 'text', name: 'type' } })(Thing);
PrimaryColumn('text')(Thing.prototype, 'id');

class Book extends Thing {}
ChildEntity()(Book);

class Disc extends Thing {}
ChildEntity('disc')(Disc);

const Schema = new EntitySchema<{ id: string }>({
  name: 'note',
  columns: { id: { type: 'text', primary: true } },
});

test('names: an entity without a name of its table is refused, since a minifier renames its class', () => {
  expect(() => refuseUnstableNames('openBrowserDatabase', [Named, Unnamed])).toThrow(
    "openBrowserDatabase: a name in the database would follow the name of a class, which a minifier changes with each build. Give it a name of its own: Unnamed: write @Entity('name_of_table')",
  );
});

test('names: a child entity without a value of its discriminator is refused', () => {
  expect(() => refuseUnstableNames('openBrowserDatabase', [Thing, Book, Disc])).toThrow(
    /own: Book: write @ChildEntity\('name_of_kind'\)$/,
  );
});

test('names: entities with names of their own are accepted', () => {
  expect(() => refuseUnstableNames('openBrowserDatabase', [Named, Thing, Disc, Schema])).not.toThrow();
});

test('names: entities that are not passed are not judged', () => {
  expect(() => refuseUnstableNames('openBrowserDatabase', [])).not.toThrow();
});
