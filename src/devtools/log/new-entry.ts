import type { LogEntry } from '../protocol/log-entry.ts';

/** An entry before it has its number. */
export type NewEntry = LogEntry extends infer Entry ? (Entry extends LogEntry ? Omit<Entry, 'id'> : never) : never;

/** Makes an entry when somebody reads it: what nobody looks at costs a closure. It may hold small things only, no rows and no errors. */
export type LazyEntry = () => NewEntry;
