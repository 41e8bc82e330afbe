import { expect, test } from 'vitest';
import { compareRows, describeDifference, type ComparedRow } from '../../examples/demo/compare.ts';

async function* batches(...parts: (readonly ComparedRow[])[]): AsyncGenerator<readonly ComparedRow[]> {
  await Promise.resolve();
  yield* parts;
}
const row = (id: string, name = 'x'): ComparedRow => ({ id, name });

test('I5: equal tables compare as equal, however they are batched', async () => {
  const result = await compareRows(
    batches([row('1'), row('2')], [row('3')]),
    batches([row('1')], [], [row('2'), row('3')]),
  );
  expect(result).toEqual({ equal: 3, differences: [] });
});

test('I5: finds a missing, an extra and a changed row, and still counts the others', async () => {
  const result = await compareRows(
    batches([row('1'), row('2'), row('4')]),
    batches([row('1'), row('3')], [row('4', 'y'), row('5')]),
  );
  expect(result.equal).toBe(1);
  expect(result.differences.map(describeDifference)).toEqual([
    'row 2 is missing',
    'row 3 should not be there',
    'row 4: name is "y", expected "x"',
    'row 5 should not be there',
  ]);
});

test('I5: a column on one side only, and null versus an empty string, are differences', async () => {
  const result = await compareRows(batches([{ id: '1', note: null }]), batches([{ id: '1', note: '', more: 1 }]));
  expect(
    result.differences.map((difference) => (difference.type === 'different' ? difference.column : difference.type)),
  ).toEqual(['note', 'more']);
});

test('I5: an empty table equals an empty table, and differs from one with rows', async () => {
  expect(await compareRows(batches(), batches([]))).toEqual({ equal: 0, differences: [] });
  expect((await compareRows(batches(), batches([row('1')]))).differences).toEqual([{ type: 'extra', id: '1' }]);
});
