import type { SyncEngineCore } from '../api/sync-engine.ts';
import { startInterval } from '../triggers/interval-trigger.ts';
import { startTableClocks } from '../triggers/table-clocks.ts';
import type { TriggerSite } from '../triggers/trigger-site.ts';
import type { EngineLife } from './engine-life.ts';

const defaultIntervalMs = 5 * 60 * 1000;

/** The two commands that start and stop the engine's own interval. */
export function autoSync(life: EngineLife, site: TriggerSite): Pick<SyncEngineCore, 'startAuto' | 'stopAuto'> {
  let end: () => void = () => undefined;
  return {
    startAuto: ({ interval = defaultIntervalMs } = {}) => {
      if (!(Number.isFinite(interval) && interval > 0))
        throw new RangeError(`startAuto: interval must be a number of milliseconds above 0, got ${String(interval)}`);
      life.begin();
      end();
      const ends = [site.note('interval'), startInterval(site, interval), startTableClocks(site)];
      end = () => {
        for (const each of ends) each();
      };
    },
    stopAuto: () => end(),
  };
}
