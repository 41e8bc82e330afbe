import { attachDevtools } from '../../src/devtools/agent/attach-devtools.ts';
import { contend } from '../contender.ts';
import { closeReplica, openReplica } from '../replica.ts';

/** As push-synchart, with the devtools attached and their log off. */
await contend({
  prepare: async (task) => {
    const replica = await openReplica(task);
    await attachDevtools(replica.engine).run({ type: 'record', on: false });
    return replica;
  },
  work: async ({ engine }) => (await engine.sync({ pushKinds: ['cities'], pullKinds: [] })).pushed,
  end: closeReplica,
});
