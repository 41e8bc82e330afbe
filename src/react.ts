'use client';

/** `synchart/react`: hooks for React 18 and 19. */
export type { LiveQueryOptions as LiveQueryHookOptions } from './queries/live-query.ts';
export type { QueryResult } from './queries/query-store.ts';
export type { GuardWhen } from './queries/unsent-guard.ts';
export type { WriteState } from './queries/write-store.ts';
export { SyncProvider, useSyncEngine } from './react/sync-provider.ts';
export type { SyncProviderProps } from './react/sync-provider.ts';
export { useLiveQuery, useLiveRow, useSuspenseLiveQuery } from './react/use-live-query.ts';
export type {
  LiveQueryFunction,
  ReadyResult,
  SuspenseQueryOptions,
} from './react/use-live-query.ts';
export { useConflicts, usePending, useRejected, useUnsentGuard } from './react/use-queue.ts';
export { useDiagnosis, useStorage, useSyncStatus } from './react/use-sync-status.ts';
export { useRepository, useWrite, useWriter } from './react/use-write.ts';
export type { RepositoryHook, WriteHook, WriterHook } from './react/use-write.ts';
