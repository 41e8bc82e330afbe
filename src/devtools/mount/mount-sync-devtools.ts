import { createElement } from 'react';
import { createRoot } from 'react-dom/client';
import type { SyncEngine } from '../../engine/api/sync-engine.ts';
import type { DevtoolsOptions } from '../agent/devtools-agent.ts';
import { connectPanel } from './connect-panel.ts';
import { FloatingPanel } from './floating-panel.tsx';
import { pageStorage, recall, recalledFaults, type KeyValueStorage } from './remembered.ts';

export interface MountOptions extends DevtoolsOptions {
  /** For a page whose content security policy allows only styles with this nonce. */
  readonly nonce?: string | undefined;
  /** Opens the panel at once; default: as it was left. */
  readonly open?: boolean | undefined;
  /** Where size, place and the offline latch are kept; default `localStorage`. */
  readonly storage?: KeyValueStorage | undefined;
  /** Under which name; one per engine of a page. Default `synchart.devtools`. */
  readonly storageKey?: string | undefined;
}

/** The panels that are in a page, by their engines. */
const mounted = new WeakMap<SyncEngine, () => void>();

/**
 * Puts a button into a page that opens the panel of an engine, whatever the page is made with. It lives in a shadow
 * root: no style goes in or out, nothing is loaded. Returns the function that takes it away; the engine goes on. An
 * engine has one panel in a page: while it is there, another call changes nothing, whatever its element and options,
 * and returns the same function. Throws `TypeError` for an engine that was not made here.
 */
export function mountSyncDevtools(
  engine: SyncEngine,
  element: HTMLElement = document.body,
  options: MountOptions = {},
): () => void {
  const there = mounted.get(engine);
  if (there !== undefined) return there;
  const { nonce, open, storage = pageStorage(), storageKey = 'synchart.devtools', ...rest } = options;
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
