/**
 * Where the next pull of a kind begins: the newest server timestamp seen, and the last id with that timestamp. Both
 * keep the server's own text.
 */
export interface Cursor {
  readonly ts: string;
  readonly lastId: string;
}

/** Timestamp of a first pull, as PROTOCOL §2 spells it. */
export const epochTimestamp = '1970-01-01T00:00:00.000Z';

/** Cursor kind that stores the time of the last full resync (NAM-07). No table may have this name. */
export const fullResyncKind = '__full_resync__';
