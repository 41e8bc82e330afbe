import type { ColumnMetadata } from 'typeorm/metadata/ColumnMetadata.js';
import type { Dialect, SqlType } from '../sql/session.ts';

/** How ids, which are text everywhere else, meet the type of their column. */
export interface IdColumn {
  /** What a list of ids is compared as, so that the column's index is used. */
  readonly type: SqlType;
  readonly toDatabase: (id: string) => string | number;
  /** Says why a text cannot be an id of this table; undefined = it can. */
  readonly complaint: (id: string) => string | undefined;
}

/** PostgreSQL gives UUIDs back in this form: another spelling would be another id to us. */
const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const longTypes = new Set<unknown>(['bigint', 'int8']);
/** NUL and halves of surrogate pairs. */
const unstorable = /\u{0}|\p{Cs}/u;

/** Whether PostgreSQL can store a text. */
export const isStorableText = (text: string): boolean => !unstorable.test(text);

export function createIdColumn(column: ColumnMetadata, isNumber: boolean, { name }: Dialect): IdColumn {
  if (isNumber) {
    // The driver of PostgreSQL gives 64-bit ids as text, to the last digit. Those of SQLite round them, and so would
    // each entity.
    const keepsDigits = name === 'postgres' && longTypes.has(column.type);
    const isHeld = (id: string): boolean => String(Math.trunc(Number(id))) === id;
    return {
      type: 'bigint',
      toDatabase: (id) => (keepsDigits && !isHeld(id) ? id : Number(id)),
      complaint: (id) => {
        if (isHeld(id)) return undefined;
        if (!/^-?[1-9]\d*$/.test(id)) return `id '${id}' must be a whole number, as the column is`;
        if (keepsDigits && BigInt.asIntN(64, BigInt(id)) === BigInt(id)) return undefined;
        return `id '${id.slice(0, 60)}' has more digits than the column gives back; use a text column for the id`;
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
