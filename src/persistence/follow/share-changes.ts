import type { DataSource } from 'typeorm';
import { changeFeedOf } from './change-feed.ts';
import { gateConnection } from '../gate/connection-gate.ts';

/** The used part of a `BroadcastChannel`, so that another channel between tabs can replace it. */
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
 * Reports local commits to other tabs of this database, and their commits to live queries here, through a
 * `BroadcastChannel` of the app (one per database). For browsers, where `PRAGMA data_version` is not polled. Returns a
 * function that ends it; the channel remains the app's.
 */
export function shareChanges(dataSource: DataSource, channel: ChangeChannel): () => void {
  const feed = changeFeedOf(dataSource, gateConnection(dataSource));
  const stop = feed.subscribe(({ here }) => {
    // Does not forward reports of other tabs, otherwise two tabs would loop forever.
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
