/** What a waiting process has seen of another owner's lease. */
export interface ClockDoubt {
  readonly token: number;
  readonly expiresAt: number;
  /** When this process last read it. */
  readonly lookedAt: number;
  /** Since when the clock cannot tell whether this lease has expired; undefined if it can. */
  readonly since: number | undefined;
  readonly isHeld: boolean;
}

/**
 * Decides whether another owner holds its lease, even if the clock is changed meanwhile. A live owner renews the lease
 * within a third of `ttlMs`, so more than half of it always remains. The clock is not trusted in these cases:
 * - the expiry is further away than a lease lasts, so the clock has been set back since it was written;
 * - the lease was held at the last check, and more than half of `ttlMs` has passed since by this clock;
 * - the lease was taken or renewed while this process was running, is seen for the first time, and half of it is over.
 *
 * It then counts as held until it stays unchanged for `ttlMs` (F-67, I11). `thereSince`: start time of this process.
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
