import type { FindManyOptions, FindOneOptions, FindOptionsWhere, ObjectLiteral } from 'typeorm';
import type { SyncError } from '../../model/errors/errors.ts';
import type { JsonObject } from '../../model/values/json.ts';
import type { WriteOptions } from '../../persistence/writing/write-options.ts';
import type { SyncEntityWriter } from '../../persistence/writing/writer.ts';

/**
 * Where a read takes its rows from. `localOnly` (default): the database. `localThenRemote`: the database now, while a
 * pull of the table starts. `remoteFirst`: pulls the table, then reads the database.
 */
export type ReadPolicy = 'localOnly' | 'localThenRemote' | 'remoteFirst';

export interface RefreshOptions {
  /** Maximum wait for the server in ms. Default `requestTimeoutMs`. */
  readonly timeoutMs?: number | undefined;
  /** Ends the wait; the pull continues. */
  readonly signal?: AbortSignal | undefined;
}

/** Options of a read. Excludes rows deleted here or on the server unless `withDeleted` is set. */
export interface ReadOptions extends RefreshOptions {
  readonly policy?: ReadPolicy | undefined;
  readonly withDeleted?: boolean;
}

export type FindRows<Entity extends ObjectLiteral> = FindManyOptions<Entity> & ReadOptions;
export type FindRow<Entity extends ObjectLiteral> = FindOneOptions<Entity> & ReadOptions;
type Where<Entity> = FindOptionsWhere<Entity> | FindOptionsWhere<Entity>[];

/** Rows, and whether a pull preceded the read. */
export interface ReadResult<Entity> {
  readonly rows: Entity[];
  /** True if the server was not contacted or did not answer. The rows are the locally known ones. */
  readonly stale: boolean;
  /** Why the server did not answer. */
  readonly error?: SyncError;
  /**
   * With `localThenRemote`: the rows after the pull that was started. Does not reject because of the network; the
   * result is then `stale` and has an `error`.
   */
  readonly refresh?: Promise<ReadResult<Entity>>;
}

/**
 * Reads and writes the rows of one table. Finds rows as TypeORM does, and queues the operation of each write in the
 * same transaction. Works without a network. Rejects with `ValidationError` for data that could never be sent, and with
 * `DatabaseError` if the database refuses.
 */
export interface SyncRepository<Entity extends ObjectLiteral> {
  /** Name of the table on the wire. */
  readonly kind: string;
  /** Fine-grained writes: deltas, own transactions. */
  readonly writer: SyncEntityWriter<Entity>;

  /**
   * Stores a new row and queues its creation. Generates a missing id (UUID) and the initial values of `@VersionColumn`,
   * `@CreateDateColumn` and `@UpdateDateColumn`. Resolves with the stored row.
   */
  create(entity: Partial<Entity>, options?: WriteOptions): Promise<Entity>;
  /**
   * Changes a row. Compares an entity from this repository with its state when it was read, so that a form opened
   * before a pull reverts nobody's edit (F-140). Compares any other entity with the stored row. Updates
   * `@VersionColumn` and `@UpdateDateColumn` in the row and the entity. Resolves with whether anything was queued.
   */
  update(entity: Entity, options?: WriteOptions): Promise<boolean>;
  /** Changes the named properties of a row. */
  update(id: string | number, patch: Partial<Entity>, options?: WriteOptions): Promise<boolean>;
  /** Hides a row at once and queues its deletion. */
  remove(entityOrId: Entity | string | number, options?: WriteOptions): Promise<void>;
  /** Reverts a local delete. */
  restore(id: string | number, options?: WriteOptions): Promise<void>;
  /**
   * Stores rows that the app received from the server itself (a push message, another endpoint), and queues nothing. As
   * in a pull, pending edits stay on top, and rows older than the known version are ignored. With `as: 'json'`, the
   * rows are wire JSON.
   */
  upsertFromServer(rows: Entity | readonly Entity[], options?: { readonly as?: 'entity' }): Promise<void>;
  upsertFromServer(rows: JsonObject | readonly JsonObject[], options: { readonly as: 'json' }): Promise<void>;

  /**
   * With `remoteFirst`, rejects with `NetworkError` if the server is unreachable, so that an outage never looks like an
   * empty list.
   */
  find(options?: FindRows<Entity>): Promise<Entity[]>;
  findBy(where: Where<Entity>, options?: ReadOptions): Promise<Entity[]>;
  findOne(options: FindRow<Entity>): Promise<Entity | null>;
  findOneBy(where: Where<Entity>, options?: ReadOptions): Promise<Entity | null>;
  findAndCount(options?: FindRows<Entity>): Promise<[Entity[], number]>;
  count(options?: FindRows<Entity>): Promise<number>;
  countBy(where: Where<Entity>, options?: ReadOptions): Promise<number>;
  existsBy(where: Where<Entity>, options?: ReadOptions): Promise<boolean>;
  /** Like `find`, but reports an unreachable server in the result. Rejects only if the database cannot be read. */
  read(options?: FindRows<Entity>): Promise<ReadResult<Entity>>;
}
