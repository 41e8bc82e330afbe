import type { ColumnMetadata } from 'typeorm/metadata/ColumnMetadata.js';
import type { Dialect, SqlType } from './session.ts';

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
/** NUL and halves of surrogate pairs. */
const unstorable = /\u{0}|\p{Cs}/u;

/** Whether PostgreSQL can store a text. */
export const isStorableText = (text: string): boolean => !unstorable.test(text);

export function createIdColumn(column: ColumnMetadata, isNumber: boolean, { name }: Dialect): IdColumn {
  if (isNumber)
    return {
      type: 'bigint',
      toDatabase: Number,
      complaint: (id) => (String(Math.trunc(Number(id))) === id ? undefined : `id '${id}' must be a whole number, as the column is`),
    };
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
