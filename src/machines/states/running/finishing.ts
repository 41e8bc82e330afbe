import type { RunRecord } from '../../../model/run.ts';
import { sync } from '../../setup/sync-setup.ts';
import { accept, announceFacts, failed, onWork, outputOf } from '../wiring.ts';

const succeeded = [
  announceFacts,
  { type: 'announceCompleted', params: outputOf<RunRecord> },
  { type: 'announceEnded', params: ({ event }: { event: { output: RunRecord } }) => ({ tookMs: event.output.tookMs }) },
  'dropRun',
  'forgetFailure',
] as const;

/** May wait for open resolvers (F-145). PAUSE, STOP or a request for another run ends that wait. */
export const finishing = sync.createStateConfig({
  id: 'finishing',
  entry: { type: 'enterPhase', params: 'sync' },
  on: onWork([{ guard: 'hasNoRequest', target: 'finishing', reenter: true, actions: accept }, { actions: accept }]),
  invoke: {
    src: 'finishRun',
    input: ({ context: { run, next } }) => ({
      runId: run?.id ?? 0,
      kinds: run?.request.pushKinds ?? [],
      pullKinds: run?.request.pullKinds ?? [],
      pushed: run?.push.pushed ?? 0,
      succeeded: run?.failures.length === 0,
      patient: next === undefined,
    }),
    onDone: [
      {
        guard: { type: 'isReopened', params: outputOf },
        target: 'resolvingConflict',
        actions: [announceFacts, { type: 'reopenConflicts', params: outputOf }],
      },
      {
        guard: 'hasFailedKind',
        target: '#tidying',
        actions: [
          announceFacts,
          'recordKindFailure',
          {
            type: 'announceEnded',
            params: ({ context, event }) => ({ tookMs: event.output.tookMs, failure: context.failure }),
          },
          'giveBackFailedKinds',
          'dropRun',
        ],
      },
      {
        guard: { type: 'leavesDueWork', params: outputOf },
        target: '#backoff',
        actions: [...succeeded, 'giveBackDue', { type: 'scheduleDue', params: outputOf }],
      },
      { target: '#idle', actions: succeeded },
    ],
    onError: failed,
  },
});
