import { expect, test } from 'vitest';
import { proveLong } from './prove-long.ts';

test('I10: thousands of edits, syncs, outages, pauses and subscriptions leak no memory, timer, observer or open promise', {
  timeout: 180_000,
}, async () => {
  const { growth, disposed, checkpoints } = await proveLong({ inMemory: true, cycles: 600, checkpointEvery: 30 });
  expect(growth, checkpoints.map(({ heap }) => heap).join(' ')).toBeLessThan(5_000_000);
  expect(new Set(checkpoints.map(({ observers }) => observers)).size).toBe(1);
  expect(checkpoints.map(({ timers }) => timers).filter((timers) => timers > 0)).toEqual([]);
  expect(disposed).toMatchObject({ timers: 0, observers: 0, openPromises: 0 });
});
