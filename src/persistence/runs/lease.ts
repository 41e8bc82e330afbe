import { SyncStepError } from '../../model/errors/failure.ts';
import type { LeasePort } from '../../model/ports.ts';
import { doubtClock, type ClockDoubt } from './clock-doubt.ts';
import type { LeaseHolder } from '../database/lease-holder.ts';
import type { Session } from '../sql/session.ts';
import type { UnitOfWork } from '../database/unit-of-work.ts';

/**
 * Takes the lease from whoever holds it, in the caller's transaction: every later write of its run fails, and nobody
 * holds it now.
 */
export const revokeLease = (session: Session): Promise<void> =>
  session.run('UPDATE "sync_lease" SET "token" = "token" + 1, "owner" = \'\', "expires_at" = 0');

/** The lease of the table, which can be taken from a holder that is known to be gone. */
export interface Lease extends LeasePort {
  /** As `acquire`. `isGone`: whoever is written down as the holder is known not to live. */
  acquire(isGone?: boolean): ReturnType<LeasePort['acquire']>;
}

/**
 * The lease in `sync_lease`: held per run, one statement to take, to extend and to give back; nothing is written when
 * idle or waiting.
 */
export function createLease(unit: UnitOfWork, holder: LeaseHolder, ttlMs: number): Lease {
  const lost = (): SyncStepError => {
    holder.expiresAt = 0;
    return new SyncStepError({
      type: 'leaseLost',
      message: 'the sync lease has passed to another process',
      at: unit.clock.now(),
    });
  };
  const thereSince = unit.clock.now();
  let doubt: ClockDoubt | undefined;
  /** What is there now, and whether it is somebody else's. */
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
      // Who waits only looks, until it is free: many that wait would stand in the way of those who write, and of each
      // other.
      if (isWaiting && !isGone && (await unit.read(look)).isHeld) return { held: false };
      const answer = await unit.transaction(async (session) => {
        const { now, before, isHeld } = await look(session);
        if (isHeld && !isGone) return { held: false as const };
        // Ours if the last holder was this very owner under this very token: nobody has run in between.
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
      // The row stays, expired: its token is what fences out, and tells us whether anybody ran in between.
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
