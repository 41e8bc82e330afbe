import { copyData } from '../../model/values/copy-data.ts';
import { acceptClient, acceptMerged, acceptServer, type MergeInfo } from '../../model/conflict.ts';
import { ValidationError } from '../../model/errors/errors.ts';
import { isJsonObject, type JsonObject } from '../../model/values/json.ts';
import { deepEqual } from '../../rules/values/deep-equal.ts';
import { withRebasedDeltas } from '../../rules/pending/deltas.ts';
import { applyFieldRules } from '../../rules/merging/field-rules.ts';
import { defaultMerge, preservingMerge, type MergeResult } from '../../rules/merging/merge.ts';
import { assertSafeKeys } from '../../rules/values/safe-keys.ts';
import { isSystemField } from '../../rules/values/system-fields.ts';
import { repushLocal, repushMerged, type DecidedPlan, type StrategyContext } from './conflict-plan.ts';

/** Keeps the changes of both sides, field by field; merges three-way if the base row is known. */
export const autoPreserve = (context: StrategyContext): DecidedPlan =>
  whole(context) ?? merged(context, preserve(context));

/** Merges with the table's function, or the global one, or by default with the local values over the server's. */
export const merge = (context: StrategyContext): DecidedPlan => whole(context) ?? merged(context, byFunction(context));

const isForced = ({ config }: StrategyContext): boolean => config.mergedPush === 'force';

/** Decides conflicts that cannot be merged because one side has no row (F-01, F-22). Undefined: both have one. */
function whole(context: StrategyContext): DecidedPlan | undefined {
  const { conflict, kind } = context;
  if (conflict.opType === 'delete') {
    return kind?.conflict.deleteConflict === 'delete'
      ? repushLocal(context, { resolution: acceptClient(), force: isForced(context) })
      : { type: 'apply', resolution: acceptServer() };
  }
  return conflict.serverDeleted
    ? repushLocal(context, { resolution: acceptClient(), force: isForced(context) })
    : undefined;
}

function merged(context: StrategyContext, result: MergeResult): DecidedPlan {
  const { conflict, kind } = context;
  const { data, localFields, serverFields } = applyFieldRules(
    result,
    conflict,
    conflict.serverData,
    kind?.conflict.fields,
  );
  const row = withRebasedDeltas(data, conflict);
  return repushMerged(
    context,
    { resolution: acceptMerged(row, { localFields, serverFields }), force: isForced(context) },
    row,
  );
}

const preserve = ({ conflict: { localData, serverData, changedFields, baseData } }: StrategyContext): MergeResult =>
  preservingMerge(localData, serverData, { changedFields, base: baseData });

function byFunction({ conflict, kind, config }: StrategyContext): MergeResult {
  const { localData, serverData, changedFields, baseData } = conflict;
  const custom = kind?.conflict.mergeFunction ?? config.mergeFunction;
  const data: unknown =
    custom === undefined
      ? defaultMerge(localData, serverData, { changedFields })
      : // Copies: what it does to its arguments must not reach the event or the next round.
        custom(copyData(localData), copyData(serverData), {
          base: copyData(baseData),
          changedFields,
        });
  if (!isJsonObject(data) || data instanceof Promise)
    throw new ValidationError('mergeFunction must return the merged row as an object, not a promise or nothing');
  assertSafeKeys(data, 'the merged row');
  return { data, ...provenance(data, localData, serverData) };
}

/**
 * Determines by comparison which side each field of a merged row came from. A field that equals neither came from both.
 */
function provenance(data: JsonObject, local: JsonObject, server: JsonObject): MergeInfo {
  const fields = Object.keys({ ...server, ...data }).filter((key) => !isSystemField(key));
  const isFrom = (side: JsonObject, key: string): boolean => deepEqual(data[key] ?? null, side[key] ?? null);
  return {
    localFields: fields.filter((key) => !isFrom(server, key)),
    serverFields: fields.filter((key) => isFrom(server, key) || !isFrom(local, key)),
  };
}
