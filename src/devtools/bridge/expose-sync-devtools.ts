import { internalsOf } from '../../engine/core/engine-internals.ts';
import type { SyncEngine } from '../../engine/api/sync-engine.ts';
import { oneOf } from '../../model/options/bounds.ts';
import { byDefault, type OptionList } from '../../model/options/option-list.ts';
import { attachDevtools } from '../agent/attach-devtools.ts';
import {
  checkDevtoolsOptions,
  devtoolsOptions,
  type DevtoolsAgent,
  type DevtoolsOptions,
} from '../agent/devtools-agent.ts';
import { pageStorage, recall, recalledFaults, storageOptions, type KeyValueStorage } from '../mount/remembered.ts';
import { openPageHook } from './open-page-hook.ts';
import { rememberOffline } from './remember-offline.ts';
import { randomId } from '../../model/platform/random-id.ts';

export interface ExposeOptions extends DevtoolsOptions {
  /**
   * When the log begins. `start`: at once, so that a panel opened later shows what happened before. `panel`: with the
   * first panel, so that a page without a panel records nothing.
   *
   * @defaultValue `start`
   */
  readonly recordFrom?: 'start' | 'panel' | undefined;
  /** Where the offline latch is kept over a reload. @defaultValue `localStorage` */
  readonly storage?: KeyValueStorage | undefined;
  /** Name of the entry in `storage`; each engine of a page needs its own. @defaultValue `synchart.devtools` */
  readonly storageKey?: string | undefined;
}

/** Defaults and bounds of {@link ExposeOptions}. */
export const exposeOptions = {
  recordFrom: byDefault('start', oneOf('start', 'panel')),
  ...storageOptions,
  ...devtoolsOptions,
} satisfies OptionList<ExposeOptions>;

/**
 * Lets the browser extension find an engine of this page or frame. Nothing is shown and nothing is sent until the panel
 * "synchart" of the browser's own devtools is opened. Any script of the page could then do what the panel does: put it
 * behind the condition under which you would show the panel itself. Returns the function that takes it back; the engine
 * goes on. Throws `TypeError` for an engine that neither `createSyncEngine` nor `engineOf` made.
 */
export function exposeSyncDevtools(engine: SyncEngine, options: ExposeOptions = {}): () => void {
  checkDevtoolsOptions('exposeSyncDevtools', exposeOptions, options);
  const {
    recordFrom = exposeOptions.recordFrom.fallback,
    storage = pageStorage(),
    storageKey = storageOptions.storageKey.fallback,
    ...rest
  } = options;
  internalsOf(engine, 'exposeSyncDevtools');
  const faults = recalledFaults(recall(storage, storageKey));
  const attach = (): DevtoolsAgent => attachDevtools(engine, { faults, ...rest });
  // An engine that was put offline is so from its first request on.
  if (recordFrom === 'start' || faults.offline === true) attach();
  return openPageHook().add({ id: randomId(), name: rest.name ?? devtoolsOptions.name.fallback }, (channel) => {
    const agent = attach();
    rememberOffline(agent, channel, storage, storageKey);
    return agent.connect(channel);
  });
}
