import type { Tone } from './phase-tone.ts';

/** What the answers to a push are called, and their colour. */
export const outcomeWords: Readonly<Record<string, readonly [what: string, tone: Tone]>> = {
  pushSuccess: ['applied', 'ok'],
  pushConflict: ['conflict', 'conflict'],
  pushNotFound: ['not found', 'wait'],
  pushRejected: ['rejected', 'error'],
  pushForbidden: ['forbidden', 'error'],
  pushUnauthorized: ['sign-in needed', 'error'],
  pushThrottled: ['throttled', 'wait'],
  pushUnavailable: ['server unavailable', 'wait'],
  pushAmbiguous: ['ambiguous: no complete answer', 'wait'],
  pushMalformed: ['answer not understood', 'error'],
};

/** Of an operation that got no answer at all. */
export const noAnswer: readonly [what: string, tone: Tone] = ['no answer', 'wait'];
