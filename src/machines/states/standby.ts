import type { LeaseAnswer } from '../../model/run.ts';
import { sync } from '../setup/sync-setup.ts';
import { failed, onWork, outputOf, widen } from './wiring.ts';

/**
 * Makes one attempt to get the lease. If no other owner held it since the run left a phase, the run continues in that
 * phase.
 */
const asksForLease = <Target extends string>(otherwise: Target) =>
  ({
    src: 'acquireLease',
    onDone: [
      { guard: { type: 'isHeldOn', params: outputOf<LeaseAnswer> }, target: '#running.where' },
      { guard: { type: 'isHeld', params: outputOf<LeaseAnswer> }, target: '#running' },
      { target: otherwise },
    ],
    onError: failed,
  }) as const;

/** A run exists and needs the lease (I11): one attempt, then polling while another tab or process works. */
export const standby = sync.createStateConfig({
  id: 'standby',
  initial: 'asking',
  on: {
    ...onWork({ actions: widen }),
    'session.expired': 'resuming',
    WAITER_LEFT: [
      { guard: { type: 'isUnwanted', params: ({ event }) => event.waiter }, target: 'idle', actions: 'dropRun' },
      { actions: { type: 'dropWaiter', params: ({ event }) => event.waiter } },
    ],
  },
  states: {
    asking: { tags: 'busy', invoke: asksForLease('watching') },
    watching: {
      initial: 'waiting',
      states: {
        waiting: { after: { leasePollDelay: 'polling' } },
        polling: { invoke: asksForLease('waiting') },
      },
    },
  },
});
