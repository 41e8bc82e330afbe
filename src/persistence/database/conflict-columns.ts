import { conflictStrategies } from '../../model/conflict.ts';
import { conflictStates, operationTypes } from '../sql/stored-shape.ts';
import {
  deltasOrNull,
  fieldsOrNull,
  flag,
  key,
  object,
  objectOrNull,
  resolutionOrNull,
  text,
  textOrNull,
  time,
  timeText,
  whole,
  word,
} from './column-list.ts';

/** The columns of `sync_conflicts`. Entity, reading and schema check derive from this list. */
export const conflictColumns = {
  kind: key(text('kind')),
  entityId: key(text('entity_id')),
  opId: text('op_id'),
  /** `create`: an upsert of a row that no earlier request can have brought to the server. */
  op: word('op', [...operationTypes, 'create'] as const),
  baseData: objectOrNull('base_data'),
  localData: object('local_data'),
  serverData: object('server_data'),
  localTimestamp: timeText('local_timestamp'),
  serverTimestamp: text('server_timestamp'),
  serverVersion: textOrNull('server_version'),
  changedFields: fieldsOrNull('changed_fields'),
  deltas: deltasOrNull('deltas'),
  serverDeleted: flag('server_deleted'),
  strategy: word('strategy', conflictStrategies),
  state: word('state', conflictStates),
  reason: textOrNull('reason'),
  resolution: resolutionOrNull('resolution'),
  decidedOn: textOrNull('decided_on'),
  detectedAt: time('detected_at'),
  changedAt: time('changed_at'),
  schemaVersion: whole('schema_version', 1),
};
