const units: readonly (readonly [name: string, ms: number])[] = [
  ['day', 86_400_000],
  ['hour', 3_600_000],
  ['minute', 60_000],
  ['second', 1_000],
];

/**
 * Describes the next attempt: as a time span if `now` is given, otherwise as a time of day. Both arguments are epoch
 * ms.
 */
export function nextTry(retryAt: number, now: number | undefined): string {
  if (now === undefined)
    return `The next attempt is at ${new Date(retryAt).toLocaleTimeString([], { timeStyle: 'short' })}.`;
  const left = retryAt - now;
  if (left < 1_000) return 'The next attempt starts now.';
  return `The next attempt is in ${span(left)}.`;
}

/** Formats a duration in one unit, at least one second. Prefers `90 seconds` to the less exact `1 minute`. */
export function span(lengthMs: number): string {
  const [name, ms] = units.find(([, size]) => lengthMs >= 2 * size) ?? ['second', 1_000];
  const count = Math.max(1, Math.round(lengthMs / ms));
  return `${count} ${name}${count === 1 ? '' : 's'}`;
}
