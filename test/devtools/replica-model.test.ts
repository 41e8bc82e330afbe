import { expect, test } from 'vitest';
import type { InspectedKind, InspectedRow } from '../../src/model/inspection.ts';
import {
  agoText,
  directionOf,
  resyncProgress,
  rowFields,
  rowStates,
  rowSummary,
} from '../../src/devtools/views/replica-model.ts';

const kind = (part: Partial<InspectedKind> = {}): InspectedKind => ({
  kind: 'todos',
  tableName: 'todos',
  rows: 10,
  pending: 0,
  quarantined: 0,
  pullOnly: false,
  pushOnly: false,
  ...part,
});
const row = (part: Partial<InspectedRow> = {}): InspectedRow => ({ id: 't1', pending: 0, conflict: false, ...part });

test('I12: shows the progress of a resync, and never completion while it fetches', () => {
  const at = (received: number, fetched = false): ReturnType<typeof resyncProgress> =>
    resyncProgress(kind({ lastPulledAt: 1, resync: { generation: 1, marking: received === 0, received, fetched } }));
  expect(resyncProgress(kind())).toBeUndefined();
  expect(at(0)).toEqual({ text: 'begins' });
  expect(at(5)).toEqual({ text: '5 rows received, 10 here', share: 0.5 });
  expect(at(4_000)?.share).toBe(0.99);
  expect(at(10, true)?.share).toBe(1);
  const intoEmpty = { rows: 0, resync: { generation: 1, marking: false, received: 7, fetched: false } };
  expect(resyncProgress(kind({ ...intoEmpty, lastPulledAt: 1 }))).toEqual({ text: '7 rows received' });
  expect(resyncProgress(kind(intoEmpty))).toEqual({ text: 'first pull: 7 rows received' });
  expect(resyncProgress(kind({ resync: { generation: 1, marking: true, received: 0, fetched: false } }))).toEqual({
    text: 'first pull begins',
  });
});

test('I12: a row lists all its problems, the most serious first', () => {
  const says = (part: Partial<InspectedRow>): readonly string[] => rowStates(row(part)).map(({ text }) => text);
  const same = { local: { a: 1 }, server: { a: 1 } };
  expect(says(same)).toEqual([]);
  expect(says({ ...same, pending: 2, conflict: true, quarantined: 'no' })).toEqual([
    'quarantined',
    'conflict',
    '2 pending',
  ]);
  expect(says({ local: { a: 1 } })).toEqual(['only here']);
  expect(says({ server: { a: 1 } })).toEqual(['not in the table']);
  expect(says({ ...same, local: { a: 1, deletedAt: '2026-01-01T00:00:00Z' } })).toEqual(['hidden by a delete']);
});

test('I12: marks differences on the side that made them and lists them first', () => {
  const fields = rowFields(
    row({
      base: { id: 't1', title: 'a', tags: ['x'], done: false },
      local: { id: 't1', title: 'b', tags: ['x'], done: false },
      server: { id: 't1', title: 'a', tags: ['x', 'y'], done: false },
    }),
  );
  expect(fields.map(({ name, changedHere, changedThere }) => [name, changedHere, changedThere])).toEqual([
    ['title', true, false],
    ['tags', false, true],
    ['id', false, false],
    ['done', false, false],
  ]);
});

test("I12: compares a row without a pending edit with the server's row; a one-sided row has no differences", () => {
  expect(
    rowFields(row({ local: { a: 1 }, server: { a: 2 } })).map(({ changedHere, changedThere }) => [
      changedHere,
      changedThere,
    ]),
  ).toEqual([[true, false]]);
  expect(rowFields(row({ local: { a: 1 } })).map(({ changedHere }) => changedHere)).toEqual([false]);
  const notCarried = rowFields(row({ base: { a: null }, local: { a: null }, server: { createdAt: 'z' } }));
  expect(notCarried.map(({ changedHere, changedThere }) => changedHere || changedThere)).toEqual([false, false]);
});

test('labels a row by its first plain fields, and a kind by its direction and age', () => {
  expect(rowSummary(row({ local: { id: 't1', title: 'Milk', tags: ['x'], done: false, updatedAt: 'z' } }))).toBe(
    'title: Milk, done: false',
  );
  expect([kind(), kind({ pullOnly: true }), kind({ pushOnly: true })].map(directionOf)).toEqual([
    'both ways',
    'pull only',
    'push only',
  ]);
  expect([agoText(undefined, 5), agoText(1_000, 3_500)]).toEqual(['never', '2.5 s ago']);
});
