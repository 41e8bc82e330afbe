import { expect, test } from 'vitest';
import { proveLease, requestsAtOnce } from './prove-lease.ts';

test('I11: four processes on one file, whose running one is repeatedly killed and frozen: nothing is lost, doubled, or written by the frozen one', {
  timeout: 180_000,
}, async () => {
  const report = await proveLease({ driver: 'better-sqlite3', processes: 4, writes: 150, seed: 2, kills: 3 });
  expect(report).toMatchObject({ lost: [], doubled: [], fenced: [], broken: [], zombie: { commits: 0 } });
  expect(report.zombie.requests).toBeLessThanOrEqual(requestsAtOnce);
  expect(report.kills).toBeGreaterThan(0);
  expect(report.audited).toBeGreaterThan(100);
});
