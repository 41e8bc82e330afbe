import {
  IsNull,
  type DataSource,
  type FindManyOptions,
  type FindOneOptions,
  type FindOptionsWhere,
  type ObjectLiteral,
} from 'typeorm';
import { SyncError, ValidationError } from '../../model/errors/errors.ts';
import type { JsonObject } from '../../model/values/json.ts';
import { copyEntity } from '../../persistence/writing/copy-entity.ts';
import type { ReplicaTable } from '../../persistence/tables/replica-table.ts';
import type { WriteOptions } from '../../persistence/writing/write-options.ts';
import type { SyncEntityWriter } from '../../persistence/writing/writer.ts';
import { policyOf, refuseRemote, type Refresh } from './read-policy.ts';
import type { FindRow, FindRows, ReadOptions, ReadResult, SyncRepository } from '../api/sync-repository.ts';
import { handled } from '../waits/waiters.ts';
import { randomId } from '../../model/platform/random-id.ts';

export interface RepositoryParts<Entity extends ObjectLiteral> {
  readonly dataSource: DataSource;
  readonly table: ReplicaTable;
  readonly writer: SyncEntityWriter<Entity>;
  readonly refresh: Refresh;
  /** Stores rows of the server as a pull would. */
  applyServerRows(rows: readonly JsonObject[]): Promise<void>;
}

