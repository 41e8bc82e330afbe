import { not } from 'xstate';
import type { Hydrated } from '../../model/run.ts';
import { sync } from '../setup/sync-setup.ts';
import { accept, failureOf, outputOf } from './wiring.ts';

/** Takes over the state that an earlier process left in the database. */
const restored = [
  { type: 'restore', params: outputOf<Hydrated> },
  { type: 'announceForeign', params: ({ event }: { event: { output: Hydrated } }) => event.output.failure },
] as const;

/** Somebody wants to work now and does not wait for the next attempt, unless the engine will pause anyway. */
const tryAgain = [
  { guard: 'isToldToPause', actions: accept },
  { target: 'hydrating', actions: accept },
] as const;

/** Reads the state that an earlier process left in the database. No run begins before. */
export const starting = sync.createStateConfig({
  id: 'starting',
  initial: 'hydrating',
  // `intent` keeps the command.
  on: { PAUSE: {} },
  states: {
    hydrating: {
      invoke: {
        src: 'hydrate',
        onDone: [
          { guard: 'isToldToPause', target: '#paused', actions: restored },
          { guard: { type: 'isPausedSince', params: outputOf }, target: '#paused', actions: restored },
          { guard: { type: 'mustWait', params: outputOf }, target: '#backoff', actions: restored },
          { target: '#idle', actions: [...restored, 'forgetWait'] },
        ],
        onError: { target: 'blocked', actions: [{ type: 'recordFailure', params: failureOf }, 'scheduleRetry'] },
      },
    },
    // Retries automatically while the database is busy. An unusable database waits for a command.
    blocked: {
      tags: 'attention',
      always: { guard: not('isTransient'), target: '#failed', actions: 'announceFailed' },
      after: { retryDelay: 'hydrating' },
      exit: 'forgetWait',
      on: { SYNC: tryAgain, FULL_RESYNC: tryAgain, RESUME: 'hydrating' },
    },
  },
});
