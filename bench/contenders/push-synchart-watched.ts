import { attachDevtools } from '../../src/devtools/agent/attach-devtools.ts';
import { createDevtoolsClient } from '../../src/devtools/client/devtools-client.ts';
import { createLocalChannel } from '../../src/devtools/protocol/local-channel.ts';
import { contend } from '../contender.ts';
import { closeReplica, openReplica } from '../replica.ts';

/** As often as a view of the panel asks. */
const askEveryMs = 300;

/** As push-synchart, with a panel open on its outbox: both ends in this process, as in a page. Drawing is the browser's. */
await contend({
  prepare: async (task) => {
    const replica = await openReplica(task);
    const { engineEnd, panelEnd } = createLocalChannel();
    attachDevtools(replica.engine).connect(engineEnd);
    const client = createDevtoolsClient(panelEnd);
    await client.query('kinds', {});
    return { ...replica, client };
  },
  work: async ({ engine, client }) => {
    const asking = setInterval(() => void client.query('operations', { limit: 100 }), askEveryMs);
    try {
      return (await engine.sync({ pushKinds: ['cities'], pullKinds: [] })).pushed;
    } finally {
      clearInterval(asking);
    }
  },
  end: async (replica) => {
    replica.client.dispose();
    await closeReplica(replica);
  },
});
