import { sync } from '../setup/sync-setup.ts';

/**
 * The command that the app gave last. Most states obey PAUSE and STOP at once. `starting` and `settling` first finish
 * their work and then read this region. An unusable database cancels a pending pause.
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
