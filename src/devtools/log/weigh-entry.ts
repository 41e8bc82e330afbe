import type { LazyEntry, NewEntry } from './new-entry.ts';

/** What an entry without anything large takes, measured with real runs; bytes. */
const small = 400;
/** An operation of a request, with its ids. */
const perOperation = 250;

/** Estimates what an entry holds in memory, bytes. A lazy one is made from something small, by contract. */
export function weighEntry(entry: NewEntry | LazyEntry): number {
  if ('make' in entry) return small;
  switch (entry.type) {
    case 'transition':
      return small;
    case 'request':
      return small + (entry.operations ?? []).reduce((sum, { message = '' }) => sum + perOperation + 2 * message.length, 2 * (entry.error?.length ?? 0));
    case 'event':
      return small + 2 * JSON.stringify(entry.data).length;
    case 'command':
      return small + 2 * JSON.stringify([entry.input, entry.result ?? null, entry.error ?? '']).length;
  }
}
