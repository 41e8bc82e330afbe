import type { SweepReport } from '../../../model/run.ts';
import { sync } from '../../setup/sync-setup.ts';
import { announceFacts, failed, outputOf } from '../wiring.ts';

/** A mode around push and pull: entered before them, and again after every page is applied. */
export const fullResync = sync.createStateConfig({
  id: 'fullResync',
  initial: 'choosingStep',
  entry: [
    { type: 'announcePhase', params: 'fullResync' },
    { type: 'enterPhase', params: 'fullResync' },
  ],
  states: {
    choosingStep: {
      always: [
        { guard: 'hasKindToPull', target: 'preparing' },
        { guard: 'hasKindToSweep', target: 'sweeping' },
        { target: '#finishing' },
      ],
    },
    preparing: {
      invoke: {
        src: 'prepareResync',
        input: ({ context: { run } }) => ({ runId: run?.id ?? 0, kinds: run?.toSweep ?? [] }),
        onDone: '#pushing',
        onError: failed,
      },
    },
    sweeping: {
      invoke: {
        src: 'sweepResync',
        input: ({ context: { run } }) => {
          const kind = run?.toSweep[0] ?? '';
          return { runId: run?.id ?? 0, kind, requested: run?.request.resyncKinds.includes(kind) ?? false };
        },
        onDone: [
          // Proves the absence of rows one page at a time, so that PAUSE and STOP take effect in between.
          {
            guard: { type: 'hasMoreToProve', params: outputOf<SweepReport> },
            target: 'sweeping',
            reenter: true,
            actions: announceFacts,
          },
          { target: 'choosingStep', actions: ['closeSweep', announceFacts] },
        ],
        onError: failed,
      },
    },
  },
});
