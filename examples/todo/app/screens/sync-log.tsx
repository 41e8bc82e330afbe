import { useSyncExternalStore, type ReactNode } from 'react';
import type { SyncEvent } from 'synchart';
import { useDeviceHere } from '../data/device-context.ts';

/** The last events of the engine, newest first. */
export function SyncLog(): ReactNode {
  const { log, name } = useDeviceHere();
  const events = useSyncExternalStore(log.subscribe, log.getSnapshot);
  return (
    <aside className="log" aria-label={`Sync log of the ${name}`}>
      <h3>Sync log</h3>
      {events.length === 0 && <p className="empty">Nothing yet. The engine asks the server every few seconds.</p>}
      <ol>
        {events.map((event, index) => (
          <li key={events.length - index}>
            <time>{new Date(event.at).toLocaleTimeString()}</time> <code>{event.type}</code> {detailOf(event)}
          </li>
        ))}
      </ol>
    </aside>
  );
}

function detailOf(event: SyncEvent): string {
  const parts: string[] = [];
  if ('kind' in event && typeof event.kind === 'string') parts.push(event.kind);
  if ('entityId' in event && typeof event.entityId === 'string') parts.push(event.entityId);
  if ('stats' in event && event.stats !== undefined)
    parts.push(`${event.stats.pushed} sent, ${event.stats.pulled} received`);
  if ('errorInfo' in event && event.errorInfo !== undefined) parts.push(event.errorInfo.message);
  return parts.join(' · ');
}
