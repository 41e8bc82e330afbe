import type { DataSource } from 'typeorm';
import { againIfAsked } from '../../model/platform/again-if-asked.ts';
import type { ChangeFeed } from './change-feed.ts';
import { onceClosing } from '../drivers/closing-data-source.ts';
import type { ConnectionGate } from '../gate/connection-gate.ts';
import { IsolatedObservable } from '../../model/platform/isolated-observable.ts';

export interface LiveReader<T> {
  /** Only reads; may use several statements. */
  read(): Promise<T>;
  /** Whether a value is worth telling after those before it. */
  isNews(value: T): boolean;
}

/** What a reading that follows the database is made from. */
export interface LiveReadOptions<T> {
  readonly dataSource: DataSource;
  readonly gate: ConnectionGate;
  readonly feed: ChangeFeed;
  /** SQL names of the tables it depends on. */
  readonly tables: readonly string[];
  /** Made anew for each subscriber. */
  begin(): LiveReader<T>;
  /** Listens to other connections while somebody is subscribed; returns the function that ends it. */
  listenElsewhere?(): () => void;
}

/**
 * A reading that commits keep tearing apart is told all the same after so many, so that a long burst does not freeze a
 * screen.
 */
const maxTorn = 20;
/**
 * Where the platform does not tell which statements belong to a reading, it may be whole although something was
 * committed meanwhile.
 */
const maxTornUnknown = 2;

/**
 * Reads now and after each commit that may have changed one of the tables, never two at a time, and gives what differs.
 * A reading of several statements between which something was committed is thrown away and made again: nobody sees half
 * of a page or of a transaction. Ends with the error of a reading, and without one when the data source is closed.
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
