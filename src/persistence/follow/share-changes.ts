import type { DataSource } from 'typeorm';
import { changeFeedOf } from './change-feed.ts';
import { gateConnection } from '../gate/connection-gate.ts';

/** What is used of a `BroadcastChannel`, so that another means of telling tabs can take its place. */
export interface ChangeChannel {
  postMessage(message: unknown): void;
  addEventListener(type: 'message', listener: (event: { readonly data: unknown }) => void): void;
  removeEventListener(type: 'message', listener: (event: { readonly data: unknown }) => void): void;
}

interface ChangeMessage {
  readonly synchart: 'committed';
  readonly tables: readonly string[] | 'all';
}

const isChangeMessage = (data: unknown): data is ChangeMessage =>
  typeof data === 'object' && data !== null && 'synchart' in data && data.synchart === 'committed' && 'tables' in data;

/**
 * Tells other tabs of this database what is committed here, and live queries here what is committed there, through a
 * `BroadcastChannel` of the app's choice (one per database). For browsers, where `PRAGMA data_version` is not asked.
 * Returns the function that ends it; the channel stays the app's.
 */
export function shareChanges(dataSource: DataSource, channel: ChangeChannel): () => void {
  const feed = changeFeedOf(dataSource, gateConnection(dataSource));
  const stop = feed.subscribe(({ here }) => {
    // What was heard from somebody else is not passed on: two tabs would go on for ever.
    if (here === 'all' || here.size > 0)
      channel.postMessage({
        synchart: 'committed',
        tables: here === 'all' ? 'all' : [...here],
      } satisfies ChangeMessage);
  });
  const hear = ({ data }: { readonly data: unknown }): void => {
    if (isChangeMessage(data)) feed.tellElsewhere(data.tables === 'all' ? 'all' : new Set(data.tables));
  };
  channel.addEventListener('message', hear);
  return () => {
    stop();
    channel.removeEventListener('message', hear);
  };
}
