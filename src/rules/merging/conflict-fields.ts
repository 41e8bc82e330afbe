import type { Conflict } from '../../model/conflict.ts';
import type { Delta } from '../../model/values/delta.ts';
import type { Json, JsonObject } from '../../model/values/json.ts';
import { deepEqual } from '../values/deep-equal.ts';
import { isSystemField } from '../values/system-fields.ts';

/** The source of a field's value. `own` is written by the person who decides. */
export type FieldChoice = 'local' | 'server' | 'base' | 'own';

/** One field on all three sides; undefined if a side does not have it. */
export interface ConflictField {
  readonly name: string;
  readonly base: Json | undefined;
  readonly local: Json | undefined;
  readonly server: Json | undefined;
  readonly changedHere: boolean;
  readonly changedThere: boolean;
  /** Both sides changed it to different values. */
  readonly isContested: boolean;
  /** The side that a merge takes by default. */
  readonly proposed: 'local' | 'server';
  /** The relative changes that produced the local value. */
  readonly deltas?: readonly Delta[] | undefined;
}

/**
 * Lists the fields of a conflict with their three sides: contested fields first, then fields changed on one side, then
 * the rest.
 */
export function conflictFields(conflict: Conflict): readonly ConflictField[] {
  const { localData, serverData, baseData, changedFields, serverDeleted, opType, deltas = [] } = conflict;
  const local = opType === 'delete' ? undefined : localData;
  const server = serverDeleted && Object.keys(serverData).length === 0 ? undefined : serverData;
  const names = [...new Set([...Object.keys(baseData ?? {}), ...Object.keys(localData), ...Object.keys(serverData)])];
  const fields = names.map((name): ConflictField => {
    const sides = { base: baseData?.[name], local: local?.[name], server: server?.[name] };
    const isSame = same(sides.local, sides.server);
    const changedHere =
      local !== undefined &&
      (changedFields?.includes(name) ?? !same(sides.local, baseData === undefined ? sides.server : sides.base));
    const changedThere = server !== undefined && (baseData === undefined ? !isSame : !same(sides.server, sides.base));
    const own = deltas.filter(({ field }) => field === name);
    // The server sets these fields, whatever was written locally.
    const isServers = isSystemField(name);
    return {
      name,
      ...sides,
      changedHere: changedHere && !isServers,
      changedThere: changedThere && !isServers,
      // A relative change applies on top of the server's value, so both count.
      isContested: changedHere && changedThere && !isSame && !isServers && own.length === 0,
      proposed: changedHere && !isServers ? 'local' : 'server',
      ...(own.length === 0 ? {} : { deltas: own }),
    };
  });
  const rank = (field: ConflictField): number =>
    field.isContested ? 0 : field.changedHere ? 1 : field.changedThere ? 2 : 3;
  return fields.sort((a, b) => rank(a) - rank(b));
}

/** The fields that both sides changed to different values, by wire key. Relative changes are never among them. */
export const contestedFields = (conflict: Conflict): readonly string[] =>
  conflictFields(conflict).flatMap(({ name, isContested }) => (isContested ? [name] : []));

const same = (a: Json | undefined, b: Json | undefined): boolean =>
  a === undefined || b === undefined ? a === b : deepEqual(a, b);

/** Whether the field is worth showing, because the sides differ. */
export const differs = ({ changedHere, changedThere }: ConflictField): boolean => changedHere || changedThere;

/** Choices by field. Fields without a choice use `proposed`. */
export type FieldChoices = Readonly<Record<string, FieldChoice>>;

/**
 * Builds the row that `acceptMerged` sends from the choices. `ownValue` returns the values written by hand. Omits
 * fields that the chosen side does not have.
 */
export function mergedRow(
  fields: readonly ConflictField[],
  choices: FieldChoices,
  ownValue: (field: ConflictField) => Json | undefined,
): JsonObject {
  const row: Record<string, Json> = {};
  for (const field of fields) {
    const choice = choices[field.name] ?? field.proposed;
    const value =
      choice === 'own' ? ownValue(field) : (field[choice] ?? (choice === 'local' ? field.server : undefined));
    if (value !== undefined) row[field.name] = value;
  }
  return row;
}
