import type { DataSource } from 'typeorm';
import { againIfAsked } from '../../model/platform/again-if-asked.ts';
import type { ChangeFeed } from './change-feed.ts';
import { onceClosing } from '../drivers/closing-data-source.ts';
import type { ConnectionGate } from '../gate/connection-gate.ts';
import { IsolatedObservable } from '../../model/platform/isolated-observable.ts';

export interface LiveReader<T> {
  /** Only reads; may use several statements. */
  read(): Promise<T>;
  /** Whether to emit a value after the previous ones. */
  isNews(value: T): boolean;
}

/** The parts of a reading that follows the database. */
export interface LiveReadOptions<T> {
  readonly dataSource: DataSource;
  readonly gate: ConnectionGate;
  readonly feed: ChangeFeed;
  /** SQL names of the tables it depends on. */
  readonly tables: readonly string[];
  /** Called for each subscriber. */
  begin(): LiveReader<T>;
  /** Observes other connections while somebody is subscribed. Returns a function that ends it. */
  listenElsewhere?(): () => void;
}

/**
 * After this many inconsistent readings in a row, one is emitted all the same, so that a long burst of commits does not
 * freeze a screen.
 */
const maxTorn = 20;
/**
 * If the platform cannot tell which statements belong to a reading, it may be consistent despite a commit in between.
 */
const maxTornUnknown = 2;

/**
 * Reads now and after each commit that may have changed one of the tables, never concurrently, and emits changes. If a
 * commit occurs between the statements of a reading, discards the reading and repeats it. Nobody thus sees half of a
 * page or transaction. Fails with the error of a reading; completes when the data source is closed.
 */
export const liveRead = <T>({
  dataSource,
  gate,
  feed,
  tables,
  begin,
  listenElsewhere,
}: LiveReadOptions<T>): IsolatedObservable<T> =>
  new IsolatedObservable<T>((subscriber) => {
    const reader = begin();
    let torn = 0;

    const readOnce = async (): Promise<void> => {
      const before = gate.commits;
      const { value, span } = await gate.observe(() => reader.read());
      if (subscriber.closed) return;
      const [first, last] = span === undefined ? [before, gate.commits] : [span.first, span.last];
      if (
        first !== last &&
        feed.lastCommitOf(tables) > first &&
        torn < (span === undefined ? maxTornUnknown : maxTorn)
      ) {
        torn += 1;
        look();
        return;
      }
      torn = 0;
      if (reader.isNews(value)) subscriber.next(value);
    };
    const look = againIfAsked(
      readOnce,
      () => subscriber.closed,
      (error) => subscriber.error(error),
    );

    const stop = feed.subscribe(look, tables);
    const stopElsewhere = listenElsewhere?.();
    const stopClosing = onceClosing(dataSource, () => subscriber.complete());
    look();
    return () => {
      stop();
      stopElsewhere?.();
      stopClosing();
    };
  });
