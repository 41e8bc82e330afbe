import { EntitySchema } from 'typeorm';
import type { DiscardReason } from '../../model/events.ts';
import {
  counter,
  deltasOrNull,
  entityOf,
  fieldsOrNull,
  flag,
  key,
  objectOrNull,
  text,
  textOrNull,
  time,
  timeOrNull,
  whole,
  word,
  type RowOf,
} from './column-list.ts';
import { conflictColumns } from './conflict-columns.ts';
import { outboxColumns } from './outbox-columns.ts';
import { operationTypes } from '../sql/stored-shape.ts';

/** A stored operation; JSON columns hold text. Times are epoch ms, `ts` is the user's ISO timestamp. */
export type OutboxRow = RowOf<typeof outboxColumns>;
export const outboxEntity = entityOf('sync_outbox', outboxColumns);

export type ConflictRow = RowOf<typeof conflictColumns>;
export const conflictEntity = entityOf('sync_conflicts', conflictColumns);

const cursorColumns = {
  kind: key(text('kind')),
  ts: textOrNull('ts'),
  lastId: textOrNull('last_id'),
  maxPage: whole('max_page'),
  token: textOrNull('token'),
  tokenTs: textOrNull('token_ts'),
  tokenLastId: textOrNull('token_last_id'),
  lastPullAt: timeOrNull('last_pull_at'),
  lastResyncAt: timeOrNull('last_resync_at'),
  tombstoneRetentionMs: timeOrNull('tombstone_retention_ms'),
  resyncGeneration: whole('resync_generation'),
  resyncOpen: flag('resync_open'),
  resyncMarking: flag('resync_marking'),
  resyncFetched: flag('resync_fetched'),
  resyncRows: whole('resync_rows'),
  resyncTs: textOrNull('resync_ts'),
  resyncLastId: textOrNull('resync_last_id'),
  resyncToken: textOrNull('resync_token'),
  resyncTokenTs: textOrNull('resync_token_ts'),
  resyncTokenLastId: textOrNull('resync_token_last_id'),
  /** Version of the app's table when the rows up to the cursor were pulled. */
  schemaVersion: whole('schema_version', 1),
  resyncReason: textOrNull('resync_reason'),
};
export type CursorRow = RowOf<typeof cursorColumns>;
export const cursorEntity = entityOf('sync_cursors', cursorColumns);

export const baseColumns = {
  kind: key(text('kind')),
  entityId: key(text('entity_id')),
  /** The row before the first pending operation; null if there was none. */
  baseRow: objectOrNull('base_row'),
  baseVersion: textOrNull('base_version'),
  /** A newer server row seen since; null while the base is the newest known. */
  serverRow: objectOrNull('server_row'),
  serverVersion: textOrNull('server_version'),
  /** The last answer had no version, so the row is fetched before the next operation is sent. */
  versionUnknown: flag('version_unknown'),
  lastSent: objectOrNull('last_sent'),
  schemaVersion: whole('schema_version', 1),
};
/** The base of an entity with pending operations, and the newest server row seen since. Rows are wire JSON text. */
export type BaseRow = RowOf<typeof baseColumns>;
export const baseEntity = entityOf('sync_base', baseColumns);

export const discardedColumns = {
  id: counter('id'),
  opId: text('op_id'),
  kind: text('kind'),
  entityId: text('entity_id'),
  op: word('op', operationTypes),
  payload: objectOrNull('payload'),
  changedFields: fieldsOrNull('changed_fields'),
  deltas: deltasOrNull('deltas'),
  creates: flag('creates'),
  reason: text<DiscardReason>('reason'),
  discardedAt: time('discarded_at'),
  schemaVersion: whole('schema_version', 1),
};
export type DiscardedRow = RowOf<typeof discardedColumns>;
export const discardedEntity = entityOf('sync_discarded', discardedColumns);

const quarantineColumns = {
  kind: key(text('kind')),
  entityId: key(text('entity_id')),
  row: text('row'),
  error: text('error'),
  quarantinedAt: time('quarantined_at'),
  /** 0 until `row.quarantined` is emitted for it. */
  announced: whole('announced', 1),
};
export type QuarantineRow = RowOf<typeof quarantineColumns>;
export const quarantineEntity = entityOf('sync_quarantine', quarantineColumns);

/** A UNIQUE value or a reference that a queued operation releases. Removed with the operation. */
export const releasedEntity = new EntitySchema<{ seq: number; value: string }>({
  name: 'sync_released',
  tableName: 'sync_released',
  synchronize: false,
  columns: { seq: { type: 'integer', primary: true }, value: { type: 'text', primary: true } },
  foreignKeys: [{ target: 'sync_outbox', columnNames: ['seq'], referencedColumnNames: ['seq'], onDelete: 'CASCADE' }],
});

/** A row removed here because the server deleted it. */
export const removedEntity = entityOf('sync_removed', {
  kind: key(text('kind')),
  entityId: key(text('entity_id')),
  version: text('version'),
  removedAt: time('removed_at'),
});

export const seenEntity = entityOf('sync_seen', { kind: key(text('kind')), entityId: key(text('entity_id')) });

/** The sent values of fields whose column returns another value, as JSON text: `{ key: [sent, shown] }`. */
export const wireValuesEntity = entityOf('sync_wire_values', {
  kind: key(text('kind')),
  entityId: key(text('entity_id')),
  fields: text('fields'),
});

const leaseColumns = {
  name: key(text('name')),
  owner: text('owner'),
  token: whole('token'),
  expiresAt: time('expires_at'),
};
export type LeaseRow = RowOf<typeof leaseColumns>;
export const leaseEntity = entityOf('sync_lease', leaseColumns);

export const stateEntity = entityOf('sync_state', { name: key(text('name')), value: text('value') });

/** The entities of the sync tables. Add them to the app's own: `entities: [Todo, ...syncEntities]`. */
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
