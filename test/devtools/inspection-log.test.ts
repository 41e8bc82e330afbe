import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createInspectionLog, mostEntries } from '../../src/devtools/log/inspection-log.ts';
import type { NewEntry } from '../../src/devtools/log/new-entry.ts';
import type { LogEntry } from '../../src/devtools/protocol/log-entry.ts';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

const entry = (at: number): NewEntry => ({ type: 'event', at, name: 'sync.started', data: {} });

test('I10: the log keeps the newest entries up to its capacity, whatever is added and read', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 20 }),
      fc.array(fc.constantFrom('add', 'lazy', 'clear', 'read'), { maxLength: 100 }),
      (capacity, steps) => {
        const log = createInspectionLog(capacity);
        let kept: number[] = [];
        let count = 0;
        for (const step of steps) {
          if (step === 'clear') {
            log.clear();
            kept = [];
          } else if (step === 'read') {
            expect(log.read().map(({ id }) => id)).toEqual(kept);
          } else {
            count += 1;
            const at = count;
            log.add(step === 'add' ? entry(at) : { make: (id) => ({ ...entry(at), id }) as LogEntry });
            kept = [...kept, count].slice(-capacity);
          }
        }
        expect(log.read().map(({ id, at }) => [id, at])).toEqual(kept.map((id) => [id, id]));
        expect([log.size, log.lastId]).toEqual([kept.length, count]);
      },
    ),
  );
});

test('I10: a panel requests only unseen entries, and no more than it can show', () => {
  const log = createInspectionLog(100);
  for (let at = 1; at <= 10; at += 1) log.add(entry(at));
  expect(log.read({ afterId: 7 }).map(({ id }) => id)).toEqual([8, 9, 10]);
  expect(log.read({ limit: 2 }).map(({ id }) => id)).toEqual([9, 10]);
  expect(log.read({ afterId: 10 })).toEqual([]);
});

test('I13: builds a lazy entry on each read without keeping it, and reading changes nothing', () => {
  const log = createInspectionLog(10);
  let made = 0;
  log.add({
    make: (id) => {
      made += 1;
      return { type: 'event', id, at: 1, name: 'sync.started', data: {} };
    },
  });
  expect(made).toBe(0);
  expect(log.read()).toEqual(log.read());
  expect(made).toBe(2);
  expect([log.size, log.lastId]).toEqual([1, 1]);
});

test('I10: reads the entries after a given one in parts, oldest first', () => {
  const log = createInspectionLog(100);
  for (let at = 1; at <= 120; at += 1) log.add(entry(at));
  const idsOf = (afterId: number): readonly number[] =>
    log.read({ afterId, limit: 3, from: 'oldest' }).map(({ id }) => id);
  expect(idsOf(60)).toEqual([61, 62, 63]);
  // What is asked for was dropped: the oldest that is there.
  expect(idsOf(5)).toEqual([21, 22, 23]);
  expect(idsOf(118)).toEqual([119, 120]);
});

test('I10: rejects a capacity beyond the maximum and names the range', () => {
  for (const capacity of [0, -1, 1.5, mostEntries + 1, Number.NaN])
    expect(() => createInspectionLog(capacity)).toThrow(/from 1 to 100000/);
});

test('I10: conflicts of large rows evict older entries, so that the log stays below 50 MB', () => {
  const before = heapUsed();
  const log = createInspectionLog();
  // A text of its own, as a parsed answer gives it: a slice would hold what it was cut from.
  const row = (at: number): string => Buffer.alloc(20_000, String(at)).toString('latin1');
  for (let at = 1; at <= 5_000; at += 1)
    log.add({ type: 'event', at, name: 'conflict.detected', data: { local: row(at), server: row(at + 1) } });
  expect(log.lastId).toBe(5_000);
  expect(log.size).toBeLessThan(1_000);
  expect(log.read().at(-1)?.at).toBe(5_000);
  expect(heapUsed() - before).toBeLessThan(50_000_000);
});

function heapUsed(): number {
  collectGarbage();
  return process.memoryUsage().heapUsed;
}
