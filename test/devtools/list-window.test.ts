import fc from 'fast-check';
import { expect, test } from 'vitest';
import { windowOf } from '../../src/devtools/views/list-window.ts';

test('I12: renders the visible rows, a few beyond the edges, and little more', () => {
  fc.assert(
    fc.property(
      fc.nat(3_000_000),
      fc.integer({ min: 1, max: 2_000 }),
      fc.constantFrom(20, 28, 44),
      (top, height, rowHeight) => {
        const { first, end } = windowOf({ top, height, rowHeight });
        const [upper, lower] = [Math.floor(top / rowHeight), Math.floor((top + height - 1) / rowHeight)];
        expect(first).toBeLessThanOrEqual(Math.max(0, upper - 6));
        expect(end).toBeGreaterThan(lower + 5);
        expect(end - first).toBeLessThanOrEqual(lower - upper + 1 + 2 * (6 + 4));
      },
    ),
  );
});

test('I12: scrolling by less than a few rows keeps the rendered rows', () => {
  const windows = Array.from({ length: 100 }, (_, row) =>
    JSON.stringify(windowOf({ top: 28_000 + row * 28, height: 600, rowHeight: 28 })),
  );
  expect(new Set(windows).size).toBeLessThanOrEqual(51);
});
