import { expect, test } from 'vitest';
import { allDrivers } from '../support/open-store.ts';
import { proveCrash } from './prove-crash.ts';

/** Replay with KILL_SEED=…; each seed gives the same points. */
const seed = Number(process.env['KILL_SEED'] ?? 1_794_000);

test.each(allDrivers)(
  'I7: killed at any step of writing, pushing, settling, pulling and resync, %s loses and doubles nothing after a restart',
  { timeout: 300_000 },
  async (driver) => {
    const isDefault = driver === 'better-sqlite3' || driver === 'sqlite3';
    const report = await proveCrash({ driver, points: isDefault ? 20 : 6, seed });
    expect(report.broken).toEqual([]);
    expect(report.steps).toBeGreaterThan(1_000);
    expect(Object.keys(report.at).length, JSON.stringify(report.at)).toBeGreaterThan(isDefault ? 5 : 2);
  },
);
