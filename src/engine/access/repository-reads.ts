import type { ObjectLiteral } from 'typeorm';
import { SyncError } from '../../model/errors/errors.ts';
import type { ReplicaTable } from '../../persistence/tables/replica-table.ts';
import type { FindRow, FindRows, ReadOptions, ReadResult, SyncRepository } from '../api/sync-repository.ts';
import { handled } from '../waits/waiters.ts';
import { policyOf, refuseRemote, type Refresh } from './read-policy.ts';
import type { RepositoryRows } from './repository-rows.ts';

type Reads<Entity extends ObjectLiteral> = Pick<
  SyncRepository<Entity>,
  'find' | 'findBy' | 'findOne' | 'findOneBy' | 'findAndCount' | 'count' | 'countBy' | 'existsBy' | 'read'
>;

/** Reads rows of one table before or after a pull, according to each read's policy. */
export function repositoryReads<Entity extends ObjectLiteral>(
  rows: RepositoryRows<Entity>,
  { kind, pushOnly }: ReplicaTable,
  refresh: Refresh,
): Reads<Entity> {
  let refreshing: Promise<void> | undefined;
  /** Concurrent calls share one pull. */
  const inBackground = (options: ReadOptions): Promise<void> =>
    (refreshing ??= handled(
      refresh(kind, options).finally(() => {
        refreshing = undefined;
      }),
    ));
  const follow = async (options: ReadOptions = {}): Promise<void> => {
    const policy = policyOf(kind, options);
    if (policy === 'localOnly') return;
    if (pushOnly) refuseRemote(kind);
    if (policy === 'localThenRemote') void inBackground(options);
    else await refresh(kind, options);
  };
  /**
   * Runs the read when the policy allows. An unawaited read never causes an unhandled rejection without a network
   * (F-15).
   */
  const after = <T>(options: ReadOptions | undefined, look: () => Promise<T>): Promise<T> =>
    handled(follow(options).then(look));
  const find = (options: FindRows<Entity> = {}): Promise<Entity[]> => after(options, () => rows.find(options));
  const findOne = (options: FindRow<Entity>): Promise<Entity | null> => after(options, () => rows.findOne(options));
  const count = (options: FindRows<Entity> = {}): Promise<number> => after(options, () => rows.count(options));
  const afterwards = async (asked: Promise<void>, options: FindRows<Entity>): Promise<ReadResult<Entity>> => {
    const error = await asked.then(
      () => undefined,
      (thrown: unknown) => toSyncError(thrown),
    );
    const found = await rows.find(options);
    return error === undefined ? { rows: found, stale: false } : { rows: found, stale: true, error };
  };

  return {
    find,
    findBy: (where, options) => find({ ...options, where }),
    findOne,
    findOneBy: (where, options) => findOne({ ...options, where }),
    findAndCount: (options = {}) => after(options, () => rows.findAndCount(options)),
    count,
    countBy: (where, options) => count({ ...options, where }),
    existsBy: (where, options) => after(options, () => rows.exists({ ...options, where })),
    read: async (options = {}) => {
      const policy = policyOf(kind, options);
      if (policy !== 'localOnly' && pushOnly) refuseRemote(kind);
      if (policy === 'remoteFirst') return afterwards(refresh(kind, options), options);
      const found = await rows.find(options);
      if (policy === 'localOnly') return { rows: found, stale: true };
      return { rows: found, stale: true, refresh: handled(afterwards(inBackground(options), options)) };
    },
  };
}

const toSyncError = (thrown: unknown): SyncError => {
  if (thrown instanceof SyncError) return thrown;
  // The caller must see the error of an invalid option.
  throw thrown;
};
