import type { DataSource } from 'typeorm';
import { tablesOf } from '../sql/cascades.ts';
import type { ConnectionGate } from '../gate/connection-gate.ts';
import type { WritesElsewhere } from '../drivers/driver-profile.ts';
import { readyDriverOf } from '../drivers/profile-of.ts';
import { Writes, type Tables } from '../sql/written-tables.ts';
import { afterThisCall } from '../../model/platform/after-this-call.ts';

/** What commits may have changed; the commits of one turn of the event loop are combined. */
export interface Change {
  /** This process added an operation to the outbox. */
  readonly enqueued: boolean;
  readonly tables: Tables;
  /**
   * The part committed on this connection. The rest comes from other connections, processes or tabs, and may exceed the
   * real changes.
   */
  readonly here: Tables;
}

/**
 * Reports each commit on this connection. All engines, writers and repositories of a data source share one feed (F-11).
 */
export interface ChangeFeed {
  /**
   * Calls `listener` outside any transaction. With `tables` (SQL names), only for commits that may have changed one of
   * them.
   */
  subscribe(listener: (change: Change) => void, tables?: readonly string[]): () => void;
  /** The number of the last local commit that may have changed one of these tables (SQL names); 0: none yet. */
  lastCommitOf(tables: readonly string[]): number;
  /**
   * Rises with each commit, here or elsewhere, that may have changed or removed rows of this table (SQL name). While it
   * is constant, rows were only added. Commits elsewhere count once they are reported.
   */
  rewritesOf(table: string): number;
  /** Reports that another connection has committed to the same database. */
  tellElsewhere(tables: Tables): void;
}

interface Listener {
  readonly call: (change: Change) => void;
  readonly tables: readonly string[] | undefined;
}

/** The current connection of a database that has a single one. */
const connectionOf = ({ driver }: DataSource): unknown => Reflect.get(driver, 'databaseConnection');

const feeds = new WeakMap<DataSource, ChangeFeed>();
const lowerCase = (tables: readonly string[]): readonly string[] => tables.map((table) => table.toLowerCase());
const concerns = (tables: Tables, wanted: readonly string[] | undefined): boolean =>
  wanted === undefined || tables === 'all' || wanted.some((table) => tables.has(table));

function united(all: Set<string> | 'all', more: Tables): Set<string> | 'all' {
  if (all === 'all' || more === 'all') return 'all';
  for (const table of more) all.add(table);
  return all;
}

/** The changes reported since the last turn. */
class Told {
  enqueued = false;
  #here: Set<string> | 'all' = new Set();
  #elsewhere: Set<string> | 'all' = new Set();

  add(tables: Tables): void {
    this.#here = united(this.#here, tables);
  }

  addElsewhere(tables: Tables): void {
    this.#elsewhere = united(this.#elsewhere, tables);
  }

  get change(): Change {
    const tables = this.#elsewhere === 'all' ? this.#elsewhere : united(new Set(this.#elsewhere), this.#here);
    return { enqueued: this.enqueued, tables, here: this.#here };
  }
}

function toWrites({ tables, removed, updated, isAll }: WritesElsewhere): Writes {
  const writes = new Writes();
  for (const table of tables) writes.tables.add(table);
  for (const table of removed) writes.removed.add(table);
  for (const table of updated) writes.updated.add(table);
  writes.isAll = isAll;
  return writes;
}

export function changeFeedOf(dataSource: DataSource, gate: ConnectionGate): ChangeFeed {
  const existing = feeds.get(dataSource);
  if (existing !== undefined) return existing;
  const listeners = new Set<Listener>();
  const lastCommits = new Map<string, number>();
  let lastOfAll = 0;
  let told: Told | undefined;
  const rewrites = new Map<string, number>();
  let rewritesOfAll = 0;
  let connection = connectionOf(dataSource);

  const noteRewritten = (tables: Tables): void => {
    if (tables === 'all') rewritesOfAll += 1;
    else for (const table of tables) rewrites.set(table, (rewrites.get(table) ?? 0) + 1);
  };
  /** Cascades remove and change rows, too. */
  const noteWrites = (writes: Writes, tables: Tables): void => {
    const isOnlyAdded = (table: string): boolean =>
      writes.tables.has(table) && !writes.removed.has(table) && !writes.updated.has(table);
    noteRewritten(tables === 'all' ? tables : new Set([...tables].filter((table) => !isOnlyAdded(table))));
  };

  const tell = (): Told => {
    if (told !== undefined) return told;
    told = new Told();
    // One call for a burst of commits, and never within the flow of the committing transaction.
    afterThisCall(() => {
      const change = told?.change;
      told = undefined;
      if (change === undefined) return;
      for (const { call, tables } of [...listeners])
        if (concerns(change.tables, tables)) gate.detached(() => call(change));
    });
    return told;
  };

  gate.onCommit(({ number, writes }) => {
    const tables = tablesOf(dataSource, writes);
    if (tables === 'all') lastOfAll = number;
    else for (const table of tables) lastCommits.set(table, number);
    noteWrites(writes, tables);
    if (listeners.size === 0) return;
    const news = tell();
    news.add(tables);
    news.enqueued ||= writes.enqueued;
  });
  const feed: ChangeFeed = {
    subscribe: (call, tables) => {
      const listener: Listener = { call, tables: tables && lowerCase(tables) };
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    lastCommitOf: (tables) => Math.max(lastOfAll, ...lowerCase(tables).map((table) => lastCommits.get(table) ?? 0)),
    rewritesOf: (table) => {
      // Another connection may belong to another file.
      const current = connectionOf(dataSource);
      if (current !== connection) rewritesOfAll += 1;
      connection = current;
      return rewritesOfAll + (rewrites.get(table.toLowerCase()) ?? 0);
    },
    tellElsewhere: (tables) => {
      noteRewritten(tables);
      tellListeners(tables);
    },
  };
  const tellListeners = (tables: Tables): void => {
    if (listeners.size > 0) tell().addElsewhere(tables);
  };
  readyDriverOf(dataSource)?.onCommitElsewhere?.((given) => {
    if (given === undefined) {
      feed.tellElsewhere('all');
      return;
    }
    const writes = toWrites(given);
    const tables = tablesOf(dataSource, writes);
    noteWrites(writes, tables);
    tellListeners(tables);
  });
  feeds.set(dataSource, feed);
  return feed;
}
