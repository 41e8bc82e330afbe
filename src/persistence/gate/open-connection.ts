import { QueryFailedError } from 'typeorm';
import type { AbstractSqliteDriver } from 'typeorm/driver/sqlite-abstract/AbstractSqliteDriver.js';
import { mendSqlJs } from '../drivers/mend-sqljs.ts';
import { rawConnectionOf, type RawConnection } from '../drivers/raw-connection.ts';
import { isAnswering } from '../drivers/short-query.ts';
import type { SqliteQueryRunner } from './gated-query-runner.ts';

/** What belongs to one opening of the database. */
interface Opening {
  readonly database: unknown;
  readonly raw: RawConnection;
  readonly readsAtOnce: number;
  readonly statements: Map<string, unknown>;
}

/** The driver's connection as it is now: a data source may be destroyed and initialised again. */
export class OpenConnection {
  readonly #driver: AbstractSqliteDriver;
  readonly #bareRunner: () => SqliteQueryRunner;
  #opening: Opening | undefined;

  constructor(driver: AbstractSqliteDriver, bareRunner: () => SqliteQueryRunner) {
    this.#driver = driver;
    this.#bareRunner = bareRunner;
  }

  get readsAtOnce(): number {
    return this.#current().readsAtOnce;
  }

  /** Prepared statements by their text: alone, each runner would prepare every statement anew. */
  get statements(): Map<string, unknown> {
    return this.#current().statements;
  }

  isInTransaction(): boolean | Promise<boolean> {
    return this.#current().raw.isInTransaction();
  }

  /**
   * Sends transaction control. `retry` goes on after a first failed attempt. Fails as TypeORM's own queries do;
   * undefined: it is done already.
   */
  execute(
    sql: string,
    retry: (first: unknown, attempt: () => void | Promise<void>) => Promise<void>,
  ): Promise<void> | undefined {
    const attempt = (): void | Promise<void> => this.#current().raw.execute(sql);
    const failed = (error: unknown): never => {
      throw error instanceof QueryFailedError || !(error instanceof Error)
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
      mendSqlJs(database);
      opening = {
        database,
        raw: rawConnectionOf(this.#driver, this.#bareRunner),
        readsAtOnce: isAnswering(database) ? database.readsAtOnce : 1,
        statements: new Map(),
      };
      this.#opening = opening;
    }
    return opening;
  }
}
