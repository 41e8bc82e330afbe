import type { LogEntry } from '../protocol/log-entry.ts';

/** An entry before it has its number. */
export type NewEntry = LogEntry extends infer Entry ? (Entry extends LogEntry ? Omit<Entry, 'id'> : never) : never;

/**
 * Makes an entry when somebody reads it, and again when somebody else does: what nobody looks at costs next to nothing,
 * and what was looked at takes no more memory than before. It may hold small things only, no rows and no errors, and
 * gives the same each time.
 */
export interface LazyEntry {
  make(id: number): LogEntry;
}
