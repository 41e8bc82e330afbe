import { useEffect, useState, type ReactNode } from 'react';
import type { SyncEngine } from '../../engine/sync-engine.ts';
import type { DevtoolsOptions } from '../agent/devtools-agent.ts';
import type { PanelViewName } from '../panel/panel-view.ts';
import { SyncPanel } from '../panel/sync-panel.tsx';
import { connectPanel, type ConnectedPanel } from './connect-panel.ts';

export interface SyncDevtoolsProps extends DevtoolsOptions {
  readonly engine: SyncEngine;
  readonly initialView?: PanelViewName | undefined;
  readonly theme?: 'light' | 'dark' | undefined;
  /** For a page whose policy allows only styles with this nonce. */
  readonly nonce?: string | undefined;
}

/** Shows an engine in a React app. Fills the element it is in, so give that a height. The other options are read once per engine. */
export function SyncDevtools({ engine, initialView, theme, nonce, ...options }: SyncDevtoolsProps): ReactNode {
  const [panel, setPanel] = useState<ConnectedPanel>();
  useEffect(() => {
    const connected = connectPanel(engine, options);
    setPanel(connected);
    return () => connected.disconnect();
    // Options belong to the attaching: a new object on each render is no reason to attach anew.
  }, [engine]);
  return panel === undefined ? null : <SyncPanel client={panel.client} initialView={initialView} theme={theme} nonce={nonce} />;
}
