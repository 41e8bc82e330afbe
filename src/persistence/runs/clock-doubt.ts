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
 * Tells whether somebody else's lease is held, also when the clock is set meanwhile. Whoever lives renews the lease
 * within a third of `ttlMs`, so that more than half of it is always left. Where a clock that may have been set says
 * otherwise, it cannot be believed:
 * - the expiry is further away than leases last: it was written by a clock that has been set back since;
 * - the lease was held at the last look, and more than half of `ttlMs` has passed since by this clock;
 * - the lease was taken or renewed while this process was there, is seen for the first time, and half of it is over.
 *
 * Then it counts as held until it has stayed as it is for `ttlMs` (F-67, I11). `thereSince`: when this process began.
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
  const hasLeapt = before?.isHeld === true && now - before.lookedAt > ttlMs / 2;
  const isNews = before === undefined && expiresAt > thereSince && expiresAt - now < ttlMs / 2;
  let since = before?.since;
  if (since === undefined ? isTooFar || hasLeapt || isNews : now < since) since = now;
  const isHeld = since === undefined ? expiresAt > now : now - since < ttlMs;
  return { token, expiresAt, lookedAt: now, since, isHeld };
}
