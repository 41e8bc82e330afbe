/** Heads of line per take. */
export const takeLimit = 100;
/** Measured takes; with the warm-up they fit an outbox of 10,000 rows. */
export const takes = 25;
