import { createMemo, type Accessor } from 'solid-js';
import type { StoredConflict } from '../model/conflict.ts';
import type { QueuedOperation } from '../model/queue.ts';
import type { SyncStatus } from '../model/status.ts';
import type { StorageStatus } from '../model/storage-status.ts';
import type { LiveTable } from '../persistence/follow/live-source.ts';
import type { RowStatus } from '../persistence/follow/row-status.ts';
import { keepEqual } from '../queries/keep-equal.ts';
import { readGetter, type ValueOrGetter } from '../queries/live-query.ts';
import type { ReadableStore } from '../queries/readable-store.ts';
import { noStores } from '../queries/sync-stores.ts';
import { createUnsentGuard, type GuardWhen } from '../queries/unsent-guard.ts';
import type { Diagnosis } from '../rules/diagnosis/diagnosis.ts';
import { useStores } from './sync-provider.ts';
import { useStore } from './use-store.ts';

function useOneOf<T>(name: string, pick: (stores: typeof noStores) => ReadableStore<T>): Accessor<T> {
  const stores = useStores(name);
  return useStore(() => pick(stores() ?? noStores));
}

/**
 * What the engine does and how much waits. With a selector, only what it selects is followed; an object with equal
 * members counts as equal.
 */
export function useSyncStatus(): Accessor<SyncStatus>;
export function useSyncStatus<T>(selector: (status: SyncStatus) => T): Accessor<T>;
export function useSyncStatus<T>(selector?: (status: SyncStatus) => T): Accessor<T | SyncStatus> {
  const status = useOneOf('useSyncStatus', (stores) => stores.status);
  if (selector === undefined) return status;
  return createMemo<T>((last) => keepEqual<T | undefined>(last, selector(status())) as T);
}

/** What is wrong, what shows it and what helps, the most important first. */
export const useDiagnosis = (): Accessor<readonly Diagnosis[]> =>
  useOneOf('useDiagnosis', (stores) => stores.diagnosis);

/** Where a page keeps the database; undefined where `openBrowserDatabase` did not open it. */
export function useStorage(): Accessor<StorageStatus | undefined> {
  const status = useOneOf('useStorage', (stores) => stores.status);
  return createMemo(() => status().storage);
}

/** How a row stands to the server: `state` is `acked`, `pending`, `conflict` or `stuck`. `kind` may be its table. */
export const usePending = (kind: LiveTable, id: ValueOrGetter<string | number>): Accessor<RowStatus> =>
  useOneOf('usePending', (stores) => stores.row(kind, readGetter(id)));

/** Conflicts that wait for a decision, oldest first; `engine.resolveConflict` decides one. */
export const useConflicts = (): Accessor<readonly StoredConflict[]> =>
  useOneOf('useConflicts', (stores) => stores.conflicts);

/**
 * Changes that the server refused, and those whose outcome nobody knows: the oldest 200. `engine.amend`,
 * `retryStuckOperations` and `dropStuckOperations` repair them.
 */
export const useRejected = (): Accessor<readonly QueuedOperation[]> =>
  useOneOf('useRejected', (stores) => stores.rejected);

/**
 * Asks before the page is left while changes wait, and counts what it would ask about. Default `atRisk`: only where the
 * database does not survive the page.
 */
export const useUnsentGuard = (
  options: { readonly when?: ValueOrGetter<GuardWhen> | undefined } = {},
): Accessor<number> =>
  useOneOf('useUnsentGuard', ({ status }) => createUnsentGuard(status, readGetter(options.when ?? 'atRisk')));
