import { expect, test } from 'vitest';
import type { Conflict } from '../../src/model/conflict.ts';
import { conflictFields, contestedFields, differs, mergedRow } from '../../src/rules/merging/conflict-fields.ts';

const conflictOf = (conflict: Partial<Conflict>): Conflict => ({
  kind: 'todos',
  entityId: 'a',
  opId: 'op-1',
  opType: 'upsert',
  localData: {},
  serverData: {},
  localTimestamp: '2026-01-01T00:00:00.000Z',
  serverTimestamp: '2026-01-02T00:00:00.000Z',
  serverDeleted: false,
  ...conflict,
});

test('I12: lists fields that both sides changed first; server-only fields do not concern a person', () => {
  const fields = conflictFields(
    conflictOf({
      baseData: { title: 'one', done: false, priority: 1, updatedAt: '1' },
      localData: { title: 'mine', done: true, priority: 1, updatedAt: '1' },
      serverData: { title: 'theirs', done: false, priority: 1, updatedAt: '2', createdAt: '0' },
    }),
  );
  expect(fields.filter(differs).map(({ name, isContested }) => [name, isContested])).toEqual([
    ['title', true],
    ['done', false],
  ]);
  expect(mergedRow(fields, {}, () => undefined)).toEqual({
    title: 'mine',
    done: true,
    priority: 1,
    updatedAt: '2',
    createdAt: '0',
  });
  expect(mergedRow(fields, { title: 'base', done: 'server' }, () => undefined)).toMatchObject({
    title: 'one',
    done: false,
  });
  expect(mergedRow(fields, { title: 'own' }, ({ name }) => `another ${name}`)).toMatchObject({
    title: 'another title',
  });
});

test("a relative change applies to the server's value and contests nothing", () => {
  const [quantity] = conflictFields(
    conflictOf({
      baseData: { quantity: 1 },
      localData: { quantity: 12 },
      serverData: { quantity: 10 },
      changedFields: ['quantity'],
      deltas: [{ type: 'increment', field: 'quantity', by: 2 }],
    }),
  );
  expect(quantity).toMatchObject({
    name: 'quantity',
    isContested: false,
    deltas: [{ type: 'increment', by: 2 }],
    proposed: 'local',
  });
});

test('names the contested fields of a conflict', () => {
  const sides = {
    baseData: { title: 'one', notes: 'one', done: false, likes: 1, updatedAt: '1' },
    localData: { title: 'mine', notes: 'same', done: true, likes: 2, updatedAt: '1' },
    serverData: { title: 'theirs', notes: 'same', done: false, likes: 5, updatedAt: '2' },
  };
  const deltas = [{ type: 'increment', field: 'likes', by: 1 } as const];
  const changedFields = ['title', 'notes', 'done', 'likes', 'updatedAt'];
  expect(contestedFields(conflictOf({ ...sides, deltas, changedFields }))).toEqual(['title']);
  expect(contestedFields(conflictOf({ ...sides, serverDeleted: true, serverData: {} }))).toEqual([]);
});
