import type { LogEntry } from '../protocol/log-entry.ts';
import type { LazyEntry, NewEntry } from './new-entry.ts';
import { weighEntry } from './weigh-entry.ts';

export interface InspectionLog {
  /** Keeps an entry; beyond the capacity or the memory, the oldest ones go. */
  add(entry: NewEntry | LazyEntry): void;
  /**
   * Entries after the one numbered `afterId`, oldest first, at most `limit` of them: the newest, or the oldest with
   * `from`. Reading changes nothing.
   */
  read(options?: ReadOptions): readonly LogEntry[];
  clear(): void;
  /** Calls after each `add`, `clear` included; nothing is made for it. Returns the function that ends it. */
  subscribe(listener: () => void): () => void;
  /** How many are kept, and the number of the newest one; 0 before the first. */
  readonly size: number;
  readonly lastId: number;
}

export interface ReadOptions {
  readonly afterId?: number | undefined;
  readonly limit?: number | undefined;
  /** Which entries a limit leaves; default `newest`. */
  readonly from?: 'newest' | 'oldest' | undefined;
}

/** Most entries that are kept. */
export const mostEntries = 100_000;
/**
 * Most memory that entries take, as estimated: 100,000 of the usual size fit, large conflicts push out what is older.
 */
const mostBytes = 40_000_000;

/**
 * Keeps what happened in a ring, so that memory is bounded however long an app runs (I10). Throws `RangeError` for a
 * capacity outside of 1 to {@link mostEntries}.
 */
export function createInspectionLog(capacity: number = mostEntries): InspectionLog {
  if (!(Number.isSafeInteger(capacity) && capacity >= 1 && capacity <= mostEntries))
    throw new RangeError(`the log's capacity must be a whole number from 1 to ${mostEntries}, got ${String(capacity)}`);
  const listeners = new Set<() => void>();
  // Grows up to the capacity: a quiet engine's log takes no room.
  let ring: (NewEntry | LazyEntry | undefined)[] = [];
  let weights: number[] = [];
  let bytes = 0;
  let lastId = 0;
  let firstId = 1;
  /** Number of the entry before the ring's first place. */
  let offset = 0;

  const tell = (): void => {
    // Nobody listens for most of an engine's life.
    if (listeners.size > 0) for (const listener of listeners) listener();
  };
  const placeOf = (id: number): number => (id - 1 - offset) % capacity;
  const dropOldest = (): void => {
    const place = placeOf(firstId);
    bytes -= weights[place] ?? 0;
    ring[place] = undefined;
    firstId += 1;
  };
  const at = (id: number): LogEntry => {
    const kept = ring[placeOf(id)];
    if (kept === undefined) throw new RangeError(`entry ${id} is not kept`);
    return 'make' in kept ? kept.make(id) : { ...kept, id };
  };

  return {
    add: (entry) => {
      lastId += 1;
      if (lastId - firstId >= capacity) dropOldest();
      const place = placeOf(lastId);
      const weight = weighEntry(entry);
      ring[place] = entry;
      weights[place] = weight;
      bytes += weight;
      while (bytes > mostBytes && firstId < lastId) dropOldest();
      tell();
    },
    read: ({ afterId = 0, limit = capacity, from = 'newest' } = {}) => {
      const most = Math.max(0, Math.trunc(limit));
      const after = Math.max(firstId, Math.trunc(afterId) + 1);
      const begin = from === 'newest' ? Math.max(after, lastId - most + 1) : after;
      const end = Math.min(lastId, begin + most - 1);
      const entries: LogEntry[] = [];
      for (let id = begin; id <= end; id += 1) entries.push(at(id));
      return entries;
    },
    clear: () => {
      ring = [];
      weights = [];
      bytes = 0;
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
