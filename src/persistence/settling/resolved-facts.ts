import type { Conflict, ConflictResolution } from '../../model/conflict.ts';
import type { GivenUp, SyncFact } from '../../model/events.ts';
import type { JsonObject } from '../../model/values/json.ts';
import { lostFields } from '../../rules/merging/lost-changes.ts';
import type { ConflictRecord } from '../outbox/conflict-rows.ts';

/**
 * What is told of a conflict whose result is with the server: that a strategy merged, and what it came to (EVT-05).
 * What the user meant and the result does not hold is named in `givenUp`.
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
  // A person's own data was not merged by the strategy.
  if (!merges || state === 'decided' || resolution.type !== 'acceptMerged' || resolution.mergeInfo === undefined)
    return [];
  const { localFields, serverFields } = resolution.mergeInfo;
  return [{ type: 'conflict.merged', conflict, localFields, serverFields, mergedData: resolution.data }];
}

function lostIn(conflict: Conflict, result: JsonObject): readonly GivenUp[] {
  const { opId, kind, entityId, localData, opType } = conflict;
  // Undeleting is what was decided: the delete is what was given up.
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
