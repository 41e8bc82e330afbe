import type { Bundle } from '../../devtools/protocol/bundle.ts';
import type { LogEntry } from '../../devtools/protocol/log-entry.ts';
import { count } from './wording.ts';

export interface RecordedSpan {
  readonly entries: readonly LogEntry[];
  /** Epoch ms. */
  readonly startAt: number;
  /** Explains that the beginning is missing. */
  readonly isCut: string | undefined;
}

/**
 * The part of a log that can be replayed: all of it or, if its oldest entries are gone, from the first complete run.
 */
export function recordedSpan({ at, entries, operations }: Bundle): RecordedSpan {
  const [first] = entries;
  if (first === undefined) {
    const since = Math.min(at, ...operations.items.map(({ lastTriedAt = at }) => lastTriedAt));
    return {
      entries,
      startAt: since === at ? at : at - 1,
      isCut: 'The log is empty: nothing can be compared, only what comes of the outbox as it was saved.',
    };
  }
  if (first.id === 1) return { entries, startAt: startOf(entries), isCut: undefined };
  const from = entries.findIndex((entry) => entry.type === 'transition' && entry.actions.includes('beginRun'));
  const whole = from === -1 ? [] : entries.slice(from);
  const missing = count(first.id - 1, 'older entry').replace('entrys', 'entries');
  return {
    entries: whole,
    startAt: whole.length === 0 ? at : startOf(whole),
    isCut:
      whole.length === 0
        ? `The log was cut off (${missing} gone), and no run in it is whole: nothing can be compared, only what comes of the outbox as it was saved.`
        : `The log was cut off (${missing} gone): the re-run begins with the first run that is whole, at entry ${whole[0]?.id ?? 0}.`,
  };
}

const startOf = (entries: readonly LogEntry[]): number =>
  entries.reduce(
    (earliest, entry) => Math.min(earliest, entry.type === 'request' ? entry.startedAt : entry.at),
    Infinity,
  );
