import fc from 'fast-check';
import { expect, test } from 'vitest';
import { pageBytes } from '../../../src/browser/storage/page-store.ts';
import { PagedFile } from '../../../src/browser/worker/paged-file.ts';

const position = fc.integer({ min: 0, max: 5 * pageBytes });
const step = fc.oneof(
  fc.record({
    type: fc.constant('write' as const),
    at: position,
    length: fc.integer({ min: 1, max: 2 * pageBytes }),
    value: fc.integer({ min: 1, max: 255 }),
  }),
  fc.record({ type: fc.constant('truncate' as const), size: position }),
  fc.record({ type: fc.constant('store' as const) }),
  fc.record({ type: fc.constant('revert' as const) }),
);

const contentOf = (file: PagedFile): Buffer => {
  const bytes = Buffer.alloc(file.size, 0xff);
  expect(file.read(bytes, 0)).toBe(file.size);
  return bytes;
};

/** A plain byte array behaves the same. */
function apply(bytes: Buffer, change: { at: number; length: number; value: number }): Buffer {
  const grown = Buffer.alloc(Math.max(bytes.length, change.at + change.length));
  grown.set(bytes);
  return grown.fill(change.value, change.at, change.at + change.length);
}

test('an in-memory file returns what was written, stores only changes, and reverts the rest', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
      const file = new PagedFile([], 0);
      const stored = new Map<number, Uint8Array>();
      let storedSize = 0;
      let model: Buffer = Buffer.alloc(0);
      let storedModel = model;
      for (const given of steps) {
        if (given.type === 'write') {
          file.write(new Uint8Array(given.length).fill(given.value), given.at);
          model = apply(model, given);
        } else if (given.type === 'truncate') {
          const size = Math.min(given.size, file.size);
          file.truncate(size);
          model = model.subarray(0, size);
        } else if (given.type === 'revert') {
          file.revert();
          model = storedModel;
        } else {
          const { size, pages } = file.changes();
          for (const [index, page] of pages) {
            if (page === undefined) stored.delete(index);
            else stored.set(index, page.slice());
          }
          storedSize = size;
          storedModel = model;
          file.keep();
        }
        expect(contentOf(file).equals(model)).toBe(true);
      }
      const again = new PagedFile(
        Array.from({ length: Math.ceil(storedSize / pageBytes) }, (_, index) => stored.get(index) ?? new Uint8Array(0)),
        storedSize,
      );
      expect(stored.size).toBe(Math.ceil(storedSize / pageBytes));
      expect(contentOf(again).equals(storedModel)).toBe(true);
    }),
    { numRuns: 300 },
  );
});

test('reading beyond the end returns zeros and reports the short read', () => {
  const file = new PagedFile([], 0);
  file.write(Uint8Array.of(1, 2, 3), 0);
  const bytes = new Uint8Array(5).fill(9);
  expect(file.read(bytes, 1)).toBe(2);
  expect([...bytes]).toEqual([2, 3, 0, 0, 0]);
  expect(file.isChanged).toBe(true);
  file.keep();
  expect(file.isChanged).toBe(false);
});
