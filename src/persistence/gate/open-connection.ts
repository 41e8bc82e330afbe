import { QueryFailedError } from 'typeorm';
import type { AbstractSqliteDriver } from 'typeorm/driver/sqlite-abstract/AbstractSqliteDriver.js';
import { DatabaseError } from '../../model/errors/errors.ts';
import type { DriverProfile } from '../drivers/driver-profile.ts';
import type { RawConnection } from '../drivers/raw-connection.ts';
import type { SqliteQueryRunner } from './gated-query-runner.ts';

/** State of one opening of the database. */
interface Opening {
  readonly database: unknown;
  readonly raw: RawConnection;
  readonly readsAtOnce: number;
  readonly statements: Map<string, unknown>;
}

/** Retries after a first failed attempt. */
type Retry = (first: unknown, attempt: () => void | Promise<void>) => Promise<void>;

/** The driver's current connection. A data source may be destroyed and initialised again. */
export class OpenConnection {
  readonly #driver: AbstractSqliteDriver;
  readonly #profile: DriverProfile;
  readonly #bareRunner: () => SqliteQueryRunner;
  #opening: Opening | undefined;

  constructor(driver: AbstractSqliteDriver, profile: DriverProfile, bareRunner: () => SqliteQueryRunner) {
    this.#driver = driver;
    this.#profile = profile;
    this.#bareRunner = bareRunner;
  }

  get readsAtOnce(): number {
    return this.#current().readsAtOnce;
  }

  /** Prepared statements by text, shared because otherwise each runner would prepare every statement again. */
  get statements(): Map<string, unknown> {
    return this.#current().statements;
  }

  isInTransaction(): boolean | Promise<boolean> {
    return this.#current().raw.isInTransaction();
  }

  /** Called when a transaction has ended for any reason. Later statements are not part of it. */
  transactionEnded(): void {
    this.#opening?.raw.transactionEnded?.();
  }

  /** Begins a transaction. Undefined: it is open, or its first statement opens it. */
  begin(sql: string, retry: Retry): Promise<void> | undefined {
    const { beginLater } = this.#current().raw;
    if (beginLater === undefined || sql !== 'BEGIN IMMEDIATE') return this.execute(sql, retry);
    beginLater();
    return undefined;
  }

  /** Whether the open transaction may have begun. A statement that failed before may be repeated. */
  hasBegun(): boolean {
    return this.#opening?.raw.hasBegun?.() ?? true;
  }

  /**
   * Sends transaction control. `retry` continues after a first failed attempt. Fails like TypeORM's own queries.
   * Undefined: it is complete.
   */
  execute(sql: string, retry: Retry): Promise<void> | undefined {
    const attempt = (): void | Promise<void> => this.#current().raw.execute(sql);
    const failed = (error: unknown): never => {
      throw error instanceof QueryFailedError || error instanceof DatabaseError || !(error instanceof Error)
        ? error
        : new QueryFailedError(sql, undefined, error);
    };
    try {
      const done = attempt();
      if (done === undefined) return undefined;
      return done.catch((error: unknown) => retry(error, attempt)).catch(failed);
    } catch (error) {
      return retry(error, attempt).catch(failed);
    }
  }

  #current(): Opening {
    const database: unknown = this.#driver.databaseConnection;
    let opening = this.#opening;
    if (opening === undefined || opening.database !== database) {
      this.#profile.mend?.(database);
      opening = {
        database,
        raw: this.#profile.rawConnection(database, this.#bareRunner),
        readsAtOnce: this.#profile.isAnswering(database) ? database.readsAtOnce : 1,
        statements: new Map(),
      };
      this.#opening = opening;
    }
    return opening;
  }
}
