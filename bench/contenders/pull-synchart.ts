import { contend } from '../contender.ts';
import { closeReplica, openReplica } from '../replica.ts';

await contend({
  prepare: openReplica,
  work: async ({ engine }) => (await engine.sync()).pulled,
  end: closeReplica,
});
