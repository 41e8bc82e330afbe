import type { SyncEngine } from 'synchart';
import { attachDevtools } from '../src/devtools/agent/attach-devtools.ts';
import { createDevtoolsClient, type DevtoolsClient } from '../src/devtools/client/devtools-client.ts';
import { createLocalChannel } from '../src/devtools/protocol/local-channel.ts';

/** As often as a view of the panel asks, and as much as the Outbox asks for. */
const askEveryMs = 300;
const rowsAsked = 150;

export interface OpenPanel {
  readonly client: DevtoolsClient;
  readonly close: () => void;
}

/**
 * A panel that is open on its outbox: both ends in this process, as in a page. Drawing is the browser's, see
 * bench/scroll.ts.
 */
export async function openPanel(engine: SyncEngine): Promise<OpenPanel> {
  const { engineEnd, panelEnd } = createLocalChannel();
  attachDevtools(engine).connect(engineEnd);
  const client = createDevtoolsClient(panelEnd);
  await client.query('kinds', {});
  const asking = setInterval(() => void client.query('operations', { limit: rowsAsked }), askEveryMs);
  return {
    client,
    close: () => {
      clearInterval(asking);
      client.dispose();
    },
  };
}
