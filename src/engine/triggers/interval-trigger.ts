import { startRepeating } from './timers.ts';
import { sharedKinds, type EndTrigger, type TriggerSite } from './trigger-site.ts';

/**
 * Syncs every `intervalMs`, first after one interval: pushes everything, pulls the kinds that have no clock of their
 * own. A tick during a run asks for nothing: else a server that is slower than the interval would be asked without a
 * pause.
 */
export const startInterval = (
  site: Pick<TriggerSite, 'clock' | 'kinds' | 'send' | 'isBusy'>,
  intervalMs: number,
): EndTrigger =>
  startRepeating(site.clock, intervalMs, () => {
    if (!site.isBusy()) site.send({ type: 'SYNC', pullKinds: sharedKinds(site), automatic: true });
  });
