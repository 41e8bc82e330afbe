import { expect, test } from 'vitest';
import type { JsonObject } from '../../src/model/values/json.ts';
import { deleteOp, upsertOp } from '../../src/model/operation.ts';
import { isOwnEcho } from '../../src/rules/answers/own-echo.ts';

const keys = { id: 'key', updatedAt: 'version', deletedAt: 'removed' };
const sent: JsonObject = {
  key: 'a',
  version: 'v1',
  removed: null,
  uuid: 'u',
  created_at: 't1',
  title: 'A',
  note: null,
};
const op = upsertOp({ kind: 'todos', id: 'a', payload: sent });

test.each<[string, JsonObject, boolean]>([
  ['as it was sent', sent, true],
  ['the id in another form: the row was found by it', { ...sent, key: 7 }, true],
  ['a newer version', { ...sent, version: 'v2' }, true],
  ['other fields of creation', { ...sent, uuid: 'U', created_at: 't2' }, true],
  ['more than was sent', { ...sent, extra: 1 }, true],
  ['a missing field counts as null', { title: 'A' }, true],
  ['and so not as a value', { note: null }, false],
  ['one other value is enough', { ...sent, note: 'theirs' }, false],
  ['a tombstone is the echo of no edit', { ...sent, removed: 'v2' }, false],
  [
    'what a row inherits is no value of it',
    Object.assign(Object.create({ title: 'A' }) as JsonObject, { note: null }),
    false,
  ],
])('F-134, F-20: recognises our own work by fields of any name: %s', (_, current, expected) => {
  expect(isOwnEcho(op, current, keys)).toBe(expected);
});

test('F-134: recognises an edit sent with its tombstone mark by its other fields', () => {
  const marked = upsertOp({ kind: 'todos', id: 'a', payload: { ...sent, removed: 't1' } });
  expect(isOwnEcho(marked, sent, keys)).toBe(true);
});

test('F-134: without tombstones a row is never the echo of a delete, but can be that of an edit', () => {
  const plain = { ...keys, deletedAt: undefined };
  expect(isOwnEcho(op, { ...sent, deleted_at: 'v2' }, plain)).toBe(true);
  expect(isOwnEcho(deleteOp({ kind: 'todos', id: 'a' }), { ...sent, removed: 'v2' }, plain)).toBe(false);
});
