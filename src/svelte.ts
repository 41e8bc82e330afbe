/** `synchart/svelte`: reactive values for Svelte 5. */
export type { DepValues, LiveQueryOptions, LiveRowOptions, ValueOrGetter } from './queries/live-query.ts';
export type { QueryResult } from './queries/query-store.ts';
export type { GuardWhen } from './queries/unsent-guard.ts';
export { provideSyncEngine, useSyncEngine } from './svelte/provide-sync-engine.ts';
export type { EngineSource } from './svelte/provide-sync-engine.ts';
export { useLiveQuery, useLiveRow } from './svelte/use-live-query.ts';
export type { Current } from './svelte/use-store.ts';
export {
  useConflicts,
  useDiagnosis,
  usePending,
  useRejected,
  useStorage,
  useSyncStatus,
  useUnsentGuard,
} from './svelte/use-sync-status.ts';
export { useRepository, useWrite, useWriter } from './svelte/use-write.ts';
export type { WriteStatus } from './svelte/use-write.ts';
