/** `synchart/solid`: primitives for Solid 1.9. */
export type { DepValues, LiveQueryOptions, LiveRowOptions, ValueOrGetter } from './queries/live-query.ts';
export type { QueryResult } from './queries/query-store.ts';
export type { GuardWhen } from './queries/unsent-guard.ts';
export { SyncProvider, useSyncEngine } from './solid/sync-provider.ts';
export type { SyncProviderProps } from './solid/sync-provider.ts';
export { useLiveQuery, useLiveRow } from './solid/use-live-query.ts';
export {
  useConflicts,
  useDiagnosis,
  usePending,
  useRejected,
  useStorage,
  useSyncStatus,
  useUnsentGuard,
} from './solid/use-sync-status.ts';
export { useRepository, useWrite, useWriter } from './solid/use-write.ts';
export type { WriteAccessors } from './solid/use-write.ts';
