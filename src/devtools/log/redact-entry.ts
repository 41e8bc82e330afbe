import { isJsonObject, type Json } from '../../model/values/json.ts';
import type { LogEntry } from '../protocol/log-entry.ts';

/**
 * A log entry as it may leave the process. The operations of a request stay as many as they are: a redacted list would
 * be cut short.
 */
export function redactEntry(entry: LogEntry, redact: (value: unknown) => Json): Json {
  if (entry.type !== 'request' || entry.operations === undefined) return redact(entry);
  const { operations, ...rest } = entry;
  const shown = redact(rest);
  return isJsonObject(shown) ? { ...shown, operations: operations.map(redact) } : shown;
}
