import { expect, test } from 'vitest';
import { controlWordOf, isExclusive, savepointOf } from '../../../src/persistence/sql/control-word.ts';
import { numberPlaceholders } from '../../../src/persistence/sql/number-placeholders.ts';

test.each([
  ['BEGIN TRANSACTION', 'begin'],
  ['-- commit\n/* why */ COMMIT', 'commit'],
  ['end', 'commit'],
  ['ROLLBACK', 'rollback'],
  ['ROLLBACK -- to', 'rollback'],
  ['ROLLBACK\nTO\nSAVEPOINT a', 'rollbackTo'],
  ['SAVEPOINT a', 'savepoint'],
  ['RELEASE SAVEPOINT a', undefined],
  ['CREATE TABLE a (b)', 'schema'],
  ['beginning', undefined],
  ['"begin"', undefined],
  ['START TRANSACTION', undefined],
  ['', undefined],
] as const)('F-131: classifies %s as %s', (sql, expected) => {
  expect(controlWordOf(sql)).toBe(expected);
});

test('F-131: PostgreSQL has more synonyms', () => {
  expect(controlWordOf('START TRANSACTION ISOLATION LEVEL READ COMMITTED', 'postgres')).toBe('begin');
  expect(controlWordOf('ABORT', 'postgres')).toBe('rollback');
});

test("finds a savepoint's name, quoted or not", () => {
  expect(['SAVEPOINT a', 'ROLLBACK TO "b c";', 'ROLLBACK TO SAVEPOINT d -- e'].map(savepointOf)).toEqual([
    'a',
    'b c',
    'd',
  ]);
});

test('BEGIN EXCLUSIVE is told from a comment that says so', () => {
  expect(['begin exclusive transaction', '/* exclusive */ BEGIN', 'BEGIN IMMEDIATE'].map(isExclusive)).toEqual([
    true,
    false,
    false,
  ]);
});

test('numbers only placeholders, not question marks in names, texts and comments', () => {
  expect(numberPlaceholders(`SELECT '?', E'\\'?', $$?$$, "?", ? /* ? */ FROM t WHERE a[1] = ? -- ?\n AND b = ?`)).toBe(
    `SELECT '?', E'\\'?', $$?$$, "?", $1 /* ? */ FROM t WHERE a[1] = $2 -- ?\n AND b = $3`,
  );
});
