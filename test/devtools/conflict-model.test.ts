import { expect, test } from 'vitest';
import type { Conflict } from '../../src/model/conflict.ts';
import type { ConflictView } from '../../src/devtools/protocol/messages.ts';
import { differs, fieldsOf, mergedRow, noChoices } from '../../src/devtools/views/conflict-model.ts';

const viewOf = (conflict: Partial<Conflict>): ConflictView => ({
  conflict: {
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
  },
  strategy: 'manual',
  state: 'awaiting',
  detectedAt: 0,
  previews: [],
});

test('I12: fields that both sides changed come first; those that only the server sets are none of a person’s business', () => {
  const fields = fieldsOf(
    viewOf({
      baseData: { title: 'one', done: false, priority: 1, updatedAt: '1' },
      localData: { title: 'mine', done: true, priority: 1, updatedAt: '1' },
      serverData: { title: 'theirs', done: false, priority: 1, updatedAt: '2', createdAt: '0' },
    }),
  );
  expect(fields.filter(differs).map(({ name, isContested }) => [name, isContested])).toEqual([
    ['title', true],
    ['done', false],
  ]);
  expect(mergedRow(fields, noChoices)).toEqual({
    title: 'mine',
    done: true,
    priority: 1,
    updatedAt: '2',
    createdAt: '0',
  });
});

test('a relative change is on top of what the server has, and contests nothing', () => {
  const [quantity] = fieldsOf(
    viewOf({
      baseData: { quantity: 1 },
      localData: { quantity: 12 },
      serverData: { quantity: 10 },
      changedFields: ['quantity'],
      deltas: [{ type: 'increment', field: 'quantity', by: 2 }],
    }),
  );
  expect(quantity).toMatchObject({ name: 'quantity', isContested: false, delta: '+2', proposed: 'local' });
});
