/** `synchart/persistence`: the DataSource, the sync tables, and writing rows together with their operations. */
export { captureWrites, withoutCapture, type CaptureOptions } from './persistence/capture/capture-writes.ts';
export { type AwaitOptions } from './persistence/await-level.ts';
export { gateConnection, gateOf, type ConnectionGate, type GateOptions } from './persistence/connection-gate.ts';
export { type CursorRepository } from './persistence/cursor-repository.ts';
export {
  baseEntity,
  conflictEntity,
  cursorEntity,
  discardedEntity,
  leaseEntity,
  outboxEntity,
  OutboxState,
  quarantineEntity,
  seenEntity,
  stateEntity,
  syncEntities,
  type BaseRow,
  type ConflictRow,
  type CursorRow,
  type DiscardedRow,
  type LeaseRow,
  type OutboxRow,
  type ParkedFor,
  type QuarantineRow,
} from './persistence/entities.ts';
export {
  CreateSyncTables1700000000001,
  KeepDeltas1700000000010,
  SchemaVersions1700000000020,
  syncMigrations,
  syncTableNames,
} from './persistence/migrations.ts';
export { liveQuery, type LiveQueryOptions, type LiveResult } from './persistence/live-query.ts';
export { type LiveTable } from './persistence/live-source.ts';
export { openDatabase, type DatabaseDriver, type OpenDatabaseOptions } from './persistence/open-database.ts';
export { type OutboxRepository, type StuckOperation } from './persistence/outbox-repository.ts';
export { rowStatus, watchRowStatus, type RowStatus, type RowStatusOptions } from './persistence/row-status.ts';
export { shareChanges, type ChangeChannel } from './persistence/share-changes.ts';
export { sqlite3Driver } from './persistence/sqlite3-driver.ts';
export { SyncColumns, syncColumns, type SyncedRow } from './persistence/sync-columns.ts';
export { syncTable, type SyncTable, type SyncTableOptions } from './persistence/sync-table.ts';
export type { TouchOptions } from './persistence/touch-row.ts';
export { createWriter, type ReplaceOptions, type SyncEntityWriter, type SyncWriter, type WriteOptions, type WriterOptions } from './persistence/writer.ts';
