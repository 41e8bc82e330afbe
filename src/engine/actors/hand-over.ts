import { SyncStepError } from '../../model/errors/failure.ts';
import type { EnginePorts } from '../ports/engine-ports.ts';

/**
 * Ends the run where somebody with a better claim waits for the lease. Asked between two batches or pages, so that
 * nothing is cut short; what was asked for goes on when the lease comes back. Throws `SyncStepError` `leaseLost`.
 */
export async function handOverIfWanted({ store, clock }: Pick<EnginePorts, 'store' | 'clock'>): Promise<void> {
  if ((await store.lease.isWanted?.()) !== true) return;
  throw new SyncStepError({
    type: 'leaseLost',
    message: 'the sync lease is handed to somebody with a better claim',
    at: clock.now(),
  });
}
