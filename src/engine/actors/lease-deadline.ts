import type { SyncFailure } from '../../model/failure.ts';
import type { EnginePorts } from '../engine-ports.ts';

/** Each send checks its own deadline: what leaves after it could cross with what the next holder sends (I11). */
export function leaseFailure({ store, clock }: Pick<EnginePorts, 'store' | 'clock'>): SyncFailure | undefined {
  const at = clock.now();
  if (at < store.lease.expiresAt()) return undefined;
  return { type: 'leaseLost', message: 'the sync lease ran out before the request was sent; the next holder sends it', at };
}
