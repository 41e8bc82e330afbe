import { isJsonObject, type Json, type JsonObject } from '../../model/values/json.ts';
import { deepEqual } from '../../rules/values/deep-equal.ts';
import type { OperationView } from '../protocol/messages.ts';

/** What an amendment makes of one field; undefined: it is not there. */
export interface AmendedField {
  readonly name: string;
  readonly before: Json | undefined;
  readonly after: Json;
}

/** The fields that the operation changes, as text to begin with. */
export const proposalOf = ({ payload = {}, changedFields }: Pick<OperationView, 'payload' | 'changedFields'>): string =>
  JSON.stringify(
    Object.fromEntries(Object.entries(payload).filter(([key]) => changedFields?.includes(key) ?? true)),
    undefined,
    2,
  );

/** Reads what somebody wrote: the fields to change, or why that cannot be read. */
export function parsePatch(text: string): JsonObject | string {
  try {
    const patch: unknown = JSON.parse(text);
    return isJsonObject(patch) ? patch : 'Write an object, such as { "title": "Milk" }.';
  } catch (error) {
    return `This is not JSON: ${error instanceof Error ? error.message : String(error)}`;
  }
}

/** The fields whose value would be another one. */
export const amendedFields = (
  { payload = {} }: Pick<OperationView, 'payload'>,
  patch: JsonObject,
): readonly AmendedField[] =>
  Object.entries(patch)
    .map(([name, after]) => ({ name, before: payload[name], after }))
    .filter(({ before, after }) => before === undefined || !deepEqual(before, after));
