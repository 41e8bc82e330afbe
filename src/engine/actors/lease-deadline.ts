import { toSyncFailure, type SyncFailure } from '../../model/errors/failure.ts';
import type { EnginePorts } from '../ports/engine-ports.ts';

/**
 * Each send checks its own deadline: what leaves after it could cross with what the next holder sends (I11). A deadline
 * that has passed, as on a busy machine, is no loss yet: as long as nobody else took the lease it is extended, and only
 * then something is sent.
 */
export async function leaseFailure({
  store,
  clock,
}: Pick<EnginePorts, 'store' | 'clock'>): Promise<SyncFailure | undefined> {
  const expiresAt = store.lease.expiresAt();
  if (clock.now() < expiresAt) return undefined;
  if (expiresAt === 0)
    return { type: 'leaseLost', message: 'the sync lease was given back before the request was sent', at: clock.now() };
  try {
    await store.lease.renew();
    return undefined;
  } catch (error) {
    return toSyncFailure(error);
  }
}

/**
 * Whether the lease has run out, or was given back: whoever sends stops at once, and asks {@link leaseFailure} whose it
 * is now.
 */
export const isPastDeadline = ({ store, clock }: Pick<EnginePorts, 'store' | 'clock'>): boolean =>
  clock.now() >= store.lease.expiresAt();
