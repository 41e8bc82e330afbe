import { contend } from '../contender.ts';
import { openPanel } from '../open-panel.ts';
import { closeReplica, openReplica } from '../replica.ts';

/** As push-synchart, with a panel open in the same process, as in a page. */
await contend({
  prepare: async (task) => {
    const replica = await openReplica(task);
    return { ...replica, panel: await openPanel(replica.engine) };
  },
  work: async ({ engine }) => (await engine.sync({ pushKinds: ['cities'], pullKinds: [] })).pushed,
  end: async (replica) => {
    replica.panel.close();
    await closeReplica(replica);
  },
});
