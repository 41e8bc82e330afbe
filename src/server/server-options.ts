import type { FastifyRequest } from 'fastify';
import type { DataSource, EntityTarget, ObjectLiteral } from 'typeorm';
import {
  aClock,
  aFlag,
  aFunction,
  isFunction,
  isListOfTexts,
  objectWith,
  oneOf,
  textThat,
  timeOrNever,
  timerTime,
  valueThat,
  wholeFrom,
} from '../model/options/bounds.ts';
import { byDefault, optional, required, type Completed, type OptionList } from '../model/options/option-list.ts';
import type { Clock } from '../model/platform/clock.ts';
import type { Json, JsonObject } from '../model/values/json.ts';
import type { CorsOption } from './cors.ts';
import { pagingStyles, type PagingStyle } from './paging.ts';
import type { RowScope, WriteRefusal } from './server-store.ts';
import type { ServerTable } from './table-shape.ts';

/** Bounds of a path before the kinds. */
export const aPrefix = textThat(
  "a path that begins with '/', or ''",
  (prefix) => prefix === '' || prefix.startsWith('/'),
);

/** The user of a request. The app may add further fields. */
export interface ServerUser {
  readonly userId: string;
}

/** A write that is about to be executed, forced or not. */
export interface ServerWrite<User extends ServerUser> {
  /** Undefined without `authenticate`. */
  readonly user: User | undefined;
  readonly kind: string;
  readonly id: string;
  readonly type: 'upsert' | 'delete';
  /** The fields to merge; undefined on deletes. */
  readonly payload: JsonObject | undefined;
  /**
   * Relative changes by field in wire form: `{ stock: { increment: -2 } }`; undefined if there are none. They are
   * validated after this hook.
   */
  readonly deltas: Json | undefined;
  /** The stored row, possibly a tombstone; undefined if there is none. */
  readonly current: JsonObject | undefined;
  readonly force: boolean;
}

/** A committed change. */
export interface ServerChange {
  readonly kind: string;
  readonly id: string;
  readonly type: 'upsert' | 'delete';
}

export interface SyncServerOptions<User extends ServerUser = ServerUser> {
  /** A better-sqlite3 DataSource with the entities. The server initialises it if necessary. */
  readonly dataSource: DataSource;
  /** The entities to serve. Use `serverTable` for an entity with options. */
  readonly tables: readonly (ServerTable | EntityTarget<ObjectLiteral>)[];
  /** Returns the user of a request; null answers 401. Not called for `/health`. @defaultValue everybody may */
  readonly authenticate?: (request: FastifyRequest) => User | null | Promise<User | null>;
  /** Limits the rows that a user may read and write; other rows answer 404. New rows take its single values. */
  readonly rowScope?: (user: User | undefined, kind: string) => RowScope;
  /** Refuses a write (422) that breaks a business rule. Called again if the row changes before the write. */
  readonly beforeWrite?: (
    write: ServerWrite<User>,
  ) => WriteRefusal | undefined | void | Promise<WriteRefusal | undefined | void>;
  /** Called after each commit, in order. An error that it throws is logged and changes nothing. */
  readonly onChange?: (changes: readonly ServerChange[]) => void;
  /** How clients get from one page to the next. @defaultValue `keyset` */
  readonly paging?: PagingStyle;
  /** Adds `hasMore` to pages, which saves clients a request. @defaultValue true */
  readonly hasMore?: boolean;
  /** Maximum number of rows per page, announced in `X-Page-Limit`. @defaultValue 1,000 */
  readonly maxPageSize?: number;
  /** Treatment of fields without a column. @defaultValue `refuse` */
  readonly unknownFields?: 'refuse' | 'drop';
  /** Maximum number of operations in a batch. @defaultValue 1,000 */
  readonly maxBatchSize?: number;
  /** Path of batches, below the prefix. @defaultValue `batch` */
  readonly batchPath?: string;
  /** Maximum size of a request body; a larger one is answered with 413. @defaultValue 1,048,576 (1 MiB) */
  readonly bodyLimitBytes?: number;
  /** How long answers are stored under their idempotency keys. @defaultValue 604,800,000 (7 days) */
  readonly idempotencyRetentionMs?: number;
  /**
   * How long tombstones are kept, as announced to clients. Must be longer than the clients' full resync interval.
   * `Infinity` keeps them forever. @defaultValue 7,776,000,000 (90 days)
   */
  readonly tombstoneRetentionMs?: number;
  /** How often expired answers and tombstones are removed. @defaultValue 3,600,000 (1 hour) */
  readonly cleanUpIntervalMs?: number;
  /** The browser origins that may call the server. @defaultValue true */
  readonly cors?: CorsOption;
  /** Supplies timestamps and the timers of the clean-up. @defaultValue the platform's */
  readonly clock?: Clock;
}

const day = 86_400_000;

const systemClock: Clock = {
  now: () => Date.now(),
  setTimeout: (callback, delayMs) => setTimeout(callback, delayMs).unref(),
  clearTimeout: (handle) => clearTimeout(handle as NodeJS.Timeout),
};

/** Defaults and bounds of {@link SyncServerOptions}. */
export const serverOptions = {
  dataSource: required(objectWith('a DataSource of TypeORM', 'initialize', 'getMetadata')),
  tables: required(valueThat('a list of entities, or of what serverTable(…) returns', Array.isArray)),
  authenticate: optional(aFunction),
  rowScope: optional(aFunction),
  beforeWrite: optional(aFunction),
  onChange: optional(aFunction),
  paging: byDefault('keyset', oneOf(...pagingStyles)),
  hasMore: byDefault(true, aFlag),
  maxPageSize: byDefault(1_000, wholeFrom(1)),
  unknownFields: byDefault('refuse', oneOf('refuse', 'drop')),
  maxBatchSize: byDefault(1_000, wholeFrom(1)),
  batchPath: byDefault(
    'batch',
    textThat("one segment of a path, such as 'batch'", (path) => /^[^/]+$/.test(path)),
  ),
  bodyLimitBytes: byDefault(1_048_576, wholeFrom(1)),
  idempotencyRetentionMs: byDefault(7 * day, timeOrNever(0)),
  tombstoneRetentionMs: byDefault(90 * day, timeOrNever(0)),
  cleanUpIntervalMs: byDefault(3_600_000, timerTime),
  cors: byDefault(
    true,
    valueThat(
      'true, false, a list of origins or a function',
      (value) => typeof value === 'boolean' || isListOfTexts(value) || isFunction(value),
    ),
  ),
  clock: byDefault(systemClock, aClock),
} satisfies OptionList<SyncServerOptions>;

/** {@link SyncServerOptions} with defaults filled in. */
export type ServerSettings<User extends ServerUser> = Completed<SyncServerOptions<User>, typeof serverOptions>;
