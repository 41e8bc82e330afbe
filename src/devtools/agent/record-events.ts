import type { SyncEvent } from '../../model/events.ts';
import { isJsonObject, type Json } from '../../model/json.ts';
import type { LazyEntry, NewEntry } from '../log/new-entry.ts';
import type { EventEntry } from '../protocol/log-entry.ts';

/**
 * The entry of an announced event. Most are made when they are read: redacting what nobody looks at would cost more than all the rest. What holds
 * rows or errors is made at once, since it would keep them alive (I10).
 */
export const eventEntry = (event: SyncEvent, redact: (value: unknown) => Json): NewEntry | LazyEntry => {
  const make = makerOf(event, redact);
  return holdsMuch(event) ? make() : make;
};

const holdsMuch = (event: SyncEvent): boolean => 'conflict' in event || 'error' in event || 'givenUp' in event || 'operations' in event;

const makerOf =
  (event: SyncEvent, redact: (value: unknown) => Json): LazyEntry =>
  () => {
    const { type, at, runId, ...rest } = event;
    const data = redact(rest);
    const refs = refsOf(event);
    return { type: 'event', at, name: type, data: isJsonObject(data) ? data : {}, ...refs, ...(runId === undefined ? {} : { runId }) };
  };

/** What the event is about. */
function refsOf(event: SyncEvent): Pick<EventEntry, 'kind' | 'entityId' | 'opId'> {
  if ('conflict' in event) {
    const { kind, entityId, opId } = event.conflict;
    return { kind, entityId, opId };
  }
  if ('opId' in event) return { kind: event.kind, entityId: event.entityId, opId: event.opId };
  if (event.type === 'row.quarantined') return { kind: event.kind, ...(event.id === undefined ? {} : { entityId: event.id }) };
  return 'kind' in event && event.kind !== undefined ? { kind: event.kind } : {};
}
