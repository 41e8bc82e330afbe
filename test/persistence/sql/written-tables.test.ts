import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { writtenBy, Writes } from '../../../src/persistence/sql/written-tables.ts';

describe('F-11: the tables that a statement writes', () => {
  test.each([
    ['INSERT INTO "todos"("id") VALUES (?)', ['todos'], 'insert'],
    ['insert into todos values (1);', ['todos'], 'insert'],
    ['INSERT OR IGNORE INTO main."todos" VALUES (1)', ['todos'], 'insert'],
    ['INSERT OR REPLACE INTO [My Todos] VALUES (1)', ['my todos'], 'delete'],
    ['REPLACE INTO `todos` VALUES (1)', ['todos'], 'delete'],
    ['\n  UPDATE "a""b" SET "x" = 1', ['a"b'], 'update'],
    ['UPDATE OR IGNORE Todos SET x = 1', ['todos'], 'update'],
    ['UPDATE ONLY "public"."todos" SET x = 1', ['todos'], 'update'],
    ["DELETE FROM todos WHERE title = 'insert into notes'", ['todos'], 'delete'],
    ['WITH old AS (SELECT id FROM todos) DELETE FROM todos WHERE id IN old', ['todos'], 'delete'],
    ['WITH moved AS (DELETE FROM a RETURNING *) INSERT INTO b SELECT * FROM moved', ['a', 'b'], 'delete'],
    ['/* app */ INSERT INTO todos VALUES (1)', ['todos'], 'insert'],
    ['-- app\nUPDATE todos SET x = 1', ['todos'], 'update'],
    ['UPDATE ünïcode SET x = 1', ['ünïcode'], 'update'],
    ["UPDATE todos SET title = 'a; b' -- ;", ['todos'], 'update'],
    [
      "WITH x AS (SELECT 'delete from notes') INSERT INTO todos SELECT * FROM x ON CONFLICT DO UPDATE SET x = 1",
      ['todos'],
      'insert',
    ],
  ])('%s', (sql, tables, verb) => {
    expect(writtenBy(sql)).toEqual({ tables, verb });
    // Reads from the cache give the same result as the first read.
    expect(writtenBy(sql)).toEqual({ tables, verb });
  });

  test.each([
    'SELECT * FROM todos',
    '  select 1',
    "SELECT 'insert into todos'",
    'SELECT 1 FROM todos FOR UPDATE',
    "SELECT 'a; b'",
    '-- nothing',
    '/* app */ PRAGMA data_version',
    'PRAGMA data_version',
    'EXPLAIN DELETE FROM todos',
    'SAVEPOINT a',
    'RELEASE SAVEPOINT a',
    "WITH x AS (SELECT 'delete from todos') SELECT * FROM x",
    'WITH x AS (SELECT 1 /* delete from todos */) SELECT * FROM x -- update todos',
    '',
  ])('only reads: %s', (sql) => {
    expect(writtenBy(sql)).toBeUndefined();
  });

  test.each([
    'CREATE TABLE x (a)',
    'ALTER TABLE a ADD b',
    'DROP TABLE a',
    'TRUNCATE a',
    'DELETE FROM a; DELETE FROM b',
    'SELECT 1; DELETE FROM a',
    'COPY a FROM stdin',
    'whatever',
  ])('treats unknown statements as writing everything: %s', (sql) => {
    expect(writtenBy(sql)).toMatchObject({ tables: 'all' });
  });

  test('finds any name again, however it is quoted and whatever follows', () => {
    fc.assert(
      fc.property(
        fc.string({ minLength: 1 }).filter((name) => !name.includes('\0')),
        fc.string(),
        fc.constantFrom('INSERT INTO', 'UPDATE', 'DELETE FROM'),
        (name, text, verb) => {
          const written = writtenBy(`${verb} "${name.replaceAll('"', '""')}" SET x = '${text.replaceAll("'", "''")}' `);
          expect(written?.tables === 'all' || written?.tables[0] === name.toLowerCase()).toBe(true);
        },
      ),
    );
  });

  test('PostgreSQL has other quotes', () => {
    const sql = "WITH x AS (SELECT $$; delete from notes$$, E'\\'; update notes', a['[;'] FROM b) DELETE FROM todos";
    expect(writtenBy(sql, 'postgres')).toEqual({ tables: ['todos'], verb: 'delete' });
  });

  test('PostgreSQL executes statements under EXPLAIN ANALYZE', () => {
    const written = { tables: ['todos'], verb: 'delete' };
    expect(writtenBy('EXPLAIN ANALYZE DELETE FROM todos', 'postgres')).toEqual(written);
    expect(writtenBy('explain (analyze, buffers) DELETE FROM todos', 'postgres')).toEqual(written);
    expect(writtenBy('EXPLAIN ANALYZE SELECT * FROM todos', 'postgres')).toBeUndefined();
    expect(writtenBy('EXPLAIN DELETE FROM todos', 'postgres')).toBeUndefined();
  });

  test('does not cache a long statement, and reports it like a short one', () => {
    const sql = `INSERT INTO "todos" VALUES ${Array.from({ length: 250 }, () => '(?, ?, ?)').join(', ')}`;
    expect(writtenBy(sql)).toEqual({ tables: ['todos'], verb: 'insert' });
  });

  test('a transaction combines its statements; only an insert queues', () => {
    const writes = new Writes();
    for (const sql of ['SELECT 1', 'UPDATE sync_outbox SET state = 1', 'DELETE FROM "todos"']) writes.note(sql);
    expect(writes).toMatchObject({ enqueued: false, isAll: false, isEmpty: false });
    expect([...writes.tables, ...writes.removed, ...writes.updated]).toEqual([
      'sync_outbox',
      'todos',
      'todos',
      'sync_outbox',
    ]);
    writes.note('INSERT INTO "sync_outbox" ("op_id") VALUES (?)');
    expect(writes.enqueued).toBe(true);
    expect(Writes.of('SELECT 1').isEmpty).toBe(true);
  });
});
