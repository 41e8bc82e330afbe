import type { EntityTarget, ObjectLiteral } from 'typeorm';
import type { TableConflictConfig } from '../model/conflict.ts';
import type { JsonObject } from '../model/json.ts';
import { checkSchemaOptions, type TableSchemaOptions } from './table-schema.ts';

/** Options of {@link syncTable}; every part of the registration can be overridden. */
export interface SyncTableOptions<Entity> extends TableSchemaOptions {
  /** Name on the wire. Default: the SQL table's name. Trimmed, not blank, unique in an engine (F-100). */
  readonly kind?: string;
  /** JSON keys of the columns. Default `property`: the entity's property names. */
  readonly naming?: 'property' | 'snake_case';
  /** Entity → wire JSON, synchronous. Default: from column metadata. */
  toJson?(entity: Entity): JsonObject;
  /** Wire JSON → entity, synchronous. Properties left undefined keep the stored column. Default: from column metadata. */
  fromJson?(json: JsonObject): Partial<Entity>;
  /** Id of a wire row. Default: the key of the primary column, else `id`, `ID`, `uuid`. */
  getId?(json: JsonObject): string | number | undefined;
  /** Server timestamp of a wire row. Default: `updatedAt`, `updated_at`. */
  getUpdatedAt?(json: JsonObject): string | number | undefined;
  readonly conflict?: TableConflictConfig;
  /** What a pulled deletion does: keep the row with `deletedAt` set, or remove it. Default `keep`. */
  readonly tombstones?: 'keep' | 'remove';
  /** Kept tombstones older than this are removed at the end of a full resync. */
  readonly retentionMs?: number;
  /** Triggers sync this table when its last complete pull is that long ago, in ms, and leave it out of their other pulls. */
  readonly syncIntervalMs?: number;
  /** Never pushed; writing through synchart is refused. Allows generated ids. */
  readonly pullOnly?: boolean;
  /** Never pulled. */
  readonly pushOnly?: boolean;
  /** Which property holds the id of a row of which kind, or a list of kinds: referenced creates are sent and pulled first. */
  readonly dependsOn?: Readonly<Record<string, string>> | readonly string[];
  /** Edits send only the changed fields; for servers that merge. */
  readonly sendChangedFields?: boolean;
  /** Properties that never leave the device and are never overwritten; nullable or with a default. */
  readonly localOnly?: readonly (keyof Entity & string)[];
}

/** A table registered for synchronisation. */
export interface SyncTable<Entity extends ObjectLiteral = ObjectLiteral> {
  readonly target: EntityTarget<Entity>;
  readonly options: SyncTableOptions<Entity>;
}

/**
 * Registers an entity (`EntitySchema` or class) for synchronisation; kind, id, columns and JSON mapping come from its metadata.
 * Throws `TypeError` on a blank kind, `RangeError` on a `syncIntervalMs` that is no wait or a `version` that is none. What needs the metadata (sync columns, id type) is checked when the engine is created.
 */
export function syncTable<Entity extends ObjectLiteral>(target: EntityTarget<Entity>, options: SyncTableOptions<Entity> = {}): SyncTable<Entity> {
  if (options.kind !== undefined && options.kind.trim() === '') throw new TypeError('syncTable: kind must not be blank');
  if (options.pullOnly && options.pushOnly) throw new TypeError('syncTable: a table is pullOnly or pushOnly, not both');
  const { syncIntervalMs } = options;
  if (syncIntervalMs !== undefined && !(Number.isFinite(syncIntervalMs) && syncIntervalMs > 0))
    throw new RangeError(`syncTable: syncIntervalMs must be a number of milliseconds above 0, got ${String(syncIntervalMs)} (F-13)`);
  checkSchemaOptions(options);
  return { target, options };
}
