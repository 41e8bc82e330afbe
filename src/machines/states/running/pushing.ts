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

/** Sends the outbox batch by batch, until a look at it finds nothing more. */
export const pushing = sync.createStateConfig({
  id: 'pushing',
  initial: 'choosingStep',
  entry: [
    { type: 'announcePhase', params: 'push' },
    { type: 'enterPhase', params: 'push' },
  ],
  states: {
    // Answers that could not be settled when they came are still there: they go first, and nothing is sent again.
    choosingStep: { always: [{ guard: 'hasUnsettled', target: 'settling' }, { target: 'taking' }] },
    taking: {
      // What is written after the outbox was read must not be lost when that read turns out empty.
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
      // Leaving aborts the requests; what was answered by then is settled (I9), the rest stays in flight under its key.
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
      // Answers received are settled before anything else happens; `intent` keeps the wish to leave. The settling
      // notices a lost lease by itself, since it asserts its token.
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
