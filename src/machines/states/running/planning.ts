import { noRequest } from '../../placeholders.ts';
import { sync } from '../../setup/sync-setup.ts';
import { announceFacts, failed, outputOf } from '../wiring.ts';

/** Turns the request into lists of kinds to push, pull and sweep. */
export const planning = sync.createStateConfig({
  entry: { type: 'enterPhase', params: 'sync' },
  invoke: {
    src: 'planRun',
    input: ({ context: { run } }) => ({
      runId: run?.id ?? 0,
      request: run?.request ?? noRequest,
      remaining: run?.planned ? { toPush: run.toPush, toPull: run.toPull, toSweep: run.toSweep } : undefined,
    }),
    onDone: [
      {
        guard: { type: 'needsResync', params: outputOf },
        target: 'fullResync',
        actions: [{ type: 'adoptPlan', params: outputOf }, announceFacts],
      },
      { target: 'pushing', actions: [{ type: 'adoptPlan', params: outputOf }, announceFacts] },
    ],
    onError: failed,
  },
});
