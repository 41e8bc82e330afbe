import type { RandomSource } from '../../model/platform/clock.ts';

/** The platform's random source, for jitter. Inject a seeded source to replay a run. */
export const systemRandom: RandomSource = () => Math.random();
