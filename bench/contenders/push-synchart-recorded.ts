import { attachDevtools } from '../../src/devtools/agent/attach-devtools.ts';
import { contend } from '../contender.ts';
import { closeReplica, openReplica } from '../replica.ts';

/** As push-synchart, with the devtools attached and no panel open. */
await contend({
  prepare: async (task) => {
    const replica = await openReplica(task);
    attachDevtools(replica.engine);
    return replica;
  },
  work: async ({ engine }) => (await engine.sync({ pushKinds: ['cities'], pullKinds: [] })).pushed,
  end: closeReplica,
});
