import { createElement } from 'react';
import { createRoot } from 'react-dom/client';
import type { SyncEngine } from '../../engine/api/sync-engine.ts';
import { aFlag, aText } from '../../model/options/bounds.ts';
import { optional, type OptionList } from '../../model/options/option-list.ts';
import { checkDevtoolsOptions, devtoolsOptions, type DevtoolsOptions } from '../agent/devtools-agent.ts';
import { connectPanel } from './connect-panel.ts';
import { FloatingPanel } from './floating-panel.tsx';
import { pageStorage, recall, recalledFaults, storageOptions, type KeyValueStorage } from './remembered.ts';

export interface MountOptions extends DevtoolsOptions {
  /** Put on the panel's styles, for a page whose content security policy asks for a nonce. */
  readonly nonce?: string | undefined;
  /** Whether the panel is open at first. @defaultValue as it was left */
  readonly open?: boolean | undefined;
  /** Where size, place and the offline latch are kept over a reload. @defaultValue `localStorage` */
  readonly storage?: KeyValueStorage | undefined;
  /** Name of the entry in `storage`; each engine of a page needs its own. @defaultValue `synchart.devtools` */
  readonly storageKey?: string | undefined;
}

/** Defaults and bounds of {@link MountOptions}. */
export const mountOptions = {
  nonce: optional(aText),
  open: optional(aFlag),
  ...storageOptions,
  ...devtoolsOptions,
} satisfies OptionList<MountOptions>;

/** The panels that are in a page, by their engines. */
const mounted = new WeakMap<SyncEngine, () => void>();

/**
 * Puts a button into a page that opens the panel of an engine, whatever the page is made with. It lives in a shadow
 * root: no style goes in or out, nothing is loaded. Returns the function that takes it away; the engine goes on. An
 * engine has one panel in a page: while it is there, another call changes nothing, whatever its element and options,
 * and returns the same function. Throws `RangeError` or `TypeError` for a bad option, `TypeError` for an engine that
 * was not made here.
 */
export function mountSyncDevtools(
  engine: SyncEngine,
  element: HTMLElement = document.body,
  options: MountOptions = {},
): () => void {
  checkDevtoolsOptions('mountSyncDevtools', mountOptions, options);
  const there = mounted.get(engine);
  if (there !== undefined) return there;
  const { nonce, open, storage = pageStorage(), storageKey = storageOptions.storageKey.fallback, ...rest } = options;
  const kept = recall(storage, storageKey);
  const initial = open === undefined ? kept : { ...kept, isOpen: open };
  const panel = connectPanel(engine, { faults: recalledFaults(kept), ...rest });
  const host = document.createElement('div');
  host.dataset['synchart'] = 'devtools';
  const shadow = host.attachShadow({ mode: 'open' });
  element.append(host);
  const root = createRoot(shadow);
  root.render(createElement(FloatingPanel, { client: panel.client, initial, storage, storageKey, nonce }));
  const unmount = (): void => {
    // Called once more, it must not take away a panel that came later.
    if (mounted.get(engine) !== unmount) return;
    mounted.delete(engine);
    root.unmount();
    panel.disconnect();
    host.remove();
  };
  mounted.set(engine, unmount);
  return unmount;
}
