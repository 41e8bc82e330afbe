import { matchesState, type StateValue } from 'xstate';
import type { SyncPhaseName } from '../model/status.ts';
import type { SyncSnapshot } from './sync-machine.ts';

type Place = Parameters<SyncSnapshot['matches']>[0];

/**
 * The first place that matches names the phase. `authRequired` and `offline` are said only where nothing better is
 * going on.
 */
const phases: readonly (readonly [SyncPhaseName, Place])[] = [
  ['stopped', { activity: 'stopped' }],
  ['failed', { activity: 'failed' }],
  ['starting', { activity: 'starting' }],
  ['paused', { activity: 'paused' }],
  // The first try for the lease is a moment of every run; polling for it is what a person should know.
  ['planning', { activity: { standby: 'asking' } }],
  ['standby', { activity: 'standby' }],
  ['planning', { activity: { running: 'planning' } }],
  ['resolvingConflict', { activity: { running: 'resolvingConflict' } }],
  ['paging', { activity: { running: { pulling: 'paging' } } }],
  ['pulling', { activity: { running: 'pulling' } }],
  ['fullResync', { activity: { running: 'fullResync' } }],
  ['finishing', { activity: { running: 'finishing' } }],
  ['pushing', { activity: 'running' }],
  ['authRequired', { session: 'authRequired' }],
  ['offline', { network: 'offline' }],
  ['backoff', { activity: 'backoff' }],
];

/** The phase of a place in the chart, also of one that was written down earlier. */
export const phaseOfValue = (value: StateValue): SyncPhaseName =>
  phases.find(([, place]) => matchesState(place, value))?.[0] ?? 'idle';

/** Says in one word what the engine is doing or waiting for; `idle` when nothing. */
export function phaseOf(snapshot: SyncSnapshot): SyncPhaseName {
  const phase = phaseOfValue(snapshot.value);
  // To people, tables that were never pulled are not pulled again.
  return phase === 'fullResync' && snapshot.context.run?.resyncReason === 'first' ? 'firstPull' : phase;
}
