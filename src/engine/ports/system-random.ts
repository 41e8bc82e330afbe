import type { RandomSource } from '../../model/platform/clock.ts';

/** The platform's randomness, for jitter; inject a seeded source to replay a run. */
export const systemRandom: RandomSource = () => Math.random();
