import { useMemo } from 'react';
import type { StoredConflict } from '../model/conflict.ts';
import type { QueuedOperation } from '../model/queue.ts';
import type { LiveTable } from '../persistence/follow/live-source.ts';
import type { RowStatus } from '../persistence/follow/row-status.ts';
import { queryKey } from '../queries/query-key.ts';
import { noStores } from '../queries/sync-stores.ts';
import { createUnsentGuard, type GuardWhen } from '../queries/unsent-guard.ts';
import { useStores } from './sync-provider.ts';
import { useStore } from './use-sync-status.ts';

/** How a row stands to the server: `state` is `acked`, `pending`, `conflict` or `stuck`. `kind` may be its table. */
export function usePending(kind: LiveTable, id: string | number): RowStatus {
  const stores = useStores('usePending') ?? noStores;
  return useStore(useMemo(() => stores.row(kind, id), [stores, queryKey(kind), id]));
}

/** Conflicts that wait for a decision, oldest first; `engine.resolveConflict` decides one. */
export const useConflicts = (): readonly StoredConflict[] =>
  useStore((useStores('useConflicts') ?? noStores).conflicts);

/**
 * Changes that the server refused, or of which nobody knows what came: the oldest 200. `engine.amend`,
 * `retryStuckOperations` and `dropStuckOperations` repair them.
 */
export const useRejected = (): readonly QueuedOperation[] => useStore((useStores('useRejected') ?? noStores).rejected);

/**
 * Asks before the page is left while changes wait, and returns how many it would ask about. Default `atRisk`: only where
 * the database does not survive the page.
 */
export function useUnsentGuard(options: { readonly when?: GuardWhen | undefined } = {}): number {
  const { when = 'atRisk' } = options;
  const { status } = useStores('useUnsentGuard') ?? noStores;
  return useStore(useMemo(() => createUnsentGuard(status, when), [status, when]));
}
