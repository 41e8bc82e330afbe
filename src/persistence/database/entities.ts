import { EntitySchema, type EntitySchemaColumnOptions } from 'typeorm';

/** State of an outbox row, as the number stored. */
export const OutboxState = {
  /** Waits behind another operation of its entity. */
  behind: 0,
  /** Head of its entity's line: may be taken. */
  ready: 1,
  /** Head of line, waits for `dueAt`, or for the next run where that is null. */
  waiting: 2,
  /** Head of line, not sent until somebody acts; `parked` says why. */
  parked: 3,
  /** Head of line of a group that is under way. */
  inFlight: 4,
} as const;
export type OutboxState = (typeof OutboxState)[keyof typeof OutboxState];

/** Why an operation is parked. */
export type ParkedFor = 'conflict' | 'stuck' | 'ambiguous';

/** A queued operation as it is stored; JSON columns hold text. Times are epoch ms, `ts` is the user's ISO timestamp. */
export interface OutboxRow {
  seq: number;
  opId: string;
  kind: string;
  entityId: string;
  op: 'upsert' | 'delete';
  creates: number;
  payload: string | null;
  deltas: string | null;
  changedFields: string | null;
  baseUpdatedAt: string | null;
  ts: string;
  state: OutboxState;
  parked: ParkedFor | null;
  dueAt: number | null;
  tryCount: number;
  lastError: string | null;
  errorCode: string | null;
  lastTriedAt: number | null;
  requestId: string | null;
  frozenBody: string | null;
  frozenBase: string | null;
  force: number;
  firstSentAt: number | null;
  attempt: number;
  enqueuedAt: number;
  /** Version of the app's table in whose shape the payload is. */
  schemaVersion: number;
  /** As `schemaVersion`, of the open request, where the payload was upgraded since. */
  frozenVersion: number | null;
}

type Columns<Row> = { [Key in keyof Row]: EntitySchemaColumnOptions };
const text = (name?: string): EntitySchemaColumnOptions => ({ type: 'text', ...(name === undefined ? {} : { name }) });
const textOrNull = (name?: string): EntitySchemaColumnOptions => ({ ...text(name), nullable: true });
const whole = (name?: string): EntitySchemaColumnOptions => ({
  type: 'integer',
  default: 0,
  ...(name === undefined ? {} : { name }),
});
const time = (name: string): EntitySchemaColumnOptions => ({ type: 'bigint', name });
const timeOrNull = (name: string): EntitySchemaColumnOptions => ({ ...time(name), nullable: true });
const version: EntitySchemaColumnOptions = { type: 'integer', default: 1, name: 'schema_version' };
const key = (column: EntitySchemaColumnOptions): EntitySchemaColumnOptions => ({ ...column, primary: true });
const table = <Row>(name: string, columns: Columns<Row>): EntitySchema<Row> =>
  // Migrations make and change these tables, `synchronize` never does.
  new EntitySchema<Row>({ name, tableName: name, columns, synchronize: false });

export const outboxEntity = table<OutboxRow>('sync_outbox', {
  seq: { type: 'integer', primary: true, generated: 'increment' },
  opId: { ...text('op_id'), unique: true },
  kind: text(),
  entityId: text('entity_id'),
  op: text(),
  creates: whole(),
  payload: textOrNull(),
  deltas: textOrNull(),
  changedFields: textOrNull('changed_fields'),
  baseUpdatedAt: textOrNull('base_updated_at'),
  ts: text(),
  state: { type: 'integer', default: 1 },
  parked: textOrNull(),
  dueAt: timeOrNull('due_at'),
  tryCount: whole('try_count'),
  lastError: textOrNull('last_error'),
  errorCode: textOrNull('error_code'),
  lastTriedAt: timeOrNull('last_tried_at'),
  requestId: textOrNull('request_id'),
  frozenBody: textOrNull('frozen_body'),
  frozenBase: textOrNull('frozen_base'),
  force: whole(),
  firstSentAt: timeOrNull('first_sent_at'),
  attempt: whole(),
  enqueuedAt: time('enqueued_at'),
  schemaVersion: version,
  frozenVersion: { type: 'integer', name: 'frozen_version', nullable: true },
});

