import { useEffect, useState, type ReactNode } from 'react';
import type { SyncEngine } from '../../engine/api/sync-engine.ts';
import type { DevtoolsOptions } from '../agent/devtools-agent.ts';
import type { DevtoolsClient } from '../client/devtools-client.ts';
import type { PanelViewName } from '../panel/context/panel-view.ts';
import { SyncPanel } from '../panel/sync-panel.tsx';
import { connectPanel, type ConnectedPanel } from './connect-panel.ts';
import { pageStorage, recall, recalledFaults, remember, type KeyValueStorage } from './remembered.ts';

export interface SyncDevtoolsProps extends DevtoolsOptions {
  readonly engine: SyncEngine;
  readonly initialView?: PanelViewName | undefined;
  readonly theme?: 'light' | 'dark' | undefined;
  /** For a page whose policy allows only styles with this nonce. */
  readonly nonce?: string | undefined;
  /** Where the offline latch is kept over a reload; default `localStorage`. */
  readonly storage?: KeyValueStorage | undefined;
  /** Under which name; one per engine of a page. Default `synchart.devtools`. */
  readonly storageKey?: string | undefined;
}

/**
 * Shows an engine in a React app. Fills the element it is in, so give that a height. The other options are read once
 * per engine.
 */
export function SyncDevtools({
  engine,
  initialView,
  theme,
  nonce,
  storage,
  storageKey = 'synchart.devtools',
  ...options
}: SyncDevtoolsProps): ReactNode {
  const [panel, setPanel] = useState<ConnectedPanel>();
  useEffect(() => {
    const place = storage ?? pageStorage();
    const connected = connectPanel(engine, { faults: recalledFaults(recall(place, storageKey)), ...options });
    const forget = keepOffline(connected.client, place, storageKey);
    setPanel(connected);
    return () => {
      forget();
      connected.disconnect();
    };
    // Options belong to the attaching: a new object on each render is no reason to attach anew.
  }, [engine]);
  return panel === undefined ? null : (
    <SyncPanel client={panel.client} initialView={initialView} theme={theme} nonce={nonce} />
  );
}

/** The latch outlives the page while it is on. Returns the function that ends the watching. */
function keepOffline(client: DevtoolsClient, storage: KeyValueStorage | undefined, key: string): () => void {
  let { offline } = recall(storage, key);
  return client.subscribe(() => {
    const { view } = client.getState();
    // Before the engine has told, nothing is known.
    if (view === undefined || offline === (view.faults.offline === true)) return;
    offline = !offline;
    remember(storage, key, { ...recall(storage, key), offline });
  });
}
