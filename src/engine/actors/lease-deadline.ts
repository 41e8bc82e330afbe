import { toSyncFailure, type SyncFailure } from '../../model/errors/failure.ts';
import type { EnginePorts } from '../ports/engine-ports.ts';

/**
 * Checks the lease deadline before each send. A later request could overlap with those of the next owner (I11). An
 * expired deadline, as on a busy machine, does not yet mean a lost lease. If no other owner took it, the lease is
 * extended before anything is sent.
 */
export async function leaseFailure({
  store,
  clock,
}: Pick<EnginePorts, 'store' | 'clock'>): Promise<SyncFailure | undefined> {
  const expiresAt = store.lease.expiresAt();
  if (clock.now() < expiresAt) return undefined;
  if (expiresAt === 0)
    return { type: 'leaseLost', message: 'the sync lease was released before the request was sent', at: clock.now() };
  try {
    await store.lease.renew();
    return undefined;
  } catch (error) {
    return toSyncFailure(error);
  }
}

/**
 * Whether the lease has expired or was released. The sender then stops at once, and {@link leaseFailure} tells who owns
 * the lease.
 */
export const isPastDeadline = ({ store, clock }: Pick<EnginePorts, 'store' | 'clock'>): boolean =>
  clock.now() >= store.lease.expiresAt();
