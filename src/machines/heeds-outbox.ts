import type { SyncSnapshot } from './sync-machine.ts';

/**
 * Whether `outbox.changed` would have an effect, because a push is reading the outbox. Spares the chart a walk through
 * all regions for each edit of an app.
 */
export const heedsOutbox = (snapshot: SyncSnapshot): boolean =>
  snapshot.hasTag('busy') && snapshot.matches({ activity: { running: { pushing: 'taking' } } });
