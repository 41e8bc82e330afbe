import type { DataSource } from 'typeorm';
import type { Clock } from '../../model/platform/clock.ts';
import { timeOrNever } from '../../model/options/bounds.ts';
import { byDefault } from '../../model/options/option-list.ts';
import { profileOf } from '../drivers/profile-of.ts';
import type { ChangeFeed } from './change-feed.ts';
import type { ConnectionGate } from '../gate/connection-gate.ts';

/** Interval in ms of the check for commits of other connections. */
export const pollOption = byDefault(1_000, timeOrNever(0));

interface Poll {
  readonly intervals: Map<symbol, number>;
  timer: unknown;
  /** Undefined until the first result. */
  version: string | undefined;
}

const polls = new WeakMap<DataSource, Map<Clock, Poll>>();

/** Whether every commit of other connections is reported, so that no polling is needed. */
export const hearsAllCommits = (dataSource: DataSource): boolean =>
  profileOf(dataSource)?.versionSql(dataSource.options.database) === undefined;

/**
 * Polls every `intervalMs` for commits of other connections, and reports them to the feed. All callers share one timer
 * at the shortest of their intervals. Returns a function that ends the polling. In SQLite, commits of this connection
 * do not count.
 */
export function pollElsewhere(parts: {
  readonly dataSource: DataSource;
  readonly gate: ConnectionGate;
  readonly feed: ChangeFeed;
  readonly clock: Clock;
  readonly intervalMs: number;
}): () => void {
  const { dataSource, gate, feed, clock, intervalMs } = parts;
  const sql = profileOf(dataSource)?.versionSql(dataSource.options.database);
  if (sql === undefined || !(intervalMs > 0) || !Number.isFinite(intervalMs)) return () => undefined;
  const byClock = polls.get(dataSource) ?? new Map<Clock, Poll>();
  polls.set(dataSource, byClock);
  const poll: Poll = byClock.get(clock) ?? { intervals: new Map(), timer: undefined, version: undefined };
  byClock.set(clock, poll);

  const ask = async (): Promise<void> => {
    const [row] = (await gate.read((runner) => runner.query(sql))) as readonly object[];
    const version = String(row === undefined ? undefined : Object.values(row)[0]);
    if (poll.version !== undefined && version !== poll.version) feed.tellElsewhere('all');
    poll.version = version;
  };
  const isOver = (): boolean => poll.intervals.size === 0 || !dataSource.isInitialized;
  const again = (): void => {
    if (isOver()) return;
    poll.timer = clock.setTimeout(
      () => {
        // A database that cannot answer is polled again; readers get the reason themselves.
        void ask().then(again, again);
      },
      Math.min(...poll.intervals.values()),
    );
  };

  const me = Symbol('subscriber');
  const isFirst = poll.intervals.size === 0;
  const isShorter = Math.min(Infinity, ...poll.intervals.values()) > intervalMs;
  poll.intervals.set(me, intervalMs);
  if (isFirst) void gate.detached(() => ask().then(again, again));
  else if (isShorter && poll.timer !== undefined) {
    clock.clearTimeout(poll.timer);
    again();
  }
  return () => {
    poll.intervals.delete(me);
    if (poll.intervals.size > 0) return;
    if (poll.timer !== undefined) clock.clearTimeout(poll.timer);
    byClock.delete(clock);
  };
}
