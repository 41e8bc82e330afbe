import { SyncStepError } from '../../model/errors/failure.ts';
import type { EnginePorts } from '../ports/engine-ports.ts';

/**
 * Ends the run if an owner with a better claim waits for the lease. Called between batches or pages, so that it
 * interrupts nothing. The work resumes when the lease returns. Throws `SyncStepError` `leaseLost`.
 */
export async function handOverIfWanted({ store, clock }: Pick<EnginePorts, 'store' | 'clock'>): Promise<void> {
  if ((await store.lease.isWanted?.()) !== true) return;
  throw new SyncStepError({
    type: 'leaseLost',
    message: 'the sync lease passes to another tab or process with a better claim',
    at: clock.now(),
  });
}
