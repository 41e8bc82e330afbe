import type { SyncEvent } from '../../../model/events.ts';
import { isJsonObject } from '../../../model/values/json.ts';
import type { LazyEntry, NewEntry } from '../../log/new-entry.ts';
import type { Redactor } from '../../log/redact.ts';
import type { EventEntry } from '../../protocol/log-entry.ts';

/**
 * The entry of an announced event. Most are made when they are read: redacting what nobody looks at would cost more
 * than all the rest. What holds rows or errors is made at once, since it would keep them alive (I10).
 */
export const eventEntry = (event: SyncEvent, redact: Redactor): NewEntry | LazyEntry =>
  // First what is announced for every operation.
  event.type !== 'op.pushed' && holdsMuch(event) ? entryOf(event, redact, 0) : new UnreadEvent(event, redact);

const holdsMuch = (event: SyncEvent): boolean =>
  'conflict' in event || 'error' in event || 'givenUp' in event || 'operations' in event;

/** An object of two members: a closure would take three times the memory, and there can be 100,000. */
class UnreadEvent implements LazyEntry {
  readonly #event: SyncEvent;
  readonly #redact: Redactor;
  constructor(event: SyncEvent, redact: Redactor) {
    this.#event = event;
    this.#redact = redact;
  }
  make(id: number): EventEntry {
    return entryOf(this.#event, this.#redact, id);
  }
}

/** Members that an entry has beside its data. */
const stamp: ReadonlySet<string> = new Set(['type', 'at', 'runId']);

function entryOf(event: SyncEvent, redact: Redactor, id: number): EventEntry {
  const data = redact.without(event, stamp);
  const { kind, entityId, opId } = refsOf(event);
  return {
    type: 'event',
    id,
    at: event.at,
    name: event.type,
    data: isJsonObject(data) ? data : {},
    ...(kind === undefined ? {} : { kind }),
    ...(entityId === undefined ? {} : { entityId }),
    ...(opId === undefined ? {} : { opId }),
    ...(event.runId === undefined ? {} : { runId: event.runId }),
  };
}

/** What the event is about. */
function refsOf(event: SyncEvent): Pick<EventEntry, 'kind' | 'entityId' | 'opId'> {
  if ('opId' in event) return event;
  if ('conflict' in event) return event.conflict;
  if (event.type === 'row.quarantined') return { kind: event.kind, entityId: event.id };
  return 'kind' in event && event.kind !== undefined ? { kind: event.kind } : {};
}
