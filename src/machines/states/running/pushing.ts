import type { SettleReport } from '../../../model/run.ts';
import type { BatchInput } from '../../actor-inputs.ts';
import type { SyncContext } from '../../machine-context.ts';
import { sync } from '../../setup/sync-setup.ts';
import { accept, announceFacts, expired, failed, failureOf, onWork, outputOf } from '../wiring.ts';

const batchOf = ({ context: { run } }: { context: SyncContext }): BatchInput => ({ batchId: run?.batchId ?? 0 });

const partOf = ({ event }: { event: { part: SettleReport } }): SettleReport => event.part;

const settled = [
  { type: 'countSettled', params: outputOf<SettleReport> },
  { type: 'noteSettled', params: outputOf<SettleReport> },
  announceFacts,
  { type: 'announceBatch', params: outputOf<SettleReport> },
] as const;

const partSettled = [
  { type: 'countPart', params: partOf },
  { type: 'noteSettled', params: partOf },
  { type: 'announceFacts', params: (args: { event: { part: SettleReport } }) => partOf(args).facts },
  { type: 'announceBatch', params: partOf },
  'noteReached',
] as const;

/** Sends the outbox batch by batch until nothing more is ready. */
export const pushing = sync.createStateConfig({
  id: 'pushing',
  initial: 'choosingStep',
  entry: [
    { type: 'announcePhase', params: 'push' },
    { type: 'enterPhase', params: 'push' },
  ],
  states: {
    // Answers that could not be settled on arrival are settled first. Nothing is sent again.
    choosingStep: { always: [{ guard: 'hasUnsettled', target: 'settling' }, { target: 'taking' }] },
    taking: {
      // A write after the outbox was read must not be lost if that read turns out empty.
      initial: 'current',
      on: { ...onWork({ target: '.outdated', actions: accept }), 'outbox.changed': '.outdated' },
      states: { current: {}, outdated: {} },
      invoke: {
        src: 'takeBatch',
        input: ({ context: { run } }) => ({ runId: run?.id ?? 0, kinds: run?.toPush ?? [] }),
        onDone: [
          {
            guard: { type: 'isFilled', params: outputOf },
            target: 'sending',
            actions: [{ type: 'keepBatch', params: outputOf }, announceFacts],
          },
          { guard: 'isOutdated', target: 'taking', reenter: true, actions: announceFacts },
          { guard: 'hasConflict', target: '#resolvingConflict', actions: announceFacts },
          { target: '#pulling', actions: [announceFacts, 'closePush'] },
        ],
        onError: failed,
      },
    },
    sending: {
      // Leaving aborts the requests. Answers received so far are settled (I9); the rest stays in flight under its key.
      on: {
        PAUSE: 'settling',
        STOP: 'settling',
        'session.expired': { target: 'settling', actions: { type: 'keepFailedReport', params: expired } },
        'answers.settled': { actions: partSettled },
      },
      invoke: {
        src: 'sendBatch',
        input: batchOf,
        onDone: [
          {
            guard: { type: 'isReached', params: outputOf },
            target: 'settling',
            actions: [{ type: 'keepReport', params: outputOf }, 'noteReached'],
          },
          { target: 'settling', actions: { type: 'keepReport', params: outputOf } },
        ],
        onError: { target: 'settling', actions: { type: 'keepFailedReport', params: failureOf } },
      },
    },
    settling: {
      // Received answers are settled first; `intent` keeps the command to leave. Settling detects a lost lease itself,
      // because it checks its fencing token.
      on: {
        PAUSE: {},
        STOP: {},
        'lease.lost': {},
        'session.expired': { actions: { type: 'keepFailedReport', params: expired } },
      },
      invoke: {
        src: 'settleBatch',
        input: batchOf,
        onDone: [
          { guard: 'isToldToStop', target: '#stopped', actions: settled },
          { guard: 'isToldToPause', target: '#paused', actions: settled },
          { guard: 'wasInterrupted', target: '#assessing', actions: ['recordInterruption', ...settled] },
          { target: 'taking', actions: settled },
        ],
        onError: [{ guard: 'isToldToStop', target: '#stopped' }, { guard: 'isToldToPause', target: '#paused' }, failed],
      },
    },
  },
});
