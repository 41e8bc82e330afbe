import type { LeasePort } from '../../model/ports.ts';
import type { Lease } from './lease.ts';
import type { TabLock } from './tab-lock.ts';

/**
 * The lease in the table, combined with a lock that a dead owner loses at once. The owner of the lock takes the lease
 * from any recorded owner, which is either dead, or frozen and fenced out when it wakes (I11).
 */
export const lockedLease = (lease: Lease, lock: TabLock): LeasePort => ({
  acquire: async () => {
    if (!(await lock.tryAcquire())) return { held: false };
    try {
      const answer = await lease.acquire(true);
      if (!answer.held) lock.release();
      return answer;
    } catch (error) {
      lock.release();
      throw error;
    }
  },
  renew: async () => {
    try {
      await lease.renew();
    } catch (error) {
      if (lease.expiresAt() === 0) lock.release();
      throw error;
    }
  },
  release: async () => {
    try {
      await lease.release();
    } finally {
      lock.release();
    }
  },
  expiresAt: () => lease.expiresAt(),
  isWanted: () => lock.isWanted(),
});
