import type { LogEntry } from '../protocol/log-entry.ts';

/** An entry before it has its number. */
export type NewEntry = LogEntry extends infer Entry ? (Entry extends LogEntry ? Omit<Entry, 'id'> : never) : never;

/** Makes an entry when somebody reads it: what nobody looks at costs a closure. */
export type LazyEntry = () => NewEntry;

export interface InspectionLog {
  /** Keeps an entry; beyond the capacity the oldest ones go. A function is called at the first read only. */
  add(entry: NewEntry | LazyEntry): void;
  /** Entries after the one numbered `afterId`, oldest first, at most `limit` of them: the newest. Reading changes nothing. */
  read(options?: { readonly afterId?: number | undefined; readonly limit?: number | undefined }): readonly LogEntry[];
  clear(): void;
  /** Calls after each `add`, `clear` included; nothing is made for it. Returns the function that ends it. */
  subscribe(listener: () => void): () => void;
  /** How many are kept, and the number of the newest one; 0 before the first. */
  readonly size: number;
  readonly lastId: number;
}

/** Most entries that are kept: with the bound on one entry's size this stays below 50 MB. */
export const mostEntries = 100_000;

/**
 * Keeps what happened in a ring, so that memory is bounded however long an app runs (I10). Throws `RangeError` for a capacity outside of
 * 1 to {@link mostEntries}.
 */
export function createInspectionLog(capacity: number = mostEntries): InspectionLog {
  if (!(Number.isSafeInteger(capacity) && capacity >= 1 && capacity <= mostEntries))
    throw new RangeError(`the log's capacity must be a whole number from 1 to ${mostEntries}, got ${String(capacity)}`);
  const listeners = new Set<() => void>();
  // Grows up to the capacity: a quiet engine's log takes no room.
  let ring: (NewEntry | LazyEntry)[] = [];
  let lastId = 0;
  let firstId = 1;
  /** Number of the entry before the ring's first place. */
  let offset = 0;

  const tell = (): void => {
    for (const listener of listeners) listener();
  };
  const at = (id: number): LogEntry => {
    const index = (id - 1 - offset) % capacity;
    const kept = ring[index];
    const entry = typeof kept === 'function' ? kept() : kept;
    if (entry === undefined) throw new RangeError(`entry ${id} is not kept`);
    // Made once: what is read again is the same.
    if (typeof kept === 'function') ring[index] = entry;
    return { ...entry, id };
  };

  return {
    add: (entry) => {
      lastId += 1;
      ring[(lastId - 1 - offset) % capacity] = entry;
      if (lastId - firstId >= capacity) firstId = lastId - capacity + 1;
      tell();
    },
    read: ({ afterId = 0, limit = capacity } = {}) => {
      const from = Math.max(firstId, Math.trunc(afterId) + 1, lastId - Math.max(0, Math.trunc(limit)) + 1);
      const entries: LogEntry[] = [];
      for (let id = from; id <= lastId; id += 1) entries.push(at(id));
      return entries;
    },
    clear: () => {
      ring = new Array<NewEntry | LazyEntry>();
      // Numbers go on, so that nobody takes a new entry for one that was read.
      offset = lastId;
      firstId = lastId + 1;
      tell();
    },
    subscribe: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    get size() {
      return lastId - firstId + 1;
    },
    get lastId() {
      return lastId;
    },
  };
}