export interface CursorRow {
  kind: string;
  ts: string | null;
  lastId: string | null;
  maxPage: number;
  token: string | null;
  tokenTs: string | null;
  tokenLastId: string | null;
  lastPullAt: number | null;
  lastResyncAt: number | null;
  tombstoneRetentionMs: number | null;
  resyncGeneration: number;
  resyncOpen: number;
  resyncMarking: number;
  resyncFetched: number;
  resyncRows: number;
  resyncTs: string | null;
  resyncLastId: string | null;
  resyncToken: string | null;
  resyncTokenTs: string | null;
  resyncTokenLastId: string | null;
  /** Version of the app's table under which the rows up to the cursor were pulled. */
  schemaVersion: number;
  resyncReason: string | null;
}

export const cursorEntity = table<CursorRow>('sync_cursors', {
  kind: key(text()),
  ts: textOrNull(),
  lastId: textOrNull('last_id'),
  maxPage: whole('max_page'),
  token: textOrNull(),
  tokenTs: textOrNull('token_ts'),
  tokenLastId: textOrNull('token_last_id'),
  lastPullAt: timeOrNull('last_pull_at'),
  lastResyncAt: timeOrNull('last_resync_at'),
  tombstoneRetentionMs: timeOrNull('tombstone_retention_ms'),
  resyncGeneration: whole('resync_generation'),
  resyncOpen: whole('resync_open'),
  resyncMarking: whole('resync_marking'),
  resyncFetched: whole('resync_fetched'),
  resyncRows: whole('resync_rows'),
  resyncTs: textOrNull('resync_ts'),
  resyncLastId: textOrNull('resync_last_id'),
  resyncToken: textOrNull('resync_token'),
  resyncTokenTs: textOrNull('resync_token_ts'),
  resyncTokenLastId: textOrNull('resync_token_last_id'),
  schemaVersion: version,
  resyncReason: textOrNull('resync_reason'),
});

/** What an entity with pending operations came from, and the newest server row seen since. Rows are wire JSON text. */
export interface BaseRow {
  kind: string;
  entityId: string;
  baseRow: string | null;
  baseVersion: string | null;
  serverRow: string | null;
  serverVersion: string | null;
  versionUnknown: number;
  lastSent: string | null;
  schemaVersion: number;
}

export const baseEntity = table<BaseRow>('sync_base', {
  kind: key(text()),
  entityId: key(text('entity_id')),
  baseRow: textOrNull('base_row'),
  baseVersion: textOrNull('base_version'),
  serverRow: textOrNull('server_row'),
  serverVersion: textOrNull('server_version'),
  versionUnknown: whole('version_unknown'),
  lastSent: textOrNull('last_sent'),
  schemaVersion: version,
});

export interface ConflictRow {
  kind: string;
  entityId: string;
  opId: string;
  op: 'upsert' | 'delete';
  baseData: string | null;
  localData: string;
  serverData: string;
  localTimestamp: string;
  serverTimestamp: string;
  serverVersion: string | null;
  changedFields: string | null;
  deltas: string | null;
  serverDeleted: number;
  strategy: string;
  state: string;
  reason: string | null;
  resolution: string | null;
  decidedOn: string | null;
  detectedAt: number;
  changedAt: number;
  schemaVersion: number;
}

