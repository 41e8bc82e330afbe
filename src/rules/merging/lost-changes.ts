import type { Conflict } from '../../model/conflict.ts';
import { isJsonObject, type Json, type JsonObject } from '../../model/values/json.ts';
import { deepEqual } from '../values/deep-equal.ts';
import { byIdentity } from './merge-lists.ts';
import { isSystemField } from '../values/system-fields.ts';

/** The local side of a conflict. */
export type LocalChange = Pick<Conflict, 'localData' | 'baseData' | 'changedFields'>;

/**
 * The fields that the user changed: the named ones, otherwise those whose value differs from the base. Excludes the
 * server's own fields.
 */
export function intendedFields({ localData, baseData, changedFields }: LocalChange): readonly string[] {
  const fields =
    changedFields ??
    Object.keys(localData).filter((key) => !deepEqual(valueOf(localData, key), valueOf(baseData ?? {}, key)));
  return fields.filter((key) => !isSystemField(key) && Object.hasOwn(localData, key));
}

/**
 * Names the fields whose result lacks part of the user's change; all other changes survived. Compares lists and nested
 * objects item by item, so that a list with the items of both sides has lost nothing.
 */
export const lostFields = (change: LocalChange, result: JsonObject): readonly string[] =>
  intendedFields(change).filter(
    (key) => !holds(valueOf(change.baseData ?? {}, key), valueOf(change.localData, key), valueOf(result, key)),
  );

/** Whether `result` contains every change from `before` to `mine`. */
function holds(before: Json, mine: Json, result: Json): boolean {
  if (deepEqual(mine, result)) return true;
  if (Array.isArray(mine) && Array.isArray(result))
    return holdsItems(Array.isArray(before) ? before : [], mine, result);
  return isJsonObject(mine) && isJsonObject(result) && holdsKeys(isJsonObject(before) ? before : {}, mine, result);
}

const holdsKeys = (before: JsonObject, mine: JsonObject, result: JsonObject): boolean =>
  Object.keys({ ...before, ...mine }).every((key) => {
    const [old, own, now] = [valueOf(before, key), valueOf(mine, key), valueOf(result, key)];
    return deepEqual(old, own) || holds(old, own, now);
  });

function holdsItems(before: readonly Json[], mine: readonly Json[], result: readonly Json[]): boolean {
  const [old, own, now] = [byIdentity(before), byIdentity(mine), byIdentity(result)];
  for (const [name, item] of own) {
    const [was, is] = [old.get(name), now.get(name)];
    if (deepEqual(was, item)) continue;
    if (is === undefined || !holds(was ?? null, item, is)) return false;
  }
  return [...old.keys()].every((name) => own.has(name) || !now.has(name));
}

const valueOf = (row: JsonObject, key: string): Json => (Object.hasOwn(row, key) ? (row[key] ?? null) : null);
