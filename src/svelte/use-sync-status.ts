import { onMount } from 'svelte';
import { toStore } from 'svelte/store';
import type { StoredConflict } from '../model/conflict.ts';
import type { QueuedOperation } from '../model/queue.ts';
import type { SyncStatus } from '../model/status.ts';
import type { StorageStatus } from '../model/storage-status.ts';
import type { LiveTable } from '../persistence/follow/live-source.ts';
import type { RowStatus } from '../persistence/follow/row-status.ts';
import { readGetter, type ValueOrGetter } from '../queries/live-query.ts';
import type { ReadableStore } from '../queries/readable-store.ts';
import { selectStore } from '../queries/select-store.ts';
import { noStores } from '../queries/sync-stores.ts';
import { createUnsentGuard, type GuardWhen } from '../queries/unsent-guard.ts';
import type { Diagnosis } from '../rules/diagnosis/diagnosis.ts';
import { useStores } from './provide-sync-engine.ts';
import { useStore, type Current } from './use-store.ts';

function useOneOf<T>(name: string, pick: (stores: typeof noStores) => ReadableStore<T>): Current<T> {
  const stores = useStores(name);
  return useStore(() => [stores() ?? noStores], pick);
}

/**
 * What the engine does and how much waits. With a selector, only what it selects is followed; an object with equal
 * members counts as equal.
 */
export function useSyncStatus(): Current<SyncStatus>;
export function useSyncStatus<T>(selector: (status: SyncStatus) => T): Current<T>;
export function useSyncStatus<T>(selector?: (status: SyncStatus) => T): Current<T | SyncStatus> {
  return useOneOf('useSyncStatus', ({ status }) => selectStore<SyncStatus, T | SyncStatus>(status, selector ?? itself));
}
const itself = <T>(value: T): T => value;

/** What is wrong, what shows it and what helps, the most important first. */
export const useDiagnosis = (): Current<readonly Diagnosis[]> => useOneOf('useDiagnosis', (stores) => stores.diagnosis);

/** Where a page keeps the database; undefined where `openBrowserDatabase` did not open it. */
export const useStorage = (): Current<StorageStatus | undefined> =>
  useOneOf('useStorage', ({ status }) => selectStore(status, ({ storage }) => storage));

/** How a row stands to the server: `state` is `acked`, `pending`, `conflict` or `stuck`. `kind` may be its table. */
export function usePending(kind: LiveTable, id: ValueOrGetter<string | number>): Current<RowStatus> {
  const stores = useStores('usePending');
  return useStore(
    () => [stores() ?? noStores, readGetter(id)],
    (from, now) => from.row(kind, now),
  );
}

/** Conflicts that wait for a decision, oldest first; `engine.resolveConflict` decides one. */
export const useConflicts = (): Current<readonly StoredConflict[]> =>
  useOneOf('useConflicts', (stores) => stores.conflicts);

/**
 * Changes that the server refused, and those whose outcome nobody knows: the oldest 200. `engine.amend`,
 * `retryStuckOperations` and `dropStuckOperations` repair them.
 */
export const useRejected = (): Current<readonly QueuedOperation[]> =>
  useOneOf('useRejected', (stores) => stores.rejected);

/**
 * Asks before the page is left while changes wait, and counts what it would ask about. Default `atRisk`: only where the
 * database does not survive the page.
 */
export function useUnsentGuard(
  options: { readonly when?: ValueOrGetter<GuardWhen> | undefined } = {},
): Current<number> {
  const stores = useStores('useUnsentGuard');
  const inputsOf = () => [stores() ?? noStores, readGetter(options.when ?? 'atRisk')] as const;
  const guard = useStore(inputsOf, ({ status }, when) => createUnsentGuard(status, when));
  // It guards also where nobody reads the number.
  onMount(() => toStore(() => guard.current).subscribe(() => undefined));
  return guard;
}
