import { sync } from '../setup/sync-setup.ts';
import { failed, onWork, outputOf, widen } from './wiring.ts';

/** A run exists and wants the lease (I11): one attempt, then polling while another tab or process works. */
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
    asking: {
      tags: 'busy',
      invoke: {
        src: 'acquireLease',
        onDone: [
          { guard: { type: 'isHeldOn', params: outputOf }, target: '#running.where' },
          { guard: { type: 'isHeld', params: outputOf }, target: '#running' },
          { target: 'watching' },
        ],
        onError: failed,
      },
    },
    watching: {
      initial: 'waiting',
      states: {
        waiting: { after: { leasePollDelay: 'polling' } },
        polling: {
          invoke: {
            src: 'acquireLease',
            onDone: [
              { guard: { type: 'isHeldOn', params: outputOf }, target: '#running.where' },
              { guard: { type: 'isHeld', params: outputOf }, target: '#running' },
              { target: 'waiting' },
            ],
            onError: failed,
          },
        },
      },
    },
  },
});
