/**
 * Where the next pull of a kind begins: the newest server timestamp seen and, among its rows, the id that came last.
 * Both are the server's own text.
 */
export interface Cursor {
  readonly ts: string;
  readonly lastId: string;
}

/** Timestamp of a first pull, as PROTOCOL §2 spells it. */
export const epochTimestamp = '1970-01-01T00:00:00.000Z';

/** Cursor kind that holds the time of the last full resync (NAM-07); no table may be called so. */
export const fullResyncKind = '__full_resync__';
