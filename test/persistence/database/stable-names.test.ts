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

test('names: rejects an entity without an explicit table name because minifiers rename classes', () => {
  expect(() => refuseUnstableNames('openBrowserDatabase', [Named, Unnamed])).toThrow(
    "openBrowserDatabase: a name in the database comes from a class name, which a minifier changes with each build. Set an explicit name: Unnamed: write @Entity('name_of_table')",
  );
});

test('names: rejects a child entity without a discriminator value', () => {
  expect(() => refuseUnstableNames('openBrowserDatabase', [Thing, Book, Disc])).toThrow(
    /explicit name: Book: write @ChildEntity\('name_of_kind'\)$/,
  );
});

test('names: accepts entities with explicit names', () => {
  expect(() => refuseUnstableNames('openBrowserDatabase', [Named, Thing, Disc, Schema])).not.toThrow();
});

test('names: ignores entities that are not passed', () => {
  expect(() => refuseUnstableNames('openBrowserDatabase', [])).not.toThrow();
});
