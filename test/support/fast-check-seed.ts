import fc from 'fast-check';

/**
 * Property tests draw the same cases in each run, so that a red run is red again. `FC_SEED=random` explores,
 * `FC_SEED=<number>` replays: a failing property prints its seed and path.
 */
const given = process.env['FC_SEED'] ?? '20261120';
if (given !== 'random') fc.configureGlobal({ ...fc.readConfigureGlobal(), seed: Number(given) });
