import type { LogEntry } from '../../protocol/log-entry.ts';
import type { OperationView } from '../../protocol/messages.ts';
import { createLogPlace, placeOf } from './growing-log.ts';
import { historyOf, type HistoryStep } from './operation-history.ts';

/** What happened to one operation, from the outbox, as far as it is there, and the log. */
export interface HistoryReader {
  (known: OperationView | undefined, entries: readonly LogEntry[]): readonly HistoryStep[];
}

interface RecordRef {
  readonly kind: string;
  readonly entityId: string;
}

/**
 * Tells the history of an operation from a growing log, reading only what is new: what has to do with the operation or
 * its record is kept aside, and is little. The answer is that of {@link historyOf} for the whole log. One per
 * operation.
 */
export function createHistoryReader(opId: string): HistoryReader {
  const place = createLogPlace();
  let record: RecordRef | undefined;
  /** Entries that may say something, oldest first. */
  let kept: LogEntry[] = [];

  const isOf = ({
    kind,
    entityId,
  }: {
    readonly kind?: string | undefined;
    readonly entityId?: string | undefined;
  }): boolean => record !== undefined && kind === record.kind && entityId === record.entityId;
  const concerns = (entry: LogEntry): boolean => {
    switch (entry.type) {
      case 'request':
        return entry.operations?.some((operation) => operation.opId === opId || isOf(operation)) === true;
      case 'event':
        return entry.opId === opId || isOf(entry);
      case 'command':
        return (
          entry.input['opId'] === opId || (Array.isArray(entry.input['opIds']) && entry.input['opIds'].includes(opId))
        );
      case 'transition':
        return false;
    }
  };

  return (known, entries) => {
    const { isAnew, from, oldestId } = place(entries);
    const before = record;
    record ??= known ?? recordIn(opId, entries, from);
    // Once its record is known, what was passed over may belong to it.
    const start = isAnew || before !== record ? 0 : from;
    if (start === 0) kept = [];
    else kept.splice(0, placeOf(kept, oldestId));
    for (let index = start; index < entries.length; index += 1) {
      const entry = entries[index];
      if (entry !== undefined && concerns(entry)) kept.push(entry);
    }
    return historyOf(known ?? { opId }, kept);
  };
}

function recordIn(opId: string, entries: readonly LogEntry[], from: number): RecordRef | undefined {
  for (let index = from; index < entries.length; index += 1) {
    const entry = entries[index];
    if (entry?.type === 'event' && entry.opId === opId && entry.kind !== undefined && entry.entityId !== undefined)
      return { kind: entry.kind, entityId: entry.entityId };
  }
  return undefined;
}
