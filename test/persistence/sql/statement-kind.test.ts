import { expect, test } from 'vitest';
import { writesWithoutRows } from '../../../src/persistence/sql/statement-kind.ts';

test.each([
  ['INSERT INTO t VALUES (1)', true],
  ['  replace into t values (1)', true],
  ['UPDATE t SET a = 1', true],
  ['DELETE FROM t', true],
  ['-- why\n/* not */ DELETE FROM t', true],
  ["INSERT INTO t VALUES ('returning')", true],
  ['INSERT INTO t ("returning", [returning], `returning`) VALUES (1, 2, 3) -- returning', true],
  ['UPDATE t SET a = (SELECT returning FROM u)', true],
  ['WITH x AS (SELECT 1) INSERT INTO t SELECT * FROM x', true],
  ['WITH RECURSIVE x(n) AS (VALUES (1) UNION ALL SELECT n + 1 FROM x) DELETE FROM t WHERE id IN x', true],
  ['INSERT INTO t VALUES (1) RETURNING id', false],
  ["UPDATE t SET a = 'it''s' WHERE (b) returning *", false],
  ['WITH x AS (SELECT 1) UPDATE t SET a = 1 RETURNING a', false],
  ["WITH x AS (SELECT 'delete' AS d) SELECT * FROM x", false],
  ['SELECT 1', false],
  ['(SELECT 1)', false],
  ['VALUES (1)', false],
  ['PRAGMA user_version', false],
  ['EXPLAIN QUERY PLAN DELETE FROM t', false],
  ['CREATE TRIGGER tr AFTER INSERT ON t BEGIN DELETE FROM u; END', false],
  ['BEGIN IMMEDIATE', false],
  ['', false],
])('%s', (sql, expected) => {
  expect(writesWithoutRows(sql)).toBe(expected);
});
