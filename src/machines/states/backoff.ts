import { and } from 'xstate';
import { automaticWork } from '../../rules/sync-rules.ts';
import { sync } from '../setup/sync-setup.ts';
import { accept, expired, explicit, failureOf, onWork, widen } from './wiring.ts';

/**
 * Waits with or without a run. A finished run leaves its automatic work in `next`; only a command starts before
 * retryAt.
 */
export const backoff = sync.createStateConfig({
  id: 'backoff',
  entry: 'releaseLease',
  exit: 'forgetWait',
  after: { retryDelay: 'resuming' },
  invoke: {
    src: 'rememberWait',
    input: ({ context: { attempt, wait, run, next } }) => ({ attempt, wait, request: automaticWork(run, next) }),
    // Keeps the recorded failure, because that one explains the wait.
    onError: {
      actions: { type: 'announceUnsaved', params: (args) => ({ what: 'the wait', failure: failureOf(args) }) },
    },
  },
  on: {
    ...onWork([
      { guard: explicit, target: 'resuming', actions: widen },
      { guard: 'isWaitForSingles', target: 'resuming', actions: accept },
      { actions: accept },
    ]),
    RESUME: 'resuming',
    'network.online': { guard: 'isWaitForNetwork', target: 'resuming' },
    'session.expired': 'resuming',
  },
});

/**
 * Returns to the run, if there is one and it may continue. Passes through `standby`, because another process may have
 * worked meanwhile.
 */
export const resuming = sync.createStateConfig({
  id: 'resuming',
  always: [
    { guard: and(['hasRun', 'isSignedOut']), target: 'assessing', actions: { type: 'recordFailure', params: expired } },
    { guard: 'hasRun', target: 'standby' },
    { target: 'idle' },
  ],
});
