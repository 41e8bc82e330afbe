/** `synchart/persistence`: the DataSource, the sync tables, and writing rows together with their operations. */
export { captureWrites, withoutCapture, type CaptureOptions } from './persistence/capture/capture-writes.ts';
export { type AwaitOptions } from './persistence/writing/await-level.ts';
export { gateConnection, gateOf, type ConnectionGate, type GateOptions } from './persistence/gate/connection-gate.ts';
export { type CursorRepository } from './persistence/replica/cursor-repository.ts';
export {
  baseEntity,
  conflictEntity,
  cursorEntity,
  discardedEntity,
  leaseEntity,
  outboxEntity,
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
  type QuarantineRow,
} from './persistence/database/entities.ts';
export { OutboxState, type ParkedFor } from './persistence/database/outbox-columns.ts';
export {
  CreateSyncTables1700000000001,
  KeepDeltas1700000000010,
  SchemaVersions1700000000020,
  syncMigrations,
  syncTableNames,
} from './persistence/database/migrations.ts';
export { liveQuery, type LiveQueryOptions, type LiveResult } from './persistence/follow/live-query.ts';
export { type DriverProfile, type DriverSettings, type ReadyDriver } from './persistence/drivers/driver-profile.ts';
export { type LiveTable } from './persistence/follow/live-source.ts';
export { openDatabase, type DatabaseDriver, type OpenDatabaseOptions } from './persistence/database/open-database.ts';
export { type OutboxRepository, type StuckOperation } from './persistence/queue/outbox-repository.ts';
export { rowStatus, watchRowStatus, type RowStatus, type RowStatusOptions } from './persistence/follow/row-status.ts';
export { shareChanges, type ChangeChannel } from './persistence/follow/share-changes.ts';
export {
  expoSqliteDriver,
  type ExpoSqliteModule,
  type PhoneDriver,
  type PhoneDriverOptions,
} from './persistence/drivers/phones/expo-sqlite-driver.ts';
export { opSqliteDriver, type OpSqliteModule } from './persistence/drivers/phones/op-sqlite-driver.ts';
export { sqlite3Driver } from './persistence/drivers/sqlite3-driver.ts';
export { SyncColumns, syncColumns, type SyncedRow } from './persistence/tables/sync-columns.ts';
export { syncTable, type SyncTable, type SyncTableOptions } from './persistence/tables/sync-table.ts';
export type { TouchOptions } from './persistence/writing/touch-row.ts';
export type { ReplaceOptions, WriteOptions } from './persistence/writing/write-options.ts';
export {
  createWriter,
  type SyncEntityWriter,
  type SyncWriter,
  type WriterOptions,
} from './persistence/writing/writer.ts';
