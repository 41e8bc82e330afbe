import type { LogEntry } from '../../protocol/log-entry.ts';

/** Where to read on in a log that grows at its end and loses its oldest entries. */
export interface ReadOn {
  /** It is another log, or the first look: what was made of the one before is worth nothing. */
  readonly isAnew: boolean;
  /** Place of the first entry that was not read yet. */
  readonly from: number;
  /** Number of the oldest entry that is there; 0 without any. */
  readonly oldestId: number;
}

/** Remembers how far a log was read. One per reader. */
export function createLogPlace(): (entries: readonly LogEntry[]) => ReadOn {
  let last: LogEntry | undefined;
  return (entries) => {
    const place = last === undefined ? -1 : placeOf(entries, last.id);
    const isAnew = last === undefined || entries[place] !== last;
    last = entries.at(-1);
    return { isAnew, from: isAnew ? 0 : place + 1, oldestId: entries[0]?.id ?? 0 };
  };
}

/** Place of the first entry with at least this number; the length of the list when there is none. */
export function placeOf(entries: readonly LogEntry[], id: number): number {
  let low = 0;
  let high = entries.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((entries[middle]?.id ?? Infinity) < id) low = middle + 1;
    else high = middle;
  }
  return low;
}
