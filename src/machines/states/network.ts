import { sync } from '../setup/sync-setup.ts';
import { explicit, onWork, outputOf, told } from './wiring.ts';

/** Whether the server can be reached, as the app says it and as the engine finds out. */
export const network = sync.createStateConfig({
  initial: 'online',
  on: { STOP: '.closed' },
  states: {
    online: { on: { 'network.offline': { target: 'offline', actions: told({ type: 'network.offline' }) } } },
    // Ports lie (F-139): while one says offline, the server itself is asked now and then. Not while paused: then
    // nothing is sent.
    offline: {
      initial: 'waiting',
      on: {
        'network.online': { target: 'online', actions: told({ type: 'network.online' }) },
        // Somebody waits for an answer now: the run under way gets no further waits, and rejects with the failure
        // itself.
        ...onWork({ guard: explicit, actions: 'tryOnce' }),
      },
      states: {
        waiting: {
          after: { probeDelay: [{ guard: 'isPaused', target: 'waiting', reenter: true }, { target: 'probing' }] },
        },
        probing: {
          on: { PAUSE: 'waiting' },
          invoke: {
            src: 'probeHealth',
            onDone: [
              { guard: { type: 'isReachable', params: outputOf }, target: 'waiting', actions: 'noteReached' },
              { target: 'waiting' },
            ],
            onError: 'waiting',
          },
        },
      },
    },
    closed: { type: 'final' },
  },
});
