import { sync } from '../setup/sync-setup.ts';
import { explicit, onWork, outputOf, told } from './wiring.ts';

/** Whether the server is reachable, according to the app and to the engine's own probes. */
export const network = sync.createStateConfig({
  initial: 'online',
  on: { STOP: '.closed' },
  states: {
    online: { on: { 'network.offline': { target: 'offline', actions: told({ type: 'network.offline' }) } } },
    // Ports may be wrong (F-139). While one reports offline, the engine probes the server periodically. While paused,
    // it sends nothing.
    offline: {
      initial: 'waiting',
      on: {
        'network.online': { target: 'online', actions: told({ type: 'network.online' }) },
        // Somebody waits for a result now. The current run gets no further waits and rejects with the failure itself.
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
