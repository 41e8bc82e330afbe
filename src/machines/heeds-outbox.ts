import type { SyncSnapshot } from './sync-machine.ts';

/**
 * Whether `outbox.changed` would do something: a push is looking for work. Everywhere else the chart would look through
 * all its regions, for each edit of an app, to find that it does nothing.
 */
export const heedsOutbox = (snapshot: SyncSnapshot): boolean =>
  snapshot.hasTag('busy') && snapshot.matches({ activity: { running: { pushing: 'taking' } } });
