import { distinctUntilChanged, map, of, type Observable } from 'rxjs';
import type { DataSource } from 'typeorm';
import type { StoreContext } from '../database/store-context.ts';
import type { ChangeFeed } from '../follow/change-feed.ts';
import { liveRead } from '../follow/live-read.ts';
import type { ConnectionGate } from '../gate/connection-gate.ts';
import { countQueue } from '../outbox/queue-counts.ts';
import { rethrowForCaller } from '../sql/database-failure.ts';
import type { Session } from '../sql/session.ts';
import type { KindsFilter, OutboxRepository } from './outbox-repository.ts';

export interface WatchParts {
  readonly dataSource: DataSource;
  readonly gate: ConnectionGate;
  readonly feed: ChangeFeed;
  /** Observes commits of other connections while somebody watches. Returns a function that ends it. */
  listenElsewhere(): () => void;
}

/** The methods of an app's outbox that emit after each change. */
export function outboxWatches(
  { unit }: StoreContext,
  { dataSource, gate, feed, listenElsewhere }: WatchParts,
): Pick<OutboxRepository, 'watchPendingCount' | 'watchHasOperations'> {
  const count = async (
    session: Session,
    filter: (KindsFilter & { readonly includeStuck?: boolean }) | undefined,
  ): Promise<number> => {
    if (filter?.kinds?.length === 0) return 0;
    const { total, stuck } = await countQueue(session, filter);
    return filter?.includeStuck ? total : total - stuck;
  };
  const watch = (filter: (KindsFilter & { readonly includeStuck?: boolean }) | undefined): Observable<number> => {
    if (filter?.kinds?.length === 0) return of(0);
    return liveRead<number>({
      dataSource,
      gate,
      feed,
      listenElsewhere,
      tables: ['sync_outbox'],
      begin: () => {
        let last: number | undefined;
        return {
          read: () => unit.read((session) => count(session, filter)).catch(rethrowForCaller),
          isNews: (value) => {
            const isOther = value !== last;
            last = value;
            return isOther;
          },
        };
      },
    });
  };

  return {
    watchPendingCount: watch,
    watchHasOperations: (filter) =>
      watch(filter).pipe(
        map((pending) => pending > 0),
        distinctUntilChanged(),
      ),
  };
}
