import type { DataSource } from 'typeorm';
import type { ConnectionGate } from './connection-gate.ts';

/** What a commit may have changed. `enqueued`: an operation was added to the outbox. */
export interface Change {
  readonly enqueued: boolean;
}

/** Tells after each commit on this connection; one for all engines, writers and repositories of a data source (F-11). */
export interface ChangeFeed {
  subscribe(listener: (change: Change) => void): () => void;
  /** Called inside a transaction that queues an operation; told when something commits. */
  noteEnqueued(): void;
}

const feeds = new WeakMap<DataSource, ChangeFeed>();

export function changeFeedOf(dataSource: DataSource, gate: ConnectionGate): ChangeFeed {
  const existing = feeds.get(dataSource);
  if (existing) return existing;
  const listeners = new Set<(change: Change) => void>();
  let enqueued = false;
  let scheduled = false;
  const feed: ChangeFeed = {
    noteEnqueued: () => {
      enqueued = true;
    },
    subscribe: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
  gate.onCommit(() => {
    if (scheduled || listeners.size === 0) return;
    scheduled = true;
    // One call for a burst of commits, and never inside the committing transaction's own flow.
    queueMicrotask(() => {
      scheduled = false;
      const change = { enqueued };
      enqueued = false;
      for (const listener of [...listeners]) gate.detached(() => listener(change));
    });
  });
  feeds.set(dataSource, feed);
  return feed;
}
