import { SyncStepError } from '../../model/errors/failure.ts';
import type { LeasePort } from '../../model/ports.ts';
import { doubtClock, type ClockDoubt } from './clock-doubt.ts';
import type { LeaseHolder } from '../database/lease-holder.ts';
import type { Session } from '../sql/session.ts';
import type { UnitOfWork } from '../database/unit-of-work.ts';

/**
 * Revokes the lease within the caller's transaction. Every later write of the owner's run fails, and nobody holds the
 * lease.
 */
export const revokeLease = (session: Session): Promise<void> =>
  session.run('UPDATE "sync_lease" SET "token" = "token" + 1, "owner" = \'\', "expires_at" = 0');

/** The lease in the table, which can be taken from an owner that is known to be dead. */
export interface Lease extends LeasePort {
  /** Like `acquire`. `isGone`: the recorded owner is known to be dead. */
  acquire(isGone?: boolean): ReturnType<LeasePort['acquire']>;
}

/**
 * The lease in `sync_lease`, held per run, with one statement each to acquire, extend and release. Writes nothing while
 * idle or waiting.
 */
export function createLease(unit: UnitOfWork, holder: LeaseHolder, ttlMs: number): Lease {
  const lost = (): SyncStepError => {
    holder.expiresAt = 0;
    return new SyncStepError({
      type: 'leaseLost',
      message: 'another process now holds the sync lease',
      at: unit.clock.now(),
    });
  };
  const thereSince = unit.clock.now();
  let doubt: ClockDoubt | undefined;
  /** The stored lease, and whether another owner holds it. */
  const look = async (session: Session) => {
    const now = unit.clock.now();
    const before = await session.one<{ owner: string; token: number; expiresAt: number | string }>(
      'SELECT "owner", "token", "expires_at" AS "expiresAt" FROM "sync_lease" WHERE "name" = ?',
      [holder.name],
    );
    const found =
      before === undefined
        ? undefined
        : { owner: before.owner, token: Number(before.token), expiresAt: Number(before.expiresAt) };
    const isOthers = found !== undefined && found.owner !== holder.owner && found.expiresAt > 0;
    doubt = isOthers ? doubtClock(doubt, found, now, ttlMs, thereSince) : undefined;
    return { now, before: found, isHeld: doubt?.isHeld === true };
  };
  let isWaiting = false;
  return {
    acquire: async (isGone = false) => {
      const { token: lastToken } = holder;
      // A waiting process only reads until the lease is free. Otherwise many waiting processes would block writers and
      // each other.
      if (isWaiting && !isGone && (await unit.read(look)).isHeld) return { held: false };
      const answer = await unit.transaction(async (session) => {
        const { now, before, isHeld } = await look(session);
        if (isHeld && !isGone) return { held: false as const };
        // Ours if the last owner was this one with the same token, so that nobody has run in between.
        const continued = before !== undefined && before.owner === holder.owner && before.token === lastToken;
        const token = (before?.token ?? 0) + 1;
        await session.run(
          'INSERT INTO "sync_lease" ("name", "owner", "token", "expires_at") VALUES (?, ?, ?, ?) ON CONFLICT ("name") DO UPDATE SET "owner" = excluded."owner", "token" = excluded."token", "expires_at" = excluded."expires_at"',
          [holder.name, holder.owner, token, now + ttlMs],
        );
        holder.token = token;
        holder.expiresAt = now + ttlMs;
        return { held: true as const, continued };
      });
      isWaiting = !answer.held;
      return answer;
    },
    renew: () =>
      unit.transaction(async (session) => {
        const expiresAt = unit.clock.now() + ttlMs;
        const renewed = await session.changed(
          'UPDATE "sync_lease" SET "expires_at" = ? WHERE "name" = ? AND "owner" = ? AND "token" = ?',
          [expiresAt, holder.name, holder.owner, holder.token],
        );
        if (renewed !== 1) throw lost();
        holder.expiresAt = expiresAt;
      }),
    release: async () => {
      if (holder.expiresAt === 0) return;
      holder.expiresAt = 0;
      // The expired row stays. Its token fences out other owners, and tells us whether anybody ran in between.
      await unit
        .transaction((session) =>
          session.run('UPDATE "sync_lease" SET "expires_at" = 0 WHERE "name" = ? AND "owner" = ? AND "token" = ?', [
            holder.name,
            holder.owner,
            holder.token,
          ]),
        )
        .catch(() => undefined);
    },
    expiresAt: () => holder.expiresAt,
  };
}
