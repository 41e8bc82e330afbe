import { afterEach, expect, test } from 'vitest';
import type { DataSource } from 'typeorm';
import { openDatabase } from '../../../src/persistence/database/open-database.ts';
import { hasSeveralStatements } from '../../../src/persistence/sql/several-statements.ts';
import { todoEntity } from '../../support/todo.ts';

let dataSource: DataSource | undefined;
afterEach(() => dataSource?.destroy());

test('I1: distinguishes two statements from one with semicolons in texts, names and comments', () => {
  for (const sql of [
    'UPDATE t SET a = 1; UPDATE t SET a = 2',
    'SELECT 1;\nSELECT 2',
    "INSERT INTO t VALUES (';'); DELETE FROM t",
    'CREATE TRIGGER x AFTER INSERT ON t BEGIN SELECT 1; SELECT 2; END; DELETE FROM t',
    'CREATE TRIGGER x AFTER INSERT ON t WHEN CASE new.a WHEN 1 THEN 0 END BEGIN SELECT CASE 1 WHEN 1 THEN 2 END; END; DELETE FROM t',
    'CREATE TRIGGER x AFTER INSERT ON t EXECUTE FUNCTION f(); DELETE FROM t',
  ])
    expect(hasSeveralStatements(sql)).toBe(true);
  for (const sql of [
    'SELECT 1',
    'SELECT 1;',
    'SELECT 1 ; \n',
    'SELECT \';\' , "a;b"',
    'SELECT 1 -- a; b',
    'SELECT 1; -- done',
    ';; SELECT 1',
    '/* made by a tool */ CREATE TEMP TRIGGER x AFTER INSERT ON t BEGIN SELECT 1; SELECT 2; END',
    'CREATE TRIGGER x AFTER INSERT ON t BEGIN SELECT 1; SELECT 2; END',
    'CREATE TRIGGER x AFTER INSERT ON t BEGIN SELECT CASE 1 WHEN 1 THEN 2 END; SELECT 2; END; -- done',
    'CREATE TRIGGER x AFTER INSERT ON t EXECUTE FUNCTION f();',
  ])
    expect([sql, hasSeveralStatements(sql)]).toEqual([sql, false]);
});

test('I1: sqlite3 rejects a text of several statements, of which it would run only the first', async () => {
  dataSource = await openDatabase({
    database: ':memory:',
    driver: 'sqlite3',
    entities: [todoEntity],
    synchronize: true,
  });
  await expect(dataSource.query("UPDATE todos SET title = 'a'; UPDATE todos SET title = 'b'")).rejects.toThrow(
    /one statement/,
  );
  await expect(dataSource.query("UPDATE todos SET title = 'a;b';")).resolves.toBeDefined();
});
