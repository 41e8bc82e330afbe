import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseBundle } from '../../src/devtools/protocol/parse-bundle.ts';
import { createStateHistories } from '../../src/devtools/views/chart/chart-history.ts';
import { createNetworkReader, networkRows } from '../../src/devtools/views/entries/network-model.ts';
import { createTimelineReader } from '../../src/devtools/views/entries/timeline-model.ts';

const { entries, engine, view } = parseBundle(
  JSON.parse(readFileSync(new URL('../../stories/fixtures/busy-day.json', import.meta.url), 'utf8')),
);
const cuts = fc
  .array(fc.nat(entries.length), { maxLength: 8 })
  .map((places) => [...new Set([...places, entries.length])].sort((a, b) => a - b));

/** Everything that the views make of a log. */
function createViews() {
  const [timeline, network, histories] = [createTimelineReader(), createNetworkReader(), createStateHistories()];
  return (log: typeof entries) => {
    const { shown, runs, total } = timeline(log, {});
    return structuredClone({
      shown,
      runs,
      total,
      calls: networkRows(network(log), {}, new Set()),
      states: histories(engine.chart, log, view.at),
    });
  };
}

test('I12: views built step by step from a growing log equal views of the whole log', () => {
  const whole = createViews()(entries);
  fc.assert(
    fc.property(cuts, (places) => {
      const look = createViews();
      const log: (typeof entries)[number][] = [];
      for (const place of places) {
        log.push(...entries.slice(log.length, place));
        look(log);
      }
      expect(look(log)).toEqual(whole);
    }),
  );
});

test('I10: removed log entries leave nothing in the lists', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: entries.length - 1 }), (gone) => {
      const look = createViews();
      const log = entries.slice(0, -1);
      look(log);
      log.splice(0, gone);
      log.push(...entries.slice(-1));
      const { shown, runs, total, calls } = look(log);
      expect([shown, total]).toEqual([log, log.length]);
      const oldest = log[0]?.id ?? 0;
      expect(runs.every(({ lastId }) => lastId >= oldest)).toBe(true);
      expect(calls.every(({ call }) => call.id >= oldest)).toBe(true);
    }),
  );
});

test('I12: reads a different log from its beginning', () => {
  const look = createViews();
  const other = entries.map((entry) => ({ ...entry }));
  look(entries);
  expect(look(other)).toEqual(createViews()(other));
});
