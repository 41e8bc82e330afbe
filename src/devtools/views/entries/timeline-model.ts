import type { LogEntry, LogEntryType } from '../../protocol/log-entry.ts';
import { describeEntry } from './describe-entry.ts';
import { placeOf } from './growing-log.ts';
import { createRunSpans, type RunSpan } from './run-spans.ts';

/** Absent members match everything. `text` is looked for in what a line says and in the ids. */
export interface TimelineFilter {
  readonly type?: LogEntryType | undefined;
  readonly kind?: string | undefined;
  readonly runId?: number | undefined;
  /** The beginning of an entity's id. */
  readonly entity?: string | undefined;
  readonly text?: string | undefined;
}

export interface Timeline {
  /** Entries that fit, oldest first. Grows in place. */
  readonly shown: readonly LogEntry[];
  readonly runs: readonly RunSpan[];
  /** How many were read, fitting or not. */
  readonly total: number;
  /** Number of the newest one read; 0 before the first. */
  readonly lastId: number;
  /** More is there than was read at a time: call again, soon. */
  readonly hasMore: boolean;
}

/** Most entries that are read at a time, so that no frame is late; looking for a text takes the longest. */
const mostAtOnce = { plain: 25_000, text: 4_000 } as const;

/**
 * Reads a growing log: each call looks only at what is new since the one before, unless the filter changed or the log
 * is another one, and at most at so many entries. What went from the log goes from the list, too. One reader per view.
 */
export function createTimelineReader(
  atOnce: { readonly plain: number; readonly text: number } = mostAtOnce,
): (entries: readonly LogEntry[], filter: TimelineFilter, upTo?: number) => Timeline {
  let shown: LogEntry[] = [];
  let spans = createRunSpans();
  let filterText = '';
  let firstId = 0;
  let last: LogEntry | undefined;

  const begin = (): void => {
    shown = [];
    spans = createRunSpans();
    last = undefined;
  };
  /** The oldest entries went: the log is bounded. */
  const drop = (id: number): void => {
    shown.splice(0, placeOf(shown, id));
    spans.dropBefore(id);
  };

  return (entries, filter, upTo = Infinity) => {
    const text = JSON.stringify(filter);
    const place = last === undefined ? -1 : placeOf(entries, last.id);
    if (text !== filterText || (last !== undefined && entries[place] !== last)) begin();
    filterText = text;
    const oldest = entries[0]?.id ?? 0;
    if (oldest > firstId) drop(oldest);
    firstId = oldest;
    const fits = matcher(filter);
    let next = last === undefined ? 0 : place + 1;
    const end = Math.min(entries.length, next + (filter.text === undefined ? atOnce.plain : atOnce.text));
    for (let entry = entries[next]; next < end && entry !== undefined && entry.id <= upTo; entry = entries[next]) {
      spans.add(entry);
      if (fits(entry)) shown.push(entry);
      last = entry;
      next += 1;
    }
    const following = entries[next];
    return {
      shown,
      runs: spans.list,
      total: next,
      lastId: last?.id ?? 0,
      hasMore: following !== undefined && following.id <= upTo,
    };
  };
}

function matcher({ type, kind, runId, entity, text = '' }: TimelineFilter): (entry: LogEntry) => boolean {
  const wanted = text.trim().toLowerCase();
  return (entry) =>
    (type === undefined || entry.type === type) &&
    (kind === undefined || kindsOf(entry).includes(kind)) &&
    (runId === undefined || ('runId' in entry && entry.runId === runId)) &&
    (entity === undefined || entitiesOf(entry).some((id) => id.startsWith(entity))) &&
    (wanted === '' || wordsOf(entry).some((word) => word.toLowerCase().includes(wanted)));
}

const kindsOf = (entry: LogEntry): readonly string[] => {
  const own = 'kind' in entry && entry.kind !== undefined ? [entry.kind] : [];
  return entry.type === 'request' ? [...own, ...(entry.operations ?? []).map(({ kind }) => kind)] : own;
};

/** Records that an entry is about, by their ids. */
export const entitiesOf = (entry: LogEntry): readonly string[] => {
  const own = 'entityId' in entry && entry.entityId !== undefined ? [entry.entityId] : [];
  return entry.type === 'request' ? [...own, ...(entry.operations ?? []).map(({ entityId }) => entityId)] : own;
};

function wordsOf(entry: LogEntry): readonly string[] {
  const { title, detail } = describeEntry(entry);
  const ids = entry.type === 'event' ? [entry.opId ?? '', entry.entityId ?? ''] : [];
  const operations =
    entry.type === 'request'
      ? (entry.operations ?? []).flatMap(({ opId, entityId, requestId }) => [opId, entityId, requestId ?? ''])
      : [];
  return [title, detail, ...ids, ...operations];
}

/** Operations that an entry is about. */
export const operationsOf = (entry: LogEntry): readonly string[] => {
  if (entry.type === 'event') return entry.opId === undefined ? [] : [entry.opId];
  if (entry.type === 'request') return (entry.operations ?? []).map(({ opId }) => opId);
  if (entry.type !== 'command') return [];
  const { opId, opIds } = entry.input;
  return [opId, ...(Array.isArray(opIds) ? opIds : [])].filter((id) => typeof id === 'string');
};
