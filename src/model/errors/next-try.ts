const units: readonly (readonly [name: string, ms: number])[] = [
  ['day', 86_400_000],
  ['hour', 3_600_000],
  ['minute', 60_000],
  ['second', 1_000],
];

/**
 * Says when something is tried again: as a span where `now` is known, else as a time of day. Both are epoch ms.
 */
export function nextTry(retryAt: number, now: number | undefined): string {
  if (now === undefined)
    return `The next try is at ${new Date(retryAt).toLocaleTimeString([], { timeStyle: 'short' })}.`;
  const left = retryAt - now;
  if (left < 1_000) return 'It is being tried again.';
  return `The next try is in ${span(left)}.`;
}

/** A span of time in one unit: `90 seconds` says more than `1 minute`. At least one second. */
export function span(lengthMs: number): string {
  const [name, ms] = units.find(([, size]) => lengthMs >= 2 * size) ?? ['second', 1_000];
  const count = Math.max(1, Math.round(lengthMs / ms));
  return `${count} ${name}${count === 1 ? '' : 's'}`;
}
