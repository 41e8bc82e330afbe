import { expect, test } from 'vitest';
import type { JsonObject } from '../../src/model/values/json.ts';
import type { PendingOp } from '../../src/rules/pending/fold.ts';
import { overlay, reproject } from '../../src/rules/pending/overlay.ts';

const keys = { id: 'id', updatedAt: 'updated_at', deletedAt: 'deleted_at' };
const server: JsonObject = { id: 'a', title: 'S', done: false, prio: 5, updated_at: 'v2', deleted_at: null };
const base = { seq: 1, opId: 'o', creates: false, localTimestamp: '2024-01-01T00:00:00.000Z' };
const edit = (payload: JsonObject, changedFields?: readonly string[]): PendingOp => ({
  ...base,
  type: 'upsert',
  payload,
  changedFields,
});
const del: PendingOp = { ...base, type: 'delete' };

test('I4: a pending edit overlays the newer server row, field by field', () => {
  expect(overlay(server, [edit({ id: 'a', title: 'A', prio: 1, updated_at: 'v1' }, ['title'])], keys)).toEqual({
    row: { ...server, title: 'A' },
    deletedLocally: false,
  });
});
test('I4: a changed field missing in the payload keeps the server’s value; null clears', () => {
  expect(overlay(server, [edit({ prio: null }, ['prio', 'title'])], keys).row).toEqual({ ...server, prio: null });
});
test('without changed fields every key of the payload counts, except sync fields', () => {
  expect(overlay(server, [edit({ id: 'zzz', title: 'A', updated_at: 'mine', deleted_at: 'mine' })], keys).row).toEqual({
    ...server,
    title: 'A',
  });
});
test('a row missing on the server consists of the payloads alone, with an empty timestamp', () => {
  const ops = [
    edit({ id: 'a', title: 'A', done: false, updated_at: 'x' }, ['title']),
    edit({ id: 'a', title: 'old', done: true }, ['done']),
  ];
  expect(overlay(undefined, ops, keys)).toEqual({
    row: { id: 'a', title: 'A', done: true, updated_at: '', deleted_at: null },
    deletedLocally: false,
  });
});
test('F-21: a pending delete marks the row and keeps its data; a later edit restores it', () => {
  expect(overlay(server, [del], keys)).toEqual({ row: server, deletedLocally: true });
  expect(overlay(server, [edit({ title: 'A' }, ['title']), del], keys)).toEqual({
    row: { ...server, title: 'A' },
    deletedLocally: true,
  });
  expect(overlay(server, [del, edit({ title: 'A' }, ['title'])], keys)).toEqual({
    row: { ...server, title: 'A' },
    deletedLocally: false,
  });
});
test('I4: a tombstone stays visible under a pending edit, and a tombstone under a pending delete', () => {
  const tombstone = { ...server, deleted_at: 'v2' };
  expect(overlay(tombstone, [edit({ title: 'A' }, ['title'])], keys).row).toEqual({ ...server, title: 'A' });
  expect(overlay(tombstone, [del], keys).row).toEqual(tombstone);
  expect(overlay(tombstone, [edit({ title: 'A' }, ['title']), del], keys).row).toMatchObject({ deleted_at: 'v2' });
  expect(overlay(tombstone, [], keys)).toEqual({ row: tombstone, deletedLocally: false });
});
test("I4: does not write a payload's tombstone mark, even if nothing restores the row", () => {
  expect(overlay(server, [edit({ title: 'A', deleted_at: 'mine' }), del], keys).row).toEqual({ ...server, title: 'A' });
});
test('a table without tombstones gets no mark', () => {
  const plain = { ...keys, deletedAt: undefined };
  expect(overlay(undefined, [edit({ id: 'a', title: 'A' })], plain).row).toStrictEqual({
    id: 'a',
    title: 'A',
    updated_at: '',
  });
  expect(overlay({ id: 'a', deleted_at: 'v2' }, [edit({ title: 'A' })], plain).row).toStrictEqual({
    id: 'a',
    title: 'A',
    deleted_at: 'v2',
  });
  expect(reproject({ id: 'a', deleted_at: 'v2' }, edit({ id: 'a', title: 'A' }), plain)).toStrictEqual({
    id: 'a',
    title: 'A',
    deleted_at: 'v2',
  });
});
test('an edit adds no mark to a row that came without one', () => {
  expect(overlay({ id: 'a', updated_at: 'v2' }, [edit({ title: 'A' })], keys).row).toStrictEqual({
    id: 'a',
    title: 'A',
    updated_at: 'v2',
  });
});
test('nothing on either side gives no row', () => {
  expect(overlay(undefined, [], keys)).toEqual({ row: undefined, deletedLocally: false });
  expect(overlay(undefined, [del], keys)).toEqual({ row: undefined, deletedLocally: true });
});
test("F-136: rebuilds a payload from the server row and its own fields; others' old values do not return", () => {
  const op = edit({ id: 'a', title: 'discarded edit', done: true, prio: 5 }, ['done']);
  expect(reproject({ ...server, extra: 1 }, op, keys)).toEqual({ id: 'a', title: 'S', done: true, prio: 5, extra: 1 });
  expect(reproject(undefined, edit({ title: 'A', updated_at: 'x' }), keys)).toStrictEqual({ title: 'A' });
});
test('F-136: sends the id as in the payload, or none', () => {
  expect(reproject({ id: 7, title: 'S' }, edit({ id: '7', title: 'A' }), keys)).toStrictEqual({ id: '7', title: 'A' });
  expect(reproject(server, edit({ title: 'A' }), keys)).toStrictEqual({ title: 'A', done: false, prio: 5 });
  expect(reproject(server, { ...base, type: 'upsert' }, keys)).toStrictEqual({ title: 'S', done: false, prio: 5 });
});
