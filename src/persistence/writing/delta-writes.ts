import { applyDeltas, misfit, sumDeltas, type Delta } from '../../model/values/delta.ts';
import { ValidationError } from '../../model/errors/errors.ts';
import type { JsonObject } from '../../model/values/json.ts';
import { assertSafeKeys } from '../../rules/values/safe-keys.ts';
import type { ReplicaTable } from '../tables/replica-table.ts';

/** Deltas as queued, and the resulting row as the user sees it. */
export interface DeltaWrite {
  readonly deltas: readonly Delta[];
  readonly after: JsonObject;
}

/**
 * Checks deltas against a row and applies them. Fields are property names; the result is by wire key. Returns undefined
 * if they have no effect. Throws `ValidationError` that names the field; nothing is written.
 */
export function prepareDeltas(
  table: ReplicaTable,
  id: string,
  before: JsonObject,
  deltas: readonly Delta[],
): DeltaWrite | undefined {
  const row = `${table.kind}/${id}`;
  const byWireKey = deltas.map((delta): Delta => {
    const field = table.columns.wireKeyOf(delta.field);
    if (Object.values(table.keys).includes(field))
      throw new ValidationError(`${row}: '${delta.field}' belongs to the server, so a delta cannot change it`);
    if (delta.type === 'increment') {
      if (!Number.isFinite(delta.by))
        throw new ValidationError(
          `${row}: '${delta.field}' must be incremented by a finite number, got ${String(delta.by)}`,
        );
    } else if (!Array.isArray(delta.values)) {
      throw new ValidationError(`${row}: values for '${delta.field}' must be a list`);
    } else {
      assertSafeKeys(delta.values, `${row}: a value for '${delta.field}'`);
    }
    const complaint = misfit(before[field], delta);
    if (complaint !== undefined) throw new ValidationError(`${row}: '${delta.field}' ${complaint}`);
    return { ...delta, field };
  });
  const sum = sumDeltas(byWireKey);
  if (sum.length === 0) return undefined;
  const after = applyDeltas(before, sum);
  const complaint = table.mapping.complaintAbout(after);
  if (complaint !== undefined) throw new ValidationError(`${row}: ${complaint}; nothing was written`);
  return { deltas: sum, after };
}
