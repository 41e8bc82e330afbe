import type { DataSource, ObjectLiteral } from 'typeorm';
import type { JsonObject } from '../../model/values/json.ts';
import { randomId } from '../../model/platform/random-id.ts';
import type { ReplicaTable } from '../../persistence/tables/replica-table.ts';
import type { WriteOptions } from '../../persistence/writing/write-options.ts';
import type { SyncEntityWriter } from '../../persistence/writing/writer.ts';
import type { SyncRepository } from '../api/sync-repository.ts';
import type { Refresh } from './read-policy.ts';
import { repositoryReads } from './repository-reads.ts';
import { RepositoryRows } from './repository-rows.ts';

export interface RepositoryParts<Entity extends ObjectLiteral> {
  readonly dataSource: DataSource;
  readonly table: ReplicaTable;
  readonly writer: SyncEntityWriter<Entity>;
  readonly refresh: Refresh;
  /** Stores rows of the server as a pull does. */
  applyServerRows(rows: readonly JsonObject[]): Promise<void>;
}

/** Creates the repository of one table. */
export function createSyncRepository<Entity extends ObjectLiteral>({
  dataSource,
  table,
  writer,
  refresh,
  applyServerRows,
}: RepositoryParts<Entity>): SyncRepository<Entity> {
  const rows = new RepositoryRows<Entity>(dataSource, table);

  const change = async (before: Entity, after: Entity, options: WriteOptions | undefined): Promise<boolean> => {
    const isQueued = await writer.replaceAndEnqueueDiff(before, after, { ...options, touch: true });
    if (isQueued) await rows.showTouched(after);
    rows.remember([after]);
    return isQueued;
  };
  async function update(
    target: Entity | string | number,
    patchOrOptions?: Partial<Entity> | WriteOptions,
    more?: WriteOptions,
  ): Promise<boolean> {
    if (typeof target !== 'object') {
      const entity = await rows.present(target);
      return change(rows.copyOf(entity), Object.assign(entity, patchOrOptions), more);
    }
    const options = patchOrOptions as WriteOptions | undefined;
    return change(rows.seenOf(target) ?? (await rows.present(rows.idOf(target))), target, options);
  }

  return {
    kind: table.kind,
    writer,
    ...repositoryReads(rows, table, refresh),
    create: async (entity, options) => {
      const created = rows.copyOf(entity);
      rows.ensureId(created, randomId);
      await writer.insertAndEnqueue(created, { ...options, touch: true });
      return rows.present(rows.idOf(created));
    },
    update,
    remove: async (target, options) => {
      if (typeof target !== 'object') return writer.enqueueDelete(target, options);
      const seen = rows.seenOf(target);
      const baseUpdatedAt = seen === undefined ? undefined : table.readUpdatedAt(table.mapping.entityToWire(seen));
      return writer.enqueueDelete(rows.idOf(target), {
        ...options,
        ...(baseUpdatedAt === undefined ? {} : { baseUpdatedAt }),
      });
    },
    restore: (id, options) => writer.restore(id, options),
    upsertFromServer: async (given: object | readonly object[], options: { readonly as?: 'entity' | 'json' } = {}) => {
      const list = (Array.isArray(given) ? given : [given]) as readonly object[];
      await applyServerRows(
        options.as === 'json'
          ? (list as readonly JsonObject[])
          : list.map((entity) => table.mapping.entityToWire(entity)),
      );
    },
  };
}
