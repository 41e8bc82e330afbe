import type { Conflict, ConflictResolution } from '../../model/conflict.ts';
import type { GivenUp, SyncFact } from '../../model/events.ts';
import type { JsonObject } from '../../model/values/json.ts';
import { lostFields } from '../../rules/merging/lost-changes.ts';
import type { ConflictRecord } from '../outbox/conflict-rows.ts';

/**
 * The events of a conflict whose result has reached the server: the merge and its outcome (EVT-05). `givenUp` names the
 * parts of the user's change that the result lacks.
 */
export function resolvedFacts(
  record: ConflictRecord,
  resolution: ConflictResolution,
  row: JsonObject | undefined,
): readonly SyncFact[] {
  const { conflict } = record;
  const givenUp = resolution.type === 'acceptMerged' ? lostIn(conflict, row ?? resolution.data) : [];
  return [
    ...mergedFact(record, resolution),
    {
      type: 'conflict.resolved',
      conflict,
      resolution,
      ...(row === undefined ? {} : { resultData: row }),
      ...(givenUp.length === 0 ? {} : { givenUp }),
    },
  ];
}

function mergedFact(
  { conflict, strategy, state }: ConflictRecord,
  resolution: ConflictResolution,
): readonly SyncFact[] {
  const merges = strategy === 'autoPreserve' || strategy === 'merge';
  // The strategy did not merge a person's own data.
  if (!merges || state === 'decided' || resolution.type !== 'acceptMerged' || resolution.mergeInfo === undefined)
    return [];
  const { localFields, serverFields } = resolution.mergeInfo;
  return [{ type: 'conflict.merged', conflict, localFields, serverFields, mergedData: resolution.data }];
}

function lostIn(conflict: Conflict, result: JsonObject): readonly GivenUp[] {
  const { opId, kind, entityId, localData, opType } = conflict;
  // The decision was to undelete, so the delete was discarded.
  if (opType === 'delete') return [{ opId, kind, entityId, operationType: 'delete', data: {} }];
  const lost = lostFields(conflict, result);
  if (lost.length === 0) return [];
  return [
    {
      opId,
      kind,
      entityId,
      operationType: 'upsert',
      data: Object.fromEntries(lost.map((key) => [key, localData[key] ?? null])),
      changedFields: lost,
    },
  ];
}
