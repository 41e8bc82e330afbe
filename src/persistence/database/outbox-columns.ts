import { operationTypes } from '../sql/stored-shape.ts';
import {
  counter,
  deltasOrNull,
  fieldsOrNull,
  flag,
  objectOrNull,
  text,
  textOrNull,
  time,
  timeOrNull,
  timeText,
  unique,
  whole,
  wholeOrNull,
  word,
} from './column-list.ts';

/** State of an outbox row, as the stored number. */
export const OutboxState = {
  /** Waits behind another operation of its entity. */
  behind: 0,
  /** Head of its entity's line; may be taken. */
  ready: 1,
  /** Head of line; waits for `dueAt`, or for the next run if that is null. */
  waiting: 2,
  /** Head of line; not sent until somebody acts. `parked` holds the reason. */
  parked: 3,
  /** Head of line of a group in flight. */
  inFlight: 4,
} as const;
export type OutboxState = (typeof OutboxState)[keyof typeof OutboxState];

/** Why an operation is parked. */
export type ParkedFor = 'conflict' | 'stuck' | 'ambiguous';

/** The columns of `sync_outbox`. Entity, reading and schema check derive from this list. */
export const outboxColumns = {
  /** Outbox order, never time (F-67). */
  seq: counter('seq'),
  opId: unique(text('op_id')),
  kind: text('kind'),
  entityId: text('entity_id'),
  op: word('op', operationTypes),
  /** Stored at enqueue, never derived from a missing base (F-144). */
  creates: flag('creates'),
  /** Null for a delete. */
  payload: objectOrNull('payload'),
  deltas: deltasOrNull('deltas'),
  changedFields: fieldsOrNull('changed_fields'),
  baseUpdatedAt: textOrNull('base_updated_at'),
  /** When the user acted, ISO 8601. */
  ts: timeText('ts'),
  state: whole<OutboxState>('state', OutboxState.ready),
  parked: textOrNull<ParkedFor>('parked'),
  dueAt: timeOrNull('due_at'),
  tryCount: whole('try_count'),
  lastError: textOrNull('last_error'),
  errorCode: textOrNull('error_code'),
  lastTriedAt: timeOrNull('last_tried_at'),
  /** Set on the newest operation of a frozen group. */
  requestId: textOrNull('request_id'),
  frozenBody: objectOrNull('frozen_body'),
  frozenBase: textOrNull('frozen_base'),
  force: flag('force'),
  firstSentAt: timeOrNull('first_sent_at'),
  attempt: whole('attempt'),
  enqueuedAt: time('enqueued_at'),
  /** Version of the app's table that defines the format of the payload. */
  schemaVersion: whole('schema_version', 1),
  /** The same for the open request, if the payload was upgraded since. */
  frozenVersion: wholeOrNull('frozen_version'),
};
