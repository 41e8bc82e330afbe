import { not } from 'xstate';
import type { Hydrated } from '../../model/run.ts';
import { sync } from '../setup/sync-setup.ts';
import { accept, failureOf, onWork, outputOf } from './wiring.ts';

/** Takes over what an earlier process left in the database. */
const restored = [
  { type: 'restore', params: outputOf<Hydrated> },
  { type: 'announceForeign', params: ({ event }: { event: { output: Hydrated } }) => event.output.failure },
] as const;

/** Reads what an earlier process left in the database. Until then the engine begins no run. */
export const starting = sync.createStateConfig({
  id: 'starting',
  initial: 'hydrating',
  states: {
    hydrating: {
      initial: 'open',
      states: { open: { on: { PAUSE: 'pausing' } }, pausing: { on: { PAUSE: {}, RESUME: 'open' } } },
      invoke: {
        src: 'hydrate',
        onDone: [
          { guard: 'isToldToPause', target: '#paused', actions: restored },
          { guard: { type: 'isPausedSince', params: outputOf }, target: '#paused', actions: restored },
          { guard: { type: 'mustWait', params: outputOf }, target: '#backoff', actions: restored },
          { target: '#idle', actions: [...restored, 'forgetWait'] },
        ],
        onError: [
          { guard: 'isToldToPause', target: 'blocked.pausing', actions: [{ type: 'recordFailure', params: failureOf }, 'scheduleRetry'] },
          { target: 'blocked', actions: [{ type: 'recordFailure', params: failureOf }, 'scheduleRetry'] },
        ],
      },
    },
    // A busy database is tried again by itself; an unusable one waits for a person.
    blocked: {
      tags: 'attention',
      initial: 'open',
      always: { guard: not('isTransient'), target: '#failed', actions: 'announceFailed' },
      after: { retryDelay: [{ guard: 'isToldToPause', target: 'hydrating.pausing' }, { target: 'hydrating' }] },
      exit: 'forgetWait',
      on: { SYNC: { target: 'hydrating', actions: accept }, FULL_RESYNC: { target: 'hydrating', actions: accept }, RESUME: 'hydrating' },
      states: { open: { on: { PAUSE: 'pausing' } }, pausing: { on: { ...onWork({ actions: accept }), PAUSE: {} } } },
    },
  },
});
