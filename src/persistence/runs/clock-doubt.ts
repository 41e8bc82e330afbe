/** What a waiting process has seen of the lease that somebody else holds. */
export interface ClockDoubt {
  readonly token: number;
  readonly expiresAt: number;
  /** When this process looked last. */
  readonly lookedAt: number;
  /** Since when the clock cannot be trusted to say whether this lease has run out; undefined: it can. */
  readonly since: number | undefined;
  readonly isHeld: boolean;
}

/**
 * Tells whether somebody else's lease is held, also when the clock is set meanwhile. An expiry further away than leases
 * last was written by a clock that has been set back since; one that was still to come at the last look, and is past
 * after a leap of more than `ttlMs`, may only look so, and so may one that was taken while this process was there, is
 * seen by it for the first time, and is long past. Then the lease counts as held until it has stayed as it is for
 * `ttlMs`: whoever lives renews it within a third of that (F-67, I11). `thereSince`: when this process began.
 */
export function doubtClock(
  seen: ClockDoubt | undefined,
  lease: { readonly token: number; readonly expiresAt: number },
  now: number,
  ttlMs: number,
  thereSince: number,
): ClockDoubt {
  const { token, expiresAt } = lease;
  const before = seen?.token === token && seen.expiresAt === expiresAt ? seen : undefined;
  const isTooFar = expiresAt > now + 10 * ttlMs;
  const hasLeapt = before?.isHeld === true && now - before.lookedAt > ttlMs;
  const isNews = before === undefined && expiresAt > thereSince && now - expiresAt > ttlMs;
  let since = before?.since;
  if (since === undefined ? isTooFar || hasLeapt || isNews : now < since) since = now;
  const isHeld = since === undefined ? expiresAt > now : now - since < ttlMs;
  return { token, expiresAt, lookedAt: now, since, isHeld };
}
