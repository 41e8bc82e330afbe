import { isJsonObject, type Json, type JsonObject } from '../../model/values/json.ts';
import type { ConflictView } from '../protocol/messages.ts';
import { deepEqual } from '../../rules/values/deep-equal.ts';
import { isSystemField } from '../../rules/values/system-fields.ts';
import { deltaText } from './words/describe-delta.ts';

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
  /** The relative change that made the local value, such as `+2`. */
  readonly delta?: string | undefined;
}

/**
 * Lines up the three sides of a conflict, field by field: contested ones first, then what one side changed, then the
 * rest.
 */
export function fieldsOf({ conflict }: ConflictView): readonly ConflictField[] {
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
      ...(own.length === 0 ? {} : { delta: own.map(deltaText).join(', ') }),
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

export interface Choices {
  /** By field; others are as proposed. */
  readonly by: Readonly<Record<string, FieldChoice>>;
  /** Text of own values, by field: JSON, or else taken as the text itself. */
  readonly own: Readonly<Record<string, string>>;
}

export const noChoices: Choices = { by: {}, own: {} };

/**
 * The row that the choices make: what `acceptMerged` sends. Fields that are nowhere on the chosen side are left out.
 */
export function mergedRow(fields: readonly ConflictField[], choices: Choices): JsonObject {
  const row: Record<string, Json> = {};
  for (const field of fields) {
    const choice = choices.by[field.name] ?? field.proposed;
    const value =
      choice === 'own'
        ? ownValue(choices.own[field.name] ?? '')
        : (field[choice] ?? (choice === 'local' ? field.server : undefined));
    if (value !== undefined) row[field.name] = value;
  }
  return row;
}

/** What somebody typed: JSON where it is JSON, else the text. */
export function ownValue(text: string): Json {
  try {
    return JSON.parse(text) as Json;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return text;
  }
}

/** The conflict as a sentence. */
export function describeConflict({
  conflict: { opType, serverDeleted, isCreation, kind, entityId },
}: Pick<ConflictView, 'conflict'>): string {
  if (opType === 'delete') return `You deleted ${kind}/${entityId}; somebody else changed it.`;
  if (isCreation === true && serverDeleted)
    return `You created ${kind}/${entityId}; the server has a deleted row with that id.`;
  return serverDeleted
    ? `You changed ${kind}/${entityId}; somebody else deleted it.`
    : `You and somebody else changed ${kind}/${entityId}.`;
}

/** The same in a few words, for a list that names the record itself. */
export function briefConflict({
  conflict: { opType, serverDeleted, isCreation },
}: Pick<ConflictView, 'conflict'>): string {
  if (opType === 'delete') return 'deleted here, changed there';
  if (isCreation === true && serverDeleted) return 'created here, deleted there';
  return serverDeleted ? 'changed here, deleted there' : 'changed on both sides';
}

/** A value as short text. */
export function showValue(value: Json | undefined): string {
  if (value === undefined) return '—';
  if (typeof value === 'string') return value === '' ? '(empty)' : value;
  return isJsonObject(value) || Array.isArray(value) ? JSON.stringify(value) : String(value);
}

/** What each strategy would do, in a few words. */
export const previewWords = {
  server: "takes the server's row",
  client: 'sends yours',
  merged: 'merges',
  parked: 'waits for a person',
} as const;
