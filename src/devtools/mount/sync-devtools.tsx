import { useEffect, useState, type ReactNode } from 'react';
import type { SyncEngine } from '../../engine/api/sync-engine.ts';
import { anObject, aText, oneOf } from '../../model/options/bounds.ts';
import { optional, required, type OptionList } from '../../model/options/option-list.ts';
import { checkDevtoolsOptions, devtoolsOptions, type DevtoolsOptions } from '../agent/devtools-agent.ts';
import type { DevtoolsClient } from '../client/devtools-client.ts';
import { panelViewNames, type PanelViewName } from '../panel/context/panel-view.ts';
import { SyncPanel } from '../panel/sync-panel.tsx';
import { connectPanel, type ConnectedPanel } from './connect-panel.ts';
import { pageStorage, recall, recalledFaults, remember, storageOptions, type KeyValueStorage } from './remembered.ts';

export interface SyncDevtoolsProps extends DevtoolsOptions {
  /** The engine to show. */
  readonly engine: SyncEngine;
  /** The view that is open at first. @defaultValue `outbox` */
  readonly initialView?: PanelViewName | undefined;
  /** Colours of the panel. @defaultValue those of the system */
  readonly theme?: 'light' | 'dark' | undefined;
  /** Put on the panel's styles, for a page whose content security policy asks for a nonce. */
  readonly nonce?: string | undefined;
  /** Where the offline latch is kept over a reload. @defaultValue `localStorage` */
  readonly storage?: KeyValueStorage | undefined;
  /** Name of the entry in `storage`; each engine of a page needs its own. @defaultValue `synchart.devtools` */
  readonly storageKey?: string | undefined;
}

/** Defaults and bounds of {@link SyncDevtoolsProps}. */
export const syncDevtoolsProps = {
  engine: required(anObject),
  initialView: optional(oneOf(...panelViewNames)),
  theme: optional(oneOf('light', 'dark')),
  nonce: optional(aText),
  ...storageOptions,
  ...devtoolsOptions,
} satisfies OptionList<SyncDevtoolsProps>;

/**
 * Shows an engine in a React app. Fills the element it is in, so give that a height. The other options are read once
 * per engine.
 */
export function SyncDevtools(props: SyncDevtoolsProps): ReactNode {
  const {
    engine,
    initialView,
    theme,
    nonce,
    storage,
    storageKey = storageOptions.storageKey.fallback,
    ...options
  } = props;
  const [panel, setPanel] = useState<ConnectedPanel>();
  useEffect(() => {
    checkDevtoolsOptions('SyncDevtools', syncDevtoolsProps, props);
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
