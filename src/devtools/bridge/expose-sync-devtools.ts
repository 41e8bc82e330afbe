import { internalsOf } from '../../engine/core/engine-internals.ts';
import type { SyncEngine } from '../../engine/api/sync-engine.ts';
import { attachDevtools } from '../agent/attach-devtools.ts';
import type { DevtoolsAgent, DevtoolsOptions } from '../agent/devtools-agent.ts';
import { pageStorage, recall, recalledFaults, type KeyValueStorage } from '../mount/remembered.ts';
import { openPageHook } from './open-page-hook.ts';
import { rememberOffline } from './remember-offline.ts';
import { randomId } from '../../model/platform/random-id.ts';

export interface ExposeOptions extends DevtoolsOptions {
  /**
   * When the log begins. `start`, the default: now, so that a panel opened later shows what was. `panel`: with the
   * first panel, so that nothing is recorded where nobody looks.
   */
  readonly recordFrom?: 'start' | 'panel' | undefined;
  /** Where the offline latch is kept over a reload; default `localStorage`. */
  readonly storage?: KeyValueStorage | undefined;
  /** Under which name; one per engine of a page. Default `synchart.devtools`. */
  readonly storageKey?: string | undefined;
}

/**
 * Lets the browser extension find an engine of this page or frame. Nothing is shown and nothing is sent until the panel
 * "synchart" of the browser's own devtools is opened. Any script of the page could then do what the panel does: put it
 * behind the condition under which you would show the panel itself. Returns the function that takes it back; the engine
 * goes on. Throws `TypeError` for an engine that neither `createSyncEngine` nor `engineOf` made.
 */
export function exposeSyncDevtools(engine: SyncEngine, options: ExposeOptions = {}): () => void {
  const { recordFrom = 'start', storage = pageStorage(), storageKey = 'synchart.devtools', ...rest } = options;
  internalsOf(engine, 'exposeSyncDevtools');
  const faults = recalledFaults(recall(storage, storageKey));
  const attach = (): DevtoolsAgent => attachDevtools(engine, { faults, ...rest });
  // An engine that was put offline is so from its first request on.
  if (recordFrom === 'start' || faults.offline === true) attach();
  return openPageHook().add({ id: randomId(), name: rest.name ?? 'synchart' }, (channel) => {
    const agent = attach();
    rememberOffline(agent, channel, storage, storageKey);
    return agent.connect(channel);
  });
}
