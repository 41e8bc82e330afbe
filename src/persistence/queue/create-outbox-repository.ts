import type { StoreContext } from '../database/store-context.ts';
import { outboxChanges, type ChangeParts } from './outbox-changes.ts';
import { outboxReads } from './outbox-reads.ts';
import type { OutboxRepository } from './outbox-repository.ts';
import { outboxWatches, type WatchParts } from './outbox-watches.ts';

/** The repository over the sync tables. */
export const createOutboxRepository = (context: StoreContext, parts: WatchParts & ChangeParts): OutboxRepository => ({
  ...outboxReads(context),
  ...outboxWatches(context, parts),
  ...outboxChanges(context, parts),
});
