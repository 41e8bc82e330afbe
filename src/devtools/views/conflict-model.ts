import { isJsonObject, type Json } from '../../model/values/json.ts';
import type { FieldChoices } from '../../rules/merging/conflict-fields.ts';
import type { ConflictView } from '../protocol/messages.ts';

export interface Choices {
  readonly by: FieldChoices;
  /** Text of own values, by field: JSON, or else taken as the text itself. */
  readonly own: Readonly<Record<string, string>>;
}

export const noChoices: Choices = { by: {}, own: {} };

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
