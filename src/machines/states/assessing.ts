import { and, not, or } from 'xstate';
import type { SyncContext } from '../machine-context.ts';
import { sync } from '../setup/sync-setup.ts';
import { told } from './wiring.ts';

const failureOfRun = ({ context }: { context: SyncContext }) => ({ failure: context.failure });

/** The run is over and its promises know why. */
const endFailed = ['announceFailed', { type: 'announceEnded', params: failureOfRun }] as const;

/**
 * The one place where a failure is judged. It is outside `running`, so that `running.where` still names the phase that
 * failed.
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
    // Answers that went out before the sign-in are judged after it: the step is done once more with the new token.
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

/** A run has failed and is gone. What the engine sees to by itself waits; somebody who asked meanwhile does not. */
export const tidying = sync.createStateConfig({
  id: 'tidying',
  always: [
    { guard: 'isAwaited', target: 'idle', actions: 'countFailure' },
    { guard: or(['hasAutomaticWork', 'isBeyondCap']), target: 'backoff', actions: ['scheduleRetry', 'announceWait'] },
    { target: 'idle', actions: 'countFailure' },
  ],
});
