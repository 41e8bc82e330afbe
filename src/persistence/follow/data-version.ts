import type { DataSource } from 'typeorm';
import type { Clock } from '../../model/platform/clock.ts';
import { timeOrNever } from '../../model/options/bounds.ts';
import { byDefault } from '../../model/options/option-list.ts';
import { profileOf } from '../drivers/profile-of.ts';
import type { ChangeFeed } from './change-feed.ts';
import type { ConnectionGate } from '../gate/connection-gate.ts';

/** How often the database is asked whether somebody else has committed. */
export const pollOption = byDefault(1_000, timeOrNever(0));

interface Poll {
  readonly intervals: Map<symbol, number>;
  timer: unknown;
  /** Undefined until the first answer. */
  version: string | undefined;
}

const polls = new WeakMap<DataSource, Map<Clock, Poll>>();

/** Whether no connection can commit without telling of it: nobody has to ask. */
export const hearsAllCommits = (dataSource: DataSource): boolean =>
  profileOf(dataSource)?.versionSql(dataSource.options.database) === undefined;

/**
 * Asks every `intervalMs` whether another connection has committed, and tells the feed. One timer for all who ask, at
 * the shortest of their intervals, and none when nobody does. Returns the function that ends it. Commits of this
 * connection do not count in SQLite.
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
        // A database that cannot answer now is asked again; whoever reads from it hears of the reason.
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
