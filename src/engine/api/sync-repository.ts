import type { FindManyOptions, FindOneOptions, FindOptionsWhere, ObjectLiteral } from 'typeorm';
import type { SyncError } from '../../model/errors/errors.ts';
import type { JsonObject } from '../../model/values/json.ts';
import type { WriteOptions } from '../../persistence/writing/write-options.ts';
import type { SyncEntityWriter } from '../../persistence/writing/writer.ts';

/**
 * Where a read looks. `localOnly` (default): the database. `localThenRemote`: the database now, while a pull of the
 * table begins. `remoteFirst`: a pull of the table, then the database.
 */
export type ReadPolicy = 'localOnly' | 'localThenRemote' | 'remoteFirst';

export interface RefreshOptions {
  /** How long the server is waited for, ms. Default `requestTimeoutMs`. */
  readonly timeoutMs?: number | undefined;
  /** Ends the wait; the pull goes on. */
  readonly signal?: AbortSignal | undefined;
}

/** How rows are read. Rows that were deleted, here or on the server, are left out unless `withDeleted`. */
export interface ReadOptions extends RefreshOptions {
  readonly policy?: ReadPolicy | undefined;
  readonly withDeleted?: boolean;
}

export type FindRows<Entity extends ObjectLiteral> = FindManyOptions<Entity> & ReadOptions;
export type FindRow<Entity extends ObjectLiteral> = FindOneOptions<Entity> & ReadOptions;
type Where<Entity> = FindOptionsWhere<Entity> | FindOptionsWhere<Entity>[];

/** Rows, and whether the server was asked for them. */
export interface ReadResult<Entity> {
  readonly rows: Entity[];
  /** The server was not asked, or did not answer: these are the rows as they are known here. */
  readonly stale: boolean;
  /** Why the server did not answer. */
  readonly error?: SyncError;
  /**
   * With `localThenRemote`: the rows after the pull that has begun. Does not reject for the network: then they are
   * `stale`, with the `error`.
   */
  readonly refresh?: Promise<ReadResult<Entity>>;
}

/**
 * Reads and writes the rows of one table: TypeORM's way to find, and writes that queue their operation in the same
 * transaction. Everything works without a network. Rejects with `ValidationError` for what could never be sent, with
 * `DatabaseError` where the database refuses.
 */
export interface SyncRepository<Entity extends ObjectLiteral> {
  /** Name of the table on the wire. */
  readonly kind: string;
  /** Writes with fine control: deltas, own transactions. */
  readonly writer: SyncEntityWriter<Entity>;

  /**
   * Stores a new row and queues its creation; gives it an id (UUID) where it has none, and what `@VersionColumn`,
   * `@CreateDateColumn` and `@UpdateDateColumn` begin with. Resolves with the row as it is stored.
   */
  create(entity: Partial<Entity>, options?: WriteOptions): Promise<Entity>;
  /**
   * Changes a row. An entity that this repository gave is compared with what it was then, so that a form opened before
   * a pull reverts nobody's edit (F-140); any other entity is compared with the stored row. An edit counts
   * `@VersionColumn` and sets `@UpdateDateColumn`, in the row and in the entity. Resolves with whether anything was
   * queued.
   */
  update(entity: Entity, options?: WriteOptions): Promise<boolean>;
  /** Changes the named properties of a row. */
  update(id: string | number, patch: Partial<Entity>, options?: WriteOptions): Promise<boolean>;
  /** Hides a row at once and queues its deletion. */
  remove(entityOrId: Entity | string | number, options?: WriteOptions): Promise<void>;
  /** Takes a local delete back. */
  restore(id: string | number, options?: WriteOptions): Promise<void>;
  /**
   * Stores rows that the app has from the server by itself (a push message, another endpoint) and queues nothing. As in
   * a pull, pending edits stay on top, and a row that is older than what is known changes nothing. With `as: 'json'`
   * the rows are wire JSON.
   */
  upsertFromServer(rows: Entity | readonly Entity[], options?: { readonly as?: 'entity' }): Promise<void>;
  upsertFromServer(rows: JsonObject | readonly JsonObject[], options: { readonly as: 'json' }): Promise<void>;

  /** With `remoteFirst` rejects with `NetworkError` when the server cannot be asked: never an empty list by mistake. */
  find(options?: FindRows<Entity>): Promise<Entity[]>;
  findBy(where: Where<Entity>, options?: ReadOptions): Promise<Entity[]>;
  findOne(options: FindRow<Entity>): Promise<Entity | null>;
  findOneBy(where: Where<Entity>, options?: ReadOptions): Promise<Entity | null>;
  findAndCount(options?: FindRows<Entity>): Promise<[Entity[], number]>;
  count(options?: FindRows<Entity>): Promise<number>;
  countBy(where: Where<Entity>, options?: ReadOptions): Promise<number>;
  existsBy(where: Where<Entity>, options?: ReadOptions): Promise<boolean>;
  /**
   * As `find`, but tells instead of rejecting when the server cannot be asked. Rejects only where the database cannot
   * be read.
   */
  read(options?: FindRows<Entity>): Promise<ReadResult<Entity>>;
}