export const conflictEntity = table<ConflictRow>('sync_conflicts', {
  kind: key(text()),
  entityId: key(text('entity_id')),
  opId: text('op_id'),
  op: text(),
  baseData: textOrNull('base_data'),
  localData: text('local_data'),
  serverData: text('server_data'),
  localTimestamp: text('local_timestamp'),
  serverTimestamp: text('server_timestamp'),
  serverVersion: textOrNull('server_version'),
  changedFields: textOrNull('changed_fields'),
  deltas: textOrNull(),
  serverDeleted: whole('server_deleted'),
  strategy: text(),
  state: text(),
  reason: textOrNull(),
  resolution: textOrNull(),
  decidedOn: textOrNull('decided_on'),
  detectedAt: time('detected_at'),
  changedAt: time('changed_at'),
  schemaVersion: version,
});

export interface DiscardedRow {
  id: number;
  opId: string;
  kind: string;
  entityId: string;
  op: 'upsert' | 'delete';
  payload: string | null;
  changedFields: string | null;
  deltas: string | null;
  creates: number;
  reason: string;
  discardedAt: number;
  schemaVersion: number;
}

export const discardedEntity = table<DiscardedRow>('sync_discarded', {
  id: { type: 'integer', primary: true, generated: 'increment' },
  opId: text('op_id'),
  kind: text(),
  entityId: text('entity_id'),
  op: text(),
  payload: textOrNull(),
  changedFields: textOrNull('changed_fields'),
  deltas: textOrNull(),
  creates: whole(),
  reason: text(),
  discardedAt: time('discarded_at'),
  schemaVersion: version,
});

export interface QuarantineRow {
  kind: string;
  entityId: string;
  row: string;
  error: string;
  quarantinedAt: number;
  /** 0 until `row.quarantined` told of it. */
  announced: number;
}

export const quarantineEntity = table<QuarantineRow>('sync_quarantine', {
  kind: key(text()),
  entityId: key(text('entity_id')),
  row: text(),
  error: text(),
  quarantinedAt: time('quarantined_at'),
  announced: { type: 'integer', default: 1 },
});

/** A UNIQUE value or a reference that a queued operation releases; it leaves with the operation. */
export const releasedEntity = new EntitySchema<{ seq: number; value: string }>({
  name: 'sync_released',
  tableName: 'sync_released',
  synchronize: false,
  columns: { seq: { type: 'integer', primary: true }, value: key(text()) },
  foreignKeys: [{ target: 'sync_outbox', columnNames: ['seq'], referencedColumnNames: ['seq'], onDelete: 'CASCADE' }],
});

/** A row that is removed here because it is deleted on the server. */
export const removedEntity = table<{ kind: string; entityId: string; version: string; removedAt: number }>(
  'sync_removed',
  {
    kind: key(text()),
    entityId: key(text('entity_id')),
    version: text(),
    removedAt: time('removed_at'),
  },
);

export const seenEntity = table<{ kind: string; entityId: string }>('sync_seen', {
  kind: key(text()),
  entityId: key(text('entity_id')),
});

/** What the server sent for fields whose column gives back another value, as JSON text: `{ key: [sent, shown] }`. */
export const wireValuesEntity = table<{ kind: string; entityId: string; fields: string }>('sync_wire_values', {
  kind: key(text()),
  entityId: key(text('entity_id')),
  fields: text(),
});

export interface LeaseRow {
  name: string;
  owner: string;
  token: number;
  expiresAt: number;
}

export const leaseEntity = table<LeaseRow>('sync_lease', {
  name: key(text()),
  owner: text(),
  token: whole(),
  expiresAt: time('expires_at'),
});

export const stateEntity = table<{ name: string; value: string }>('sync_state', { name: key(text()), value: text() });

/** The entities of the sync tables, to stand beside the app's own: `entities: [Todo, ...syncEntities]`. */
export const syncEntities: readonly EntitySchema[] = [
  outboxEntity,
  cursorEntity,
  baseEntity,
  conflictEntity,
  discardedEntity,
  quarantineEntity,
  removedEntity,
  seenEntity,
  leaseEntity,
  stateEntity,
  releasedEntity,
  wireValuesEntity,
];
