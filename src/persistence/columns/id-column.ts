import type { ColumnMetadata } from 'typeorm/metadata/ColumnMetadata.js';
import type { Dialect, SqlType } from '../sql/session.ts';

/** Converts ids, which are strings everywhere else, to the type of their column. */
export interface IdColumn {
  /** The type for comparing lists of ids, so that the column's index is used. */
  readonly type: SqlType;
  readonly toDatabase: (id: string) => string | number;
  /** Why a string cannot be an id of this table; undefined if it can. */
  readonly complaint: (id: string) => string | undefined;
}

/** PostgreSQL returns UUIDs in this form. Another spelling would be a different id here. */
const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const longTypes = new Set<unknown>(['bigint', 'int8']);
/** NUL and halves of surrogate pairs. */
const unstorable = /\u{0}|\p{Cs}/u;

/** Whether PostgreSQL can store a text. */
export const isStorableText = (text: string): boolean => !unstorable.test(text);

export function createIdColumn(column: ColumnMetadata, isNumber: boolean, { name }: Dialect): IdColumn {
  if (isNumber) {
    // The driver of PostgreSQL returns 64-bit ids as strings with all digits. Drivers of SQLite round them, and so
    // would each entity.
    const keepsDigits = name === 'postgres' && longTypes.has(column.type);
    const isHeld = (id: string): boolean => String(Math.trunc(Number(id))) === id;
    return {
      type: 'bigint',
      toDatabase: (id) => (keepsDigits && !isHeld(id) ? id : Number(id)),
      complaint: (id) => {
        if (isHeld(id)) return undefined;
        if (!/^-?[1-9]\d*$/.test(id)) return `id '${id}' must be a whole number, because the column is an integer`;
        if (keepsDigits && BigInt.asIntN(64, BigInt(id)) === BigInt(id)) return undefined;
        return `id '${id.slice(0, 60)}' has more digits than the column returns exactly; use a text column for the id`;
      },
    };
  }
  const isUuid = name === 'postgres' && column.type === 'uuid';
  return {
    type: isUuid ? 'uuid' : 'text',
    toDatabase: (id) => id,
    complaint: (id) => {
      if (name === 'sqlite') return undefined;
      if (isUuid) return uuid.test(id) ? undefined : `id '${id}' must be a UUID in lower case, as the column stores it`;
      return isStorableText(id) ? undefined : 'its id has characters that PostgreSQL cannot store';
    },
  };
}
