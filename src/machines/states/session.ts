import type { SyncFailure } from '../../model/errors/failure.ts';
import { sync } from '../setup/sync-setup.ts';
import { outputOf, told } from './wiring.ts';

/** Whether somebody is signed in with a token that the server accepts. */
export const session = sync.createStateConfig({
  initial: 'signedIn',
  on: { STOP: '.closed' },
  states: {
    signedIn: {
      // Eventless, so that it happens in the microstep in which `assessing` ends the run. A run never coexists with a
      // dead token.
      always: { guard: 'isTokenDead', target: 'authRequired', actions: told({ type: 'session.authRequired' }) },
      on: {
        'session.expired': { target: 'authRequired', actions: told({ type: 'session.authRequired' }) },
        SIGNED_IN: { target: '.checking', actions: ['forgetSessionFailure', 'noteSignIn'] },
      },
      initial: 'known',
      states: {
        known: {},
        // The new user may be a different one. A run that begins now checks that itself (F-143).
        checking: {
          invoke: {
            src: 'checkScope',
            onDone: [
              {
                guard: { type: 'isForeign', params: outputOf<SyncFailure | undefined> },
                target: 'known',
                actions: [
                  { type: 'recordFailure', params: outputOf<SyncFailure | undefined> },
                  { type: 'announceForeign', params: outputOf<SyncFailure | undefined> },
                ],
              },
              { target: 'known' },
            ],
            onError: 'known',
          },
        },
      },
    },
    authRequired: {
      tags: 'attention',
      on: {
        SIGNED_IN: {
          target: 'signedIn.checking',
          actions: ['forgetSessionFailure', told({ type: 'session.signedIn' })],
        },
      },
    },
    closed: { type: 'final' },
  },
});
