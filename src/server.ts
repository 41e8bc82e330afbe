export type { CorsOption } from './server/cors.ts';
export { createSyncServer } from './server/create-sync-server.ts';
export type { CreateSyncServerOptions, SyncServer } from './server/create-sync-server.ts';
export type { PagingStyle } from './server/paging.ts';
export type { ServerChange, ServerUser, ServerWrite, SyncServerOptions } from './server/server-options.ts';
export type { RowScope, WriteRefusal } from './server/server-store.ts';
export { syncServer } from './server/sync-server.ts';
export { serverTable } from './server/table-shape.ts';
export type { ServerTable, ServerTableOptions } from './server/table-shape.ts';
