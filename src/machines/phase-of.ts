import { matchesState, type StateValue } from 'xstate';
import type { SyncPhaseName } from '../model/status.ts';
import type { SyncSnapshot } from './sync-machine.ts';

type Place = Parameters<SyncSnapshot['matches']>[0];

/** The first matching place names the phase. `authRequired` and `offline` apply only when no other phase does. */
const phases: readonly (readonly [SyncPhaseName, Place])[] = [
  ['stopped', { activity: 'stopped' }],
  ['failed', { activity: 'failed' }],
  ['starting', { activity: 'starting' }],
  ['paused', { activity: 'paused' }],
  // Every run starts with one attempt to get the lease. Only polling for it is worth reporting.
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

/** The phase of a state value, which may come from a stored snapshot. */
export const phaseOfValue = (value: StateValue): SyncPhaseName =>
  phases.find(([, place]) => matchesState(place, value))?.[0] ?? 'idle';

/** Names what the engine does or waits for in one word; `idle` if nothing. */
export function phaseOf(snapshot: SyncSnapshot): SyncPhaseName {
  const phase = phaseOfValue(snapshot.value);
  // Users call the first pull of a table a first pull, not a resync.
  return phase === 'fullResync' && snapshot.context.run?.resyncReason === 'first' ? 'firstPull' : phase;
}
