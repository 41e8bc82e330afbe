import type { Conflict } from '../../model/conflict.ts';
import type { Delta } from '../../model/values/delta.ts';
import type { Json, JsonObject } from '../../model/values/json.ts';
import { deepEqual } from '../values/deep-equal.ts';
import { isSystemField } from '../values/system-fields.ts';

/** Where the value of a field is taken from. `own` is written by the person who decides. */
export type FieldChoice = 'local' | 'server' | 'base' | 'own';

/** One field on all three sides; undefined: it is not there. */
export interface ConflictField {
  readonly name: string;
  readonly base: Json | undefined;
  readonly local: Json | undefined;
  readonly server: Json | undefined;
  readonly changedHere: boolean;
  readonly changedThere: boolean;
  /** Both sides changed it, and not to the same value. */
  readonly isContested: boolean;
  /** What a merge takes where nobody says otherwise. */
  readonly proposed: 'local' | 'server';
  /** The relative changes that made the local value. */
  readonly deltas?: readonly Delta[] | undefined;
}

/**
 * Lines up the three sides of a conflict, field by field: contested ones first, then what one side changed, then the
 * rest.
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
    // Whatever was written here, the server sets these.
    const isServers = isSystemField(name);
    return {
      name,
      ...sides,
      changedHere: changedHere && !isServers,
      changedThere: changedThere && !isServers,
      // A relative change goes on top of whatever the server has: both count.
      isContested: changedHere && changedThere && !isSame && !isServers && own.length === 0,
      proposed: changedHere && !isServers ? 'local' : 'server',
      ...(own.length === 0 ? {} : { deltas: own }),
    };
  });
  const rank = (field: ConflictField): number =>
    field.isContested ? 0 : field.changedHere ? 1 : field.changedThere ? 2 : 3;
  return fields.sort((a, b) => rank(a) - rank(b));
}

const same = (a: Json | undefined, b: Json | undefined): boolean =>
  a === undefined || b === undefined ? a === b : deepEqual(a, b);

/** Whether the field is worth showing: the sides do not agree on it. */
export const differs = ({ changedHere, changedThere }: ConflictField): boolean => changedHere || changedThere;

/** Choices by field; the others are as proposed. */
export type FieldChoices = Readonly<Record<string, FieldChoice>>;

/**
 * The row that the choices make: what `acceptMerged` sends. `ownValue` gives the values that were written. Fields that
 * are nowhere on the chosen side are left out.
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
