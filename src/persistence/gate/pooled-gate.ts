import type { DataSource, QueryRunner } from 'typeorm';
import type { Clock } from '../../model/platform/clock.ts';
import { whileBusy } from '../drivers/busy-database.ts';
import type { DriverProfile } from '../drivers/driver-profile.ts';
import type { Commit, ConnectionGate, Observed } from './gate-port.ts';
import { controlWordOf } from '../sql/control-word.ts';
import { replaceQuery, replaceQueryRunners } from '../typeorm/query-runners.ts';
import { observing } from './observing.ts';
import { takeTurn } from './postgres-turn.ts';
import { createAsyncContext } from './transaction-context.ts';
import { Writes } from '../sql/written-tables.ts';

interface ReadingScope {
  note?(commits: number): void;
}
type Query = QueryRunner['query'];

export interface PooledGateOptions {
  readonly profile: DriverProfile;
  readonly clock: Clock;
  /** Total time in ms that a transaction waits for its turn and for locks, including retries. */
  readonly busyTimeoutMs: number;
}

/**
 * The gate for databases with a connection pool, such as PostgreSQL. Each transaction has its own connection, and ours
 * take turns. Observes every query runner, so that commits of the app are reported as well.
 */
export function createPooledGate(
  dataSource: DataSource,
  { profile, clock, busyTimeoutMs }: PooledGateOptions,
): ConnectionGate {
  const listeners = new Set<(commit: Commit) => void>();
  const context = createAsyncContext<ReadingScope>();
  let commits = 0;
  let waiting = 0;

  const announce = (writes: Writes): void => {
    if (writes.isEmpty) return;
    commits += 1;
    const commit: Commit = { number: commits, writes };
    for (const listener of listeners) {
      try {
        context.run(undefined, () => listener(commit));
      } catch (error) {
        dataSource.logger.log('warn', `A commit listener failed: ${String(error)}`);
      }
    }
  };

  const listenTo = (queryRunner: QueryRunner): void => {
    const query: Query = queryRunner.query.bind(queryRunner);
    let open: Writes | undefined;
    const listening = async (sql: string, ...rest: readonly unknown[]): Promise<unknown> => {
      const word = controlWordOf(sql, 'postgres');
      const isBegin = word === 'begin';
      const isEnd = word === 'commit' || word === 'rollback';
      const send = (): Promise<unknown> => Reflect.apply(query, queryRunner, [sql, ...rest]) as Promise<unknown>;
      if (!isBegin && !isEnd) {
        context.current()?.note?.(commits);
        open?.note(sql);
        const result = await send();
        if (open === undefined) announce(Writes.of(sql, 'postgres'));
        return result;
      }
      const ended = isBegin ? undefined : open;
      if (!isBegin) open = undefined;
      const result = await send();
      if (isBegin) open = new Writes('postgres');
      else if (ended !== undefined && word === 'commit') announce(ended);
      return result;
    };
    replaceQuery(queryRunner, listening);
  };
  replaceQueryRunners(dataSource.driver, (create) => {
    const queryRunner = create();
    listenTo(queryRunner);
    return queryRunner;
  });

  const withRunner = async <T>(work: (queryRunner: QueryRunner) => Promise<T>): Promise<T> => {
    const queryRunner = dataSource.createQueryRunner();
    try {
      return await work(queryRunner);
    } finally {
      await queryRunner.release();
    }
  };

  const whileWaiting = async (wait: () => Promise<void>): Promise<void> => {
    waiting += 1;
    try {
      await wait();
    } finally {
      waiting -= 1;
    }
  };
  const attempt = <T>(work: (queryRunner: QueryRunner) => Promise<T>, waitMs: number): Promise<T> =>
    withRunner(async (queryRunner) => {
      // Overrides the database's default: a snapshot from before our turn would miss commits of others.
      await queryRunner.startTransaction('READ COMMITTED');
      try {
        await whileWaiting(() => takeTurn(queryRunner, waitMs));
        const done = await work(queryRunner);
        await queryRunner.commitTransaction();
        return done;
      } catch (error) {
        // Reports the first error. The pool discards a connection that cannot roll back.
        if (queryRunner.isTransactionActive)
          await queryRunner
            .rollbackTransaction()
            .catch((failure: unknown) => dataSource.logger.log('warn', `ROLLBACK failed: ${String(failure)}`));
        throw error;
      }
    });
  /** Repeats a transaction that PostgreSQL rolled back in favour of others; nothing of it is stored. */
  const transaction = <T>(work: (queryRunner: QueryRunner) => Promise<T>): Promise<T> => {
    const begunAt = clock.now();
    return whileBusy(
      clock,
      busyTimeoutMs,
      () => attempt(work, busyTimeoutMs - (clock.now() - begunAt)),
      profile.isBusyCode,
    );
  };

  return {
    get waiting() {
      return waiting;
    },
    transaction,
    read: withRunner,
    detached: (fn) => fn(),
    observe: <T>(work: () => Promise<T>): Promise<Observed<T>> => observing(context, (note) => ({ note }), work),
    get commits() {
      return commits;
    },
    onCommit: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}
