/** `synchart/vue`: composables for Vue 3.5. */
export type { LiveQueryOptions, LiveRowOptions } from './queries/live-query.ts';
export type { QueryResult } from './queries/query-store.ts';
export type { GuardWhen } from './queries/unsent-guard.ts';
export { createSyncPlugin, provideSyncEngine, useSyncEngine } from './vue/provide-sync-engine.ts';
export type { EngineSource } from './vue/provide-sync-engine.ts';
export { useLiveQuery, useLiveRow } from './vue/use-live-query.ts';
export type { DepValues } from './vue/use-live-query.ts';
export {
  useConflicts,
  useDiagnosis,
  usePending,
  useRejected,
  useStorage,
  useSyncStatus,
  useUnsentGuard,
} from './vue/use-sync-status.ts';
export { useRepository, useWrite, useWriter } from './vue/use-write.ts';
export type { WriteRefs } from './vue/use-write.ts';
