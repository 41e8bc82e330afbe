import { useEffect, useMemo, useRef, useSyncExternalStore } from 'react';
import type { SyncStatus } from '../model/status.ts';
import type { StorageStatus } from '../model/storage-status.ts';
import { keepEqual } from '../queries/keep-equal.ts';
import type { ReadableStore } from '../queries/readable-store.ts';
import { noStores } from '../queries/sync-stores.ts';
import type { Diagnosis } from '../rules/diagnosis/diagnosis.ts';
import { useStores } from './sync-provider.ts';

/** Follows a store. */
export const useStore = <T>(store: ReadableStore<T>): T =>
  useSyncExternalStore(store.subscribe, store.getSnapshot, store.getServerSnapshot);

/**
 * What the engine does and how much waits. With a selector, the component renders again only when what it selects
 * differs; an object with equal members counts as equal.
 */
export function useSyncStatus(): SyncStatus;
export function useSyncStatus<T>(selector: (status: SyncStatus) => T): T;
export function useSyncStatus<T>(selector?: (status: SyncStatus) => T): T | SyncStatus {
  const { status } = useStores('useSyncStatus') ?? noStores;
  return useSelected<SyncStatus, T | SyncStatus>(status, selector ?? itself);
}

/** What is wrong, what shows it and what helps, the most important first. */
export const useDiagnosis = (): readonly Diagnosis[] => useStore((useStores('useDiagnosis') ?? noStores).diagnosis);

const storageOf = ({ storage }: SyncStatus): StorageStatus | undefined => storage;

/** Where a page keeps the database; undefined where `openBrowserDatabase` did not open it. */
export function useStorage(): StorageStatus | undefined {
  const { status } = useStores('useStorage') ?? noStores;
  return useSelected(status, storageOf);
}

const itself = <T>(value: T): T => value;

function useSelected<T, S>(store: ReadableStore<T>, selector: (value: T) => S): S {
  const shown = useRef<{ readonly value: S }>(undefined);
  const [getSelection, getServerSelection] = useMemo(() => {
    const memoOf = (read: () => T): (() => S) => {
      let last: { readonly source: T; readonly value: S } | undefined;
      return () => {
        const source = read();
        if (last !== undefined && Object.is(last.source, source)) return last.value;
        const value = selector(source);
        const before = last ?? shown.current;
        const kept = before === undefined ? value : keepEqual(before.value, value);
        last = { source, value: kept };
        return kept;
      };
    };
    return [memoOf(store.getSnapshot), memoOf(store.getServerSnapshot)];
  }, [store, selector]);
  const value = useSyncExternalStore(store.subscribe, getSelection, getServerSelection);
  useEffect(() => {
    shown.current = { value };
  }, [value]);
  return value;
}
