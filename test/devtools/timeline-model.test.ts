import { expect, test } from 'vitest';
import type { LogEntry } from '../../src/devtools/protocol/log-entry.ts';
import { placeOf } from '../../src/devtools/views/entries/growing-log.ts';
import { createTimelineReader, operationsOf } from '../../src/devtools/views/entries/timeline-model.ts';

const event = (id: number, part: Partial<Extract<LogEntry, { type: 'event' }>> = {}): LogEntry => ({
  type: 'event',
  id,
  at: 1_000 + id,
  name: 'op.pushed',
  data: {},
  ...part,
});
const idsOf = (entries: readonly LogEntry[]): readonly number[] => entries.map(({ id }) => id);

test('I12: the timeline reads on from its last position and keeps entries that match the filter', () => {
  const read = createTimelineReader();
  const entries = [event(1, { kind: 'todos' }), event(2, { kind: 'notes' })];
  expect(read(entries, { kind: 'todos' })).toMatchObject({ total: 2, lastId: 2 });
  entries.push(event(3, { kind: 'todos' }));
  expect(idsOf(read(entries, { kind: 'todos' }).shown)).toEqual([1, 3]);
});

test('I12: rebuilds the list for another filter, after removed entries, and for another engine', () => {
  const read = createTimelineReader();
  const entries = [event(1, { kind: 'todos' }), event(2, { kind: 'notes' }), event(3, { kind: 'todos' })];
  expect(idsOf(read(entries, {}).shown)).toEqual([1, 2, 3]);
  expect(idsOf(read(entries, { kind: 'notes' }).shown)).toEqual([2]);
  entries.splice(0, 2);
  expect(idsOf(read(entries, {}).shown)).toEqual([3]);
  entries.splice(0, 1, event(1), event(2));
  expect(idsOf(read(entries, {}).shown)).toEqual([1, 2]);
});

test('I12: a held list stays unchanged while the log goes on, and catches up when released', () => {
  const read = createTimelineReader();
  const entries = [event(1), event(2)];
  read(entries, {}, 2);
  entries.push(event(3), event(4));
  expect(idsOf(read(entries, {}, 2).shown)).toEqual([1, 2]);
  expect(idsOf(read(entries, {}).shown)).toEqual([1, 2, 3, 4]);
});

test('I12: finds entries by word, id, run and the operations of a request', () => {
  const read = createTimelineReader();
  const entries: LogEntry[] = [
    event(1, { entityId: 'Milk', kind: 'todos', opId: 'op-1', runId: 1 }),
    {
      type: 'request',
      id: 2,
      at: 5,
      startedAt: 1,
      tookMs: 4,
      method: 'push',
      result: 'ok',
      runId: 2,
      operations: [{ opId: 'op-1', kind: 'todos', entityId: 'Milk', operationType: 'upsert', outcome: 'pushRejected' }],
    },
    { type: 'command', id: 3, at: 6, command: 'retry', input: { opIds: ['op-1', 'op-2'] }, ok: true },
  ];
  expect(idsOf(read(entries, { text: 'milk' }).shown)).toEqual([1, 2]);
  expect(idsOf(read(entries, { text: 'rejected' }).shown)).toEqual([2]);
  expect(idsOf(read(entries, { runId: 2 }).shown)).toEqual([2]);
  expect(idsOf(read(entries, { kind: 'todos' }).shown)).toEqual([1, 2]);
  expect(entries.map(operationsOf)).toEqual([['op-1'], ['op-1'], ['op-1', 'op-2']]);
});

test("I12: a missing entry's place in the list is that of the next entry", () => {
  const shown = [event(2), event(5), event(9)];
  expect([1, 2, 5, 6, 10].map((id) => placeOf(shown, id))).toEqual([0, 0, 1, 2, 3]);
});

test('reads 100,000 entries once; one more costs only itself', () => {
  const read = createTimelineReader();
  let looks = 0;
  const entries = Array.from({ length: 100_000 }, (_, index) => {
    const entry = event(index + 1, { runId: Math.floor(index / 50) });
    return Object.defineProperty(entry, 'type', { get: () => (looks += 1) && 'event' });
  });
  while (read(entries, {}).hasMore);
  looks = 0;
  entries.push(event(100_001));
  expect(read(entries, {}).total).toBe(100_001);
  expect(looks).toBe(0);
});

test('I10: drops the oldest entries from list and runs without rereading the rest', () => {
  const read = createTimelineReader();
  let looks = 0;
  const entries = Array.from({ length: 1_000 }, (_, index) => {
    const entry = event(index + 1, { runId: Math.floor(index / 100), kind: index % 2 === 0 ? 'todos' : 'notes' });
    return Object.defineProperty(entry, 'type', { get: () => (looks += 1) && 'event' });
  });
  read(entries, { kind: 'todos' });
  entries.splice(0, 250);
  entries.push(event(1_001, { kind: 'todos', runId: 10 }));
  looks = 0;
  const { shown, runs, total, lastId } = read(entries, { kind: 'todos' });
  expect(looks).toBe(0);
  expect([shown[0]?.id, shown.length, total, lastId]).toEqual([251, 376, 751, 1_001]);
  expect(runs.map(({ runId }) => runId)).toEqual([2, 3, 4, 5, 6, 7, 8, 9, 10]);
});

test('reads a long log in parts and says that there is more', () => {
  const read = createTimelineReader({ plain: 40, text: 30 });
  const entries = Array.from({ length: 100 }, (_, index) => event(index + 1));
  const parts = (filter: Parameters<typeof read>[1]): readonly unknown[] => {
    const seen: (readonly [number, boolean])[] = [];
    for (let hasMore = true; hasMore; ) {
      const timeline = read(entries, filter);
      ({ hasMore } = timeline);
      seen.push([timeline.total, hasMore]);
    }
    return seen;
  };
  expect(parts({})).toEqual([
    [40, true],
    [80, true],
    [100, false],
  ]);
  expect(parts({ text: 'pushed' }).at(-1)).toEqual([100, false]);
  expect(idsOf(read(entries, { text: 'pushed' }).shown)).toHaveLength(100);
});
