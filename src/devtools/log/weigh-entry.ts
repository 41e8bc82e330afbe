import type { Json } from '../../model/values/json.ts';
import type { LazyEntry, NewEntry } from './new-entry.ts';

/** What an entry without anything large takes, measured with real runs; bytes. */
const small = 400;
/** What a lazy entry is made from, with its ids. */
const unread = 320;
/** An operation of a request, with its ids and times. */
const perOperation = 380;
/** A value of its own, and a character: texts may hold any. */
const perValue = 16;
const perCharacter = 2;

/** Estimates what an entry holds in memory, bytes. A lazy one is made from something small, by contract. */
export function weighEntry(entry: NewEntry | LazyEntry): number {
  if ('make' in entry) return unread;
  switch (entry.type) {
    case 'transition':
      return small;
    case 'request':
      return (
        small +
        (entry.operations ?? []).reduce(
          (sum, { message = '' }) => sum + perOperation + perCharacter * message.length,
          sizeOf(entry.error ?? ''),
        )
      );
    case 'event':
      return small + sizeOf(entry.data);
    case 'command':
      return small + sizeOf(entry.input) + sizeOf(entry.result ?? null) + sizeOf(entry.error ?? '');
  }
}

/** Without writing it out, which would take longer than all the rest. */
function sizeOf(value: Json): number {
  if (typeof value === 'string') return perValue + perCharacter * value.length;
  if (typeof value !== 'object' || value === null) return perValue;
  let size = perValue;
  if (Array.isArray(value)) for (const item of value) size += sizeOf(item as Json);
  else for (const item of Object.values(value)) size += perValue + (item === undefined ? 0 : sizeOf(item));
  return size;
}
