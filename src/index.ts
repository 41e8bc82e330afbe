export { createActor } from 'xstate';
export type { ReadySyncMachine } from './engine/machine/assemble-machine.ts';
export { createRestSyncEngine, createSyncEngine } from './engine/create-sync-engine.ts';
export type { RestSyncEngineOptions } from './engine/create-sync-engine.ts';
export { engineOf } from './engine/engine-of.ts';
export { createSyncMachine } from './engine/machine/create-sync-machine.ts';
export type { DataAccess, EngineLiveQueryOptions } from './engine/api/data-access.ts';
export type { SyncEngineOptions, SyncMachineOptions } from './engine/ports/engine-options.ts';
export type {
  FindRow,
  FindRows,
  ReadOptions,
  ReadPolicy,
  ReadResult,
  RefreshOptions,
  SyncRepository,
} from './engine/api/sync-repository.ts';
export type { StorageMode, StorageStatus } from './model/storage-status.ts';
export type { QueueCounts, QueuedOperation, QueueFilter, QueueState } from './model/queue.ts';
export type {
  FullResyncOptions,
  PushedResult,
  SyncEngine,
  SyncEngineCore,
  SyncOptions,
  SyncRunResult,
  WaitOptions,
} from './engine/api/sync-engine.ts';
export type { AdoptScopeOptions, ClearedScope, ClearScopeOptions } from './engine/scope/scope-commands.ts';
export { events, snapshots } from './engine/machine/sync-stream.ts';
export type { SyncActor } from './engine/machine/sync-stream.ts';
export { createTriggers, SyncCoordinator } from './engine/triggers.ts';
export type { TriggerOptions, Triggers } from './engine/triggers.ts';
export { browserConnectivity } from './engine/triggers/browser-connectivity.ts';
export type { NetworkEventSource } from './engine/triggers/browser-connectivity.ts';
export { browserVisibility } from './engine/triggers/browser-visibility.ts';
export type { VisibilityEventSource } from './engine/triggers/browser-visibility.ts';
export { interpret } from './machines/interpret.ts';
export { phaseOf } from './machines/phase-of.ts';
export { syncMachine } from './machines/sync-machine.ts';
export type { SyncContext, SyncInput } from './machines/machine-context.ts';
export type { SyncEmitted, SyncMachineEvent } from './machines/machine-events.ts';
export type { SyncSnapshot } from './machines/sync-machine.ts';
export type { Clock, RandomSource } from './model/platform/clock.ts';
export { defaultSyncConfig, resolveSyncConfig } from './model/config.ts';
export type { SyncConfig } from './model/config.ts';
export { acceptClient, acceptMerged, acceptServer, conflictStrategies, defer, discard } from './model/conflict.ts';
export type {
  Conflict,
  ConflictResolution,
  ConflictResolver,
  ConflictState,
  ConflictStrategy,
  DecideOptions,
  FieldMerge,
  FieldRule,
  MergeFunction,
  MergeInfo,
  StoredConflict,
  TableConflictConfig,
} from './model/conflict.ts';
export type { Cursor } from './model/cursor.ts';
export { addToSet, increment, removeFromSet } from './model/values/delta.ts';
export type { Delta } from './model/values/delta.ts';
export { ConflictChangedError } from './model/conflict-changed-error.ts';
export { describeSyncError } from './model/errors/describe-sync-error.ts';
export type { DescribeOptions } from './model/errors/describe-sync-error.ts';
export {
  AuthError,
  ConflictError,
  DatabaseError,
  MaxRetriesExceededError,
  NetworkError,
  NewerReleaseError,
  AppOutdatedError,
  HostUnreachableError,
  ProtocolError,
  TransactionLostError,
  ParseError,
  ScopeChangedError,
  SyncAbortedError,
  SyncError,
  syncErrorInfo,
  SyncOperationError,
  TransportError,
  ValidationError,
} from './model/errors/errors.ts';
export type { SyncErrorCode } from './model/errors/error-codes.ts';
export type { SyncErrorCategory, SyncErrorInfo } from './model/errors/errors.ts';
export type {
  DiscardReason,
  EventStamp,
  GivenUp,
  ResyncReason,
  SyncEvent,
  SyncEventType,
  SyncFact,
} from './model/events.ts';
export { exactDigits, exactNumber } from './model/values/exact-number.ts';
export { SyncStepError, toSyncFailure } from './model/errors/failure.ts';
export type { SyncFailure, SyncPhase } from './model/errors/failure.ts';
export type { Json, JsonObject } from './model/values/json.ts';
export { lastLook } from './model/last-look.ts';
export type { SyncKind } from './model/kind.ts';
export { NotAckedError } from './model/not-acked-error.ts';
export type { NotAckedReason } from './model/not-acked-error.ts';
export { deleteOp, isNewRecord, requestIdOf, upsertOp } from './model/operation.ts';
export type { DeleteOp, Op, OpType, UpsertOp, UpsertOpInput } from './model/operation.ts';
export type { PendingOperation, PendingReason } from './model/pending-operation.ts';
export type { SyncPhaseName, SyncStatus } from './model/status.ts';
export type { ConnectivityPort, VisibilityPort } from './model/ports.ts';
export { randomId } from './model/platform/random-id.ts';
export type { Kinds } from './model/run.ts';
export { addStats, noStats } from './model/values/run-stats.ts';
export type { PullStats, PushStats, SyncStats } from './model/values/run-stats.ts';
export {
  fetchError,
  fetchNotFound,
  fetchSuccess,
  isConflict,
  isError,
  isNotFound,
  isSuccess,
  pushAmbiguous,
  pushConflict,
  pushForbidden,
  pushMalformed,
  pushNotFound,
  pushRejected,
  pushSuccess,
  pushThrottled,
  pushUnauthorized,
  pushUnavailable,
} from './model/transport.ts';
export type {
  BatchPushResult,
  FetchResult,
  OpPushResult,
  PullPage,
  PullRequest,
  PushContext,
  PushResult,
  Subscribable,
  TransportAdapter,
  TransportCapabilities,
  TransportContext,
} from './model/transport.ts';
export type { AwaitOptions } from './persistence/writing/await-level.ts';
export type { CursorRepository } from './persistence/replica/cursor-repository.ts';
export type { EnqueueAllOptions, EnqueueAllProgress, EnqueuedAll } from './persistence/writing/enqueue-all.ts';
export type { OutboxRepository, StuckOperation } from './persistence/queue/outbox-repository.ts';
export type { AmendPatch, DiscardedOperation } from './persistence/writing/repairs.ts';
export { liveQuery } from './persistence/follow/live-query.ts';
export type { LiveQueryOptions, LiveResult } from './persistence/follow/live-query.ts';
export type { LiveTable } from './persistence/follow/live-source.ts';
export type { Freshness } from './persistence/follow/freshness.ts';
export type { RowMark } from './persistence/follow/row-marks.ts';
export { rowStatus, watchRowStatus } from './persistence/follow/row-status.ts';
export type { RowStatus, RowStatusOptions } from './persistence/follow/row-status.ts';
export { syncTable } from './persistence/tables/sync-table.ts';
export type { SyncTable, SyncTableOptions } from './persistence/tables/sync-table.ts';
export type { TableSchemaOptions } from './persistence/columns/table-schema.ts';
export type { TouchOptions } from './persistence/writing/touch-row.ts';
export type { ReplaceOptions, WriteOptions } from './persistence/writing/write-options.ts';
export type { SyncEntityWriter } from './persistence/writing/writer.ts';
export {
  ChangedFieldsDiff,
  ChangedFieldsTracker,
  defaultIgnoredFields,
  diffFields,
} from './rules/pending/changed-fields.ts';
export type { DiffOptions } from './rules/pending/changed-fields.ts';
export { describeDiagnosis, describeRemedy } from './rules/diagnosis/describe-diagnosis.ts';
export type { DescribeDiagnosisOptions } from './rules/diagnosis/describe-diagnosis.ts';
export { diagnose } from './rules/diagnosis/diagnose.ts';
export type {
  Diagnosis,
  DiagnosisCode,
  DiagnosisEvidence,
  DiagnosisLevel,
  QuarantineFacts,
  Remedy,
  ServerEvidence,
} from './rules/diagnosis/diagnosis.ts';
export type { DiagnosisFacts, TriggerName } from './rules/diagnosis/diagnosis-facts.ts';
export { digestQueue } from './rules/diagnosis/digest-queue.ts';
export type {
  ExplainedOperation,
  QueueDigest,
  QueueGroup,
  QueueGroupName,
} from './rules/diagnosis/digest-queue.ts';
export { contestedFields } from './rules/merging/conflict-fields.ts';
export { ConflictUtils } from './rules/merging/conflict-utils.ts';
export { deepMerge, defaultMerge, preservingMerge } from './rules/merging/merge.ts';
export type { MergeResult } from './rules/merging/merge.ts';
export { threeWayMerge } from './rules/merging/three-way-merge.ts';
export { extractTimestamp } from './rules/values/timestamp.ts';
