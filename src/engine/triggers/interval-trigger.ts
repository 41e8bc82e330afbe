import { startRepeating } from './timers.ts';
import { sharedKinds, type EndTrigger, type TriggerSite } from './trigger-site.ts';

/**
 * Syncs every `intervalMs`, first after one interval: pushes everything and pulls the kinds without their own interval.
 * A tick during a run has no effect, otherwise a server slower than the interval would never rest.
 */
export const startInterval = (
  site: Pick<TriggerSite, 'clock' | 'kinds' | 'send' | 'isBusy'>,
  intervalMs: number,
): EndTrigger =>
  startRepeating(site.clock, intervalMs, () => {
    if (!site.isBusy()) site.send({ type: 'SYNC', pullKinds: sharedKinds(site), automatic: true });
  });
