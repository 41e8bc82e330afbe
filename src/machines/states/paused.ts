import { sync } from '../setup/sync-setup.ts';
import { accept, explicit, failureOf, onWork, told, widen } from './wiring.ts';

/** The app paused the engine. The pause is stored and survives a restart. */
export const paused = sync.createStateConfig({
  id: 'paused',
  initial: 'resting',
  entry: ['releaseLease', 'forgetWait', told({ type: 'engine.paused' }), 'announceDeferred'],
  on: {
    ...onWork([
      { guard: explicit, actions: [widen, told({ type: 'request.deferred', because: 'paused' })] },
      { actions: accept },
    ]),
    PAUSE: {},
  },
  states: {
    resting: {
      on: { RESUME: 'leaving' },
      invoke: {
        src: 'rememberPaused',
        input: { paused: true },
        onError: {
          actions: { type: 'announceUnsaved', params: (args) => ({ what: 'the pause', failure: failureOf(args) }) },
        },
      },
    },
    // Stores the end of the pause first. After a crash in between, the engine starts in the state that the app last
    // saw.
    leaving: {
      on: { PAUSE: 'resting' },
      invoke: {
        src: 'rememberPaused',
        input: { paused: false },
        onDone: { target: '#resuming', actions: told({ type: 'engine.resumed' }) },
        onError: {
          target: '#resuming',
          actions: [
            { type: 'announceUnsaved', params: (args) => ({ what: 'the end of the pause', failure: failureOf(args) }) },
            told({ type: 'engine.resumed' }),
          ],
        },
      },
    },
  },
});
