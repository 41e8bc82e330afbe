import { sync } from '../setup/sync-setup.ts';

/**
 * What the app told the engine to do. Most states obey PAUSE and STOP at once; `starting` and `settling` finish their
 * work first and look here when they are done. An unusable database ends the wish to pause.
 */
export const intent = sync.createStateConfig({
  initial: 'working',
  on: { STOP: '.stopping' },
  states: {
    working: { on: { PAUSE: 'pausing' } },
    pausing: { on: { RESUME: 'working' }, always: { guard: 'isFailed', target: 'working' } },
    stopping: { type: 'final' },
  },
});
