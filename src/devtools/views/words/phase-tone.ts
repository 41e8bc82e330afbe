import type { SyncPhaseName } from '../../../model/status.ts';
import type { PendingReason } from '../../../model/pending-operation.ts';

/** What a colour means, in every view. */
export type Tone = 'ok' | 'wait' | 'conflict' | 'error' | 'info' | 'idle';

/** Phases as people read them. */
export const phaseNames: Readonly<Record<SyncPhaseName, string>> = {
  starting: 'Starting',
  idle: 'Idle',
  planning: 'Planning',
  pushing: 'Pushing',
  resolvingConflict: 'Resolving a conflict',
  pulling: 'Pulling',
  paging: 'Pulling pages',
  fullResync: 'Full resync',
  firstPull: 'First pull',
  finishing: 'Finishing',
  backoff: 'Waiting to retry',
  paused: 'Paused',
  offline: 'Offline',
  authRequired: 'Sign-in needed',
  standby: 'Standing by',
  failed: 'Failed',
  stopped: 'Stopped',
};

export const phaseTones: Readonly<Record<SyncPhaseName, Tone>> = {
  starting: 'info',
  idle: 'ok',
  planning: 'info',
  pushing: 'info',
  resolvingConflict: 'conflict',
  pulling: 'info',
  paging: 'info',
  fullResync: 'info',
  firstPull: 'info',
  finishing: 'info',
  backoff: 'wait',
  paused: 'wait',
  offline: 'wait',
  authRequired: 'error',
  standby: 'idle',
  failed: 'error',
  stopped: 'idle',
};

export const reasonTones: Readonly<Record<PendingReason, Tone>> = {
  ready: 'ok',
  waitingFor: 'idle',
  inFlight: 'info',
  backoff: 'wait',
  conflict: 'conflict',
  stuck: 'error',
  forbidden: 'error',
  authRequired: 'error',
  offline: 'wait',
  paused: 'wait',
  standby: 'idle',
  ambiguous: 'error',
  scopeChanged: 'error',
  unregisteredKind: 'error',
  newerSchema: 'error',
};

export const reasonNames: Readonly<Record<PendingReason, string>> = {
  ready: 'ready',
  waitingFor: 'waits for another',
  inFlight: 'in flight',
  backoff: 'backing off',
  conflict: 'conflict',
  stuck: 'stuck',
  forbidden: 'forbidden',
  authRequired: 'sign-in needed',
  offline: 'offline',
  paused: 'paused',
  standby: 'another process runs',
  ambiguous: 'unproven',
  scopeChanged: 'another account',
  unregisteredKind: 'unknown kind',
  newerSchema: 'newer app version',
};
