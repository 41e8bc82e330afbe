/** `synchart/queries`: live queries, status and writes as stores. Bindings for any framework build on them. */
export { queryKey } from './queries/query-key.ts';
export type { QueryOptions, QueryResult } from './queries/query-store.ts';
export type { ReadableStore } from './queries/readable-store.ts';
export type { SharedStore } from './queries/shared-store.ts';
export { noStores, syncStores } from './queries/sync-stores.ts';
export type { SyncStores } from './queries/sync-stores.ts';
export { createUnsentGuard } from './queries/unsent-guard.ts';
export type { GuardWhen } from './queries/unsent-guard.ts';
export { createWriteStore } from './queries/write-store.ts';
export type { WriteState, WriteStore } from './queries/write-store.ts';
