import type { SyncEngine } from '../../engine/api/sync-engine.ts';
import { attachDevtools } from '../agent/attach-devtools.ts';
import type { DevtoolsAgent, DevtoolsOptions } from '../agent/devtools-agent.ts';
import { createDevtoolsClient, type DevtoolsClient } from '../client/devtools-client.ts';
import { createLocalChannel } from '../protocol/local-channel.ts';

/** A panel's end and the engine's end of one channel in this page. */
export interface ConnectedPanel {
  readonly agent: DevtoolsAgent;
  readonly client: DevtoolsClient;
  /** Ends the panel. The engine goes on being recorded, so that a panel opened later shows what was. */
  disconnect(): void;
}

/** Attaches to an engine of this page and connects a panel to it, which is told the status only until it is open. */
export function connectPanel(engine: SyncEngine, options: DevtoolsOptions = {}): ConnectedPanel {
  const agent = attachDevtools(engine, options);
  const { engineEnd, panelEnd } = createLocalChannel();
  const end = agent.connect(engineEnd);
  const client = createDevtoolsClient(panelEnd, { quiet: true });
  return {
    agent,
    client,
    disconnect: () => {
      client.dispose();
      end();
    },
  };
}
