import { test } from 'vitest';
import { playSeeds, seedCount } from './simulate-seeds.ts';

test('I1–I13: the second half of the seeds', { timeout: 1_200_000 }, () =>
  playSeeds(1 + Math.ceil(seedCount / 2), Math.floor(seedCount / 2)),
);
