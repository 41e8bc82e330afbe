import { and, not, or } from 'xstate';
import type { SyncContext } from '../machine-context.ts';
import { sync } from '../setup/sync-setup.ts';
import { told } from './wiring.ts';

const failureOfRun = ({ context }: { context: SyncContext }) => ({ failure: context.failure });

/** The run has ended, and its promises receive the reason. */
const endFailed = ['announceFailed', { type: 'announceEnded', params: failureOfRun }] as const;

/**
 * The single place that judges a failure. It lies outside `running`, so that `running.where` still names the failed
 * phase.
 */
export const assessing = sync.createStateConfig({
  id: 'assessing',
  always: [
    {
      guard: { type: 'failedWith', params: 'leaseLost' },
      target: 'idle',
      actions: ['giveBackRun', 'dropRun', { type: 'recordFailure', params: undefined }],
    },
    {
      guard: { type: 'failedWith', params: 'storeFailed' },
      target: 'failed',
      actions: [...endFailed, 'giveBackAutomatic', 'dropRun'],
    },
    { guard: 'isTokenDead', target: 'idle', actions: [...endFailed, 'giveBackAll', 'dropRun'] },
    // An answer to a request from before the sign-in is judged after it. The step is then repeated with the new token.
    { guard: { type: 'failedWith', params: 'authRequired' }, target: 'resuming', actions: 'forgetOldToken' },
    {
      guard: { type: 'failedWith', params: 'scopeChanged' },
      target: 'idle',
      actions: [told({ type: 'scope.changed' }), ...endFailed, 'giveBackAutomatic', 'dropRun'],
    },
    { guard: 'isIsolable', target: '#running.where', actions: ['isolateKind', 'announceFailed'] },
    {
      guard: and(['isTransient', not('isBeyondCap'), 'hasRetriesLeft']),
      target: 'backoff',
      actions: ['countAttempt', 'scheduleRetry', 'announceWait'],
    },
    { target: 'tidying', actions: [...endFailed, 'giveBackAutomatic', 'dropRun'] },
  ],
});

/** Cleans up after a failed run. Automatic work waits; a request that somebody made meanwhile does not. */
export const tidying = sync.createStateConfig({
  id: 'tidying',
  always: [
    { guard: 'isAwaited', target: 'idle', actions: 'countFailure' },
    { guard: or(['hasAutomaticWork', 'isBeyondCap']), target: 'backoff', actions: ['scheduleRetry', 'announceWait'] },
    { target: 'idle', actions: 'countFailure' },
  ],
});