/** Builds the repository of one table. */
export function createSyncRepository<Entity extends ObjectLiteral>({
  dataSource,
  table,
  writer,
  refresh,
  applyServerRows,
}: RepositoryParts<Entity>): SyncRepository<Entity> {
  const { metadata, kind } = table;
  const rows = dataSource.getRepository<Entity>(metadata.target);
  const idColumn = metadata.primaryColumns[0];
  if (idColumn === undefined) throw new TypeError(`${kind}: the table has no primary column`);
  const hiddenBy = metadata.columns
    .map(({ propertyName }) => propertyName)
    .filter((property) => ['deletedAt', 'deleted_at', 'deletedAtLocal', 'deleted_at_local'].includes(property));
  /** What was given out, as it was then: what the user saw (F-140). */
  const given = new WeakMap<object, Entity>();

  const remember = (found: readonly Entity[]): void => {
    for (const entity of found) given.set(entity, copyEntity(metadata, entity) as Entity);
  };
  const idOf = (entity: object): string => {
    const id: unknown = idColumn.getEntityValue(entity);
    if (typeof id !== 'string' && typeof id !== 'number')
      throw new ValidationError(`${kind}: the entity has no ${idColumn.propertyName}`);
    return String(id);
  };
  const byId = (id: string | number): FindOptionsWhere<Entity> =>
    idColumn.createValueMap(id) as FindOptionsWhere<Entity>;

  // ── Reading ───────────────────────────────────────────────────────────────────────────────────────────────────────

  type Where = FindOneOptions<Entity>['where'];
  const shown = (where: Where): Where => {
    const one = (condition: FindOptionsWhere<Entity>): FindOptionsWhere<Entity> => ({
      ...(Object.fromEntries(hiddenBy.map((property) => [property, IsNull()])) as FindOptionsWhere<Entity>),
      ...condition,
    });
    if (!Array.isArray(where)) return one(where ?? {});
    return where.length === 0 ? one({}) : where.map(one);
  };
  const queryOf = ({
    policy: _p,
    timeoutMs: _t,
    signal: _s,
    ...options
  }: FindRows<Entity>): FindManyOptions<Entity> => {
    if (options.withDeleted === true) return options;
    const where = shown(options.where);
    return { ...options, ...(where === undefined ? {} : { where }) };
  };

  let refreshing: Promise<void> | undefined;
  /** One pull for all who ask while it runs. */
  const inBackground = (options: ReadOptions): Promise<void> =>
    (refreshing ??= handled(
      refresh(kind, options).finally(() => {
        refreshing = undefined;
      }),
    ));
  const follow = async (options: ReadOptions = {}): Promise<void> => {
    const policy = policyOf(kind, options);
    if (policy === 'localOnly') return;
    if (table.pushOnly) refuseRemote(kind);
    if (policy === 'localThenRemote') void inBackground(options);
    else await refresh(kind, options);
  };
  const local = async (options: FindRows<Entity>): Promise<Entity[]> => {
    const found = await rows.find(queryOf(options));
    remember(found);
    return found;
  };
  const localOne = async (options: FindRow<Entity>): Promise<Entity | null> => {
    const found = await rows.findOne(queryOf(options));
    if (found !== null) remember([found]);
    return found;
  };
  /** Reads when the policy allows; a read without a network that nobody looks at any more harms nobody (F-15). */
  const after = <T>(options: ReadOptions | undefined, look: () => Promise<T>): Promise<T> =>
    handled(follow(options).then(look));
  const find = (options: FindRows<Entity> = {}): Promise<Entity[]> => after(options, () => local(options));
  const findOne = (options: FindRow<Entity>): Promise<Entity | null> => after(options, () => localOne(options));
  const count = (options: FindRows<Entity> = {}): Promise<number> => after(options, () => rows.count(queryOf(options)));
  const afterwards = async (asked: Promise<void>, options: FindRows<Entity>): Promise<ReadResult<Entity>> => {
    const error = await asked.then(
      () => undefined,
      (thrown: unknown) => toSyncError(thrown),
    );
    const found = await local(options);
    return error === undefined ? { rows: found, stale: false } : { rows: found, stale: true, error };
  };

  // ── Writing ───────────────────────────────────────────────────────────────────────────────────────────────────────

  const present = async (id: string | number): Promise<Entity> => {
    const entity = await localOne({ where: byId(id) });
    if (entity === null)
      throw new ValidationError(`${kind}/${id}: there is no such row to change; it may have been deleted`);
    return entity;
  };
  const change = async (before: Entity, after: Entity, options: WriteOptions | undefined): Promise<boolean> => {
    const isQueued = await writer.replaceAndEnqueueDiff(before, after, { ...options, touch: true });
    if (isQueued) await showTouched(after);
    remember([after]);
    return isQueued;
  };
  const touched = [metadata.versionColumn, metadata.updateDateColumn].filter((column) => column !== undefined);
  /** As after TypeORM's own save, the entity has the version and the date that were written. */
  const showTouched = async (entity: Entity): Promise<void> => {
    const stored = touched.length === 0 ? null : await rows.findOne({ where: byId(idOf(entity)), withDeleted: true });
    if (stored === null) return;
    for (const column of touched) {
      const value: unknown = column.getEntityValue(stored);
      if (value !== undefined) column.setEntityValue(entity, value);
    }
  };
  async function update(
    target: Entity | string | number,
    patchOrOptions?: Partial<Entity> | WriteOptions,
    more?: WriteOptions,
  ): Promise<boolean> {
    if (typeof target !== 'object') {
      const entity = await present(target);
      return change(copyEntity(metadata, entity) as Entity, Object.assign(entity, patchOrOptions), more);
    }
    const options = patchOrOptions as WriteOptions | undefined;
    const before = given.get(target);
    return change(before ?? (await present(idOf(target))), target, options);
  }

  return {
    kind,
    writer,
    create: async (entity, options) => {
      const created = copyEntity(metadata, entity) as Entity;
      if ((idColumn.getEntityValue(created) as unknown) === undefined) idColumn.setEntityValue(created, randomId());
      await writer.insertAndEnqueue(created, { ...options, touch: true });
      return present(idOf(created));
    },
    update,
    remove: async (target, options) => {
      if (typeof target !== 'object') return writer.enqueueDelete(target, options);
      const seen = given.get(target);
      const baseUpdatedAt = seen === undefined ? undefined : table.readUpdatedAt(table.mapping.entityToWire(seen));
      return writer.enqueueDelete(idOf(target), {
        ...options,
        ...(baseUpdatedAt === undefined ? {} : { baseUpdatedAt }),
      });
    },
    restore: (id, options) => writer.restore(id, options),
    upsertFromServer: async (given_: object | readonly object[], options: { readonly as?: 'entity' | 'json' } = {}) => {
      const list = (Array.isArray(given_) ? given_ : [given_]) as readonly object[];
      await applyServerRows(
        options.as === 'json'
          ? (list as readonly JsonObject[])
          : list.map((entity) => table.mapping.entityToWire(entity)),
      );
    },
    find,
    findBy: (where, options) => find({ ...options, where }),
    findOne,
    findOneBy: (where, options) => findOne({ ...options, where }),
    findAndCount: (options = {}) =>
      after(options, async () => {
        const [found, all] = await rows.findAndCount(queryOf(options));
        remember(found);
        return [found, all];
      }),
    count,
    countBy: (where, options) => count({ ...options, where }),
    existsBy: (where, options) => after(options, () => rows.exists(queryOf({ ...options, where }))),
    read: async (options = {}) => {
      const policy = policyOf(kind, options);
      if (policy !== 'localOnly' && table.pushOnly) refuseRemote(kind);
      if (policy === 'remoteFirst') return afterwards(refresh(kind, options), options);
      const found = await local(options);
      if (policy === 'localOnly') return { rows: found, stale: true };
      return { rows: found, stale: true, refresh: handled(afterwards(inBackground(options), options)) };
    },
  };
}

const toSyncError = (thrown: unknown): SyncError => {
  if (thrown instanceof SyncError) return thrown;
  // A bad option is the caller's to hear of.
  throw thrown;
};
