import { withoutMark } from '../model/exact-number.ts';
import { isJsonObject, type Json, type JsonObject } from '../model/json.ts';
import { excerpt } from './http-answer.ts';

/** Reads a row's id as text: `id`, else `ID`, else `uuid`. */
export function rowIdOf(row: JsonObject): string | undefined {
  return scalarText(row['id']) ?? scalarText(row['ID']) ?? scalarText(row['uuid']);
}

/** A string or number as text, exactly as the server wrote it; undefined for anything else and for ''. */
export function scalarText(value: Json | undefined): string | undefined {
  if (typeof value === 'number') return String(value);
  return typeof value === 'string' && value !== '' ? withoutMark(value) : undefined;
}

/** The row's own version, verbatim: `updatedAt`, else `updated_at`. */
export const rowTimestampOf = (row: JsonObject): string | undefined => scalarText(row['updatedAt']) ?? scalarText(row['updated_at']);

/** A tombstone says so by a deletion time. */
export const isTombstone = (row: JsonObject): boolean => (row['deleted_at'] ?? row['deletedAt'] ?? null) !== null;

/** Why the server refused: `{ error: code, message?, fields? }` (PROTOCOL §3), also nested in `error`, or as problem details. */
export interface Refusal {
  readonly code?: string;
  readonly message?: string;
  readonly fields?: Readonly<Record<string, string>>;
}

export function refusalOf(body: Json | undefined): Refusal {
  if (!isJsonObject(body)) return {};
  const nested = body['error'];
  const source = isJsonObject(nested) ? nested : body;
  const code = textOf(source['code']) ?? textOf(nested) ?? textOf(source['error']);
  const message = textOf(source['message']) ?? textOf(source['detail']) ?? textOf(source['title']);
  const fields = fieldsOf(source['fields']) ?? fieldsOf(body['fields']);
  return {
    ...(code === undefined ? {} : { code: excerpt(code, 100) }),
    ...(message === undefined ? {} : { message: excerpt(message) }),
    ...(fields === undefined ? {} : { fields }),
  };
}

const textOf = (value: Json | undefined): string | undefined => (typeof value === 'string' && value !== '' ? value : undefined);

function fieldsOf(value: Json | undefined): Readonly<Record<string, string>> | undefined {
  if (!isJsonObject(value)) return undefined;
  // fromEntries defines own properties, so that a field named __proto__ stays a field.
  return Object.fromEntries(Object.entries(value).map(([field, reason]) => [field, excerpt(typeof reason === 'string' ? reason : JSON.stringify(reason))]));
}
