import { QueryFailedError, type DataSource, type QueryRunner } from 'typeorm';
import type { AbstractSqliteDriver } from 'typeorm/driver/sqlite-abstract/AbstractSqliteDriver.js';
import type { Clock } from '../../model/platform/clock.ts';
import { DatabaseError } from '../../model/errors/errors.ts';
import { busyDelayMs, isBusyError } from '../drivers/busy-database.ts';
import { observing } from './observing.ts';
import type { Commit, ConnectionGate, Observed } from './gate-port.ts';
import { GateLock, type LockHolder } from './gate-lock.ts';
import {
  createGatedRunnerClass,
  type GatedQueryRunner,
  type GatedRunnerClass,
  type GateOperations,
  type SqliteQueryRunner,
  type SqliteRunnerClass,
} from './gated-query-runner.ts';
import { mendSqlJs } from '../drivers/mend-sqljs.ts';
import { OpenTransaction, type TransactionScope } from './open-transaction.ts';
import { markOwn } from './own-work.ts';
import { rawConnectionOf, type RawConnection } from '../drivers/raw-connection.ts';
import { SameReads, type ReadAnswer } from './same-reads.ts';
import { scopedTransaction } from './scoped-transaction.ts';
import { isAnswering } from '../drivers/short-query.ts';
import { replaceManagerMethods } from '../typeorm/managers.ts';
import { changeClass, replaceQueryRunners, setTransactionDepth, shareStatements } from '../typeorm/query-runners.ts';
import { aroundSchemaWork } from '../typeorm/schema-work.ts';
import type { AsyncContext } from './transaction-context.ts';
import { isExclusive } from '../sql/control-word.ts';
import { Writes } from '../sql/written-tables.ts';

interface SqliteGateSettings {
  readonly clock: Clock;
  readonly busyTimeoutMs: number;
  readonly gateTimeoutMs: number;
  readonly context: AsyncContext<TransactionScope>;
}

/** What belongs to one opening of the database. */
interface Connected {
  readonly database: unknown;
  readonly raw: RawConnection;
  readonly readsAtOnce: number;
  readonly statements: Map<string, unknown>;
}

/**
 * The gate of one SQLite connection (F-130, F-131). Takes over `createQueryRunner` of the driver and `transaction` of
 * the managers.
 */
export class SqliteGate implements ConnectionGate, GateOperations {
  readonly #dataSource: DataSource;
  readonly #driver: AbstractSqliteDriver;
  readonly #settings: SqliteGateSettings;
  readonly #context: AsyncContext<TransactionScope>;
  readonly #lock: GateLock;
  readonly #sameReads = new SameReads();
  readonly #listeners = new Set<(commit: Commit) => void>();
  #commits = 0;
  readonly #Runner: GatedRunnerClass;
  readonly #bareRunner: () => SqliteQueryRunner;
  #connected: Connected | undefined;

  constructor(dataSource: DataSource, driver: AbstractSqliteDriver, settings: SqliteGateSettings) {
    this.#dataSource = dataSource;
    this.#driver = driver;
    this.#settings = settings;
    this.#context = settings.context;
    this.#lock = new GateLock(settings.clock, settings.gateTimeoutMs, () => this.#connection().readsAtOnce);
    const shared = driver.createQueryRunner('master') as SqliteQueryRunner;
    if (shared.isTransactionActive)
      throw new DatabaseError(
        'gateConnection(): a transaction is open on this data source; apply the gate before using it',
      );
    const Base = shared.constructor as SqliteRunnerClass;
    this.#bareRunner = () => new Base(driver);
    this.#Runner = createGatedRunnerClass(Base, this);
    // Whoever got the shared runner before goes through the gate from now on, too.
    changeClass(shared, this.#Runner);
    replaceQueryRunners(driver, () => this.#createRunner());
    replaceManagerMethods(dataSource, { transaction: scopedTransaction(this.#context) });
    // A migration gets a query runner; what it does through the data source joins its transaction, too.
    aroundSchemaWork(dataSource, (work) => this.#context.run({ transaction: undefined }, work));
  }

  // ── For the engine ──────────────────────────────────────────────────────────────────────────────────────────────

  get waiting(): number {
    return this.#lock.waiting;
  }

  async transaction<T>(work: (queryRunner: QueryRunner) => Promise<T>): Promise<T> {
    const runner = this.#detachedRunner();
    const transaction = await this.#open(runner, 'BEGIN IMMEDIATE');
    markOwn(transaction);
    runner.enterTransaction(transaction, 'owns');
    let result: T;
    try {
      result = await this.#context.run(transaction, () => work(runner));
      await this.commit(transaction);
    } catch (error) {
      await this.#rollbackQuietly(transaction);
      throw error;
    }
    await runner.release();
    return result;
  }

  async read<T>(work: (queryRunner: QueryRunner) => Promise<T>): Promise<T> {
    const runner = this.#detachedRunner();
    const note = this.#context.current()?.note;
    return this.#context.run(note === undefined ? undefined : { transaction: undefined, note }, () => work(runner));
  }

  detached<T>(fn: () => T): T {
    return this.#context.run(undefined, fn);
  }

  observe<T>(work: () => Promise<T>): Promise<Observed<T>> {
    return observing(this.#context, (note) => ({ transaction: undefined, note }), work);
  }

  get commits(): number {
    return this.#commits;
  }

  onCommit(listener: (commit: Commit) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  // ── For the runners ─────────────────────────────────────────────────────────────────────────────────────────────

  ambient(): OpenTransaction | undefined {
    const transaction = this.#context.current()?.transaction;
    return transaction?.state === 'open' ? transaction : undefined;
  }

  async begin(runner: GatedQueryRunner, sql: string): Promise<void> {
    if (runner.transaction !== undefined)
      throw new DatabaseError('This query runner has a transaction open already; nest with startTransaction()');
    const transaction = await this.#open(runner, isExclusive(sql) ? 'BEGIN EXCLUSIVE' : 'BEGIN IMMEDIATE');
    const scope = this.#context.current();
    if (scope !== undefined && scope.transaction === undefined) scope.transaction = transaction;
    const active = runner.isTransactionActive;
    runner.enterTransaction(transaction, 'owns');
    // TypeORM's startTransaction counts the depth itself.
    if (active) setTransactionDepth(runner, 0);
  }

  async commit(transaction: OpenTransaction): Promise<void> {
    transaction.state = 'closing';
    const idle = transaction.idle();
    if (idle !== undefined) await idle;
    if (transaction.lostBy !== undefined) throw transaction.lostError();
    try {
      await this.#execute('COMMIT');
    } catch (error) {
      // The lock stays until ROLLBACK has run, unless SQLite has rolled back by itself (F-131).
      if (await this.#raw().isInTransaction()) transaction.state = 'open';
      else this.#close(transaction);
      throw error;
    }
    this.#close(transaction);
    this.#announce(transaction.writes);
  }

  async rollback(transaction: OpenTransaction): Promise<void> {
    if (transaction.state === 'ended') return;
    transaction.state = 'closing';
    const idle = transaction.idle();
    if (idle !== undefined) await idle;
    try {
      if (transaction.lostBy === undefined) await this.#execute('ROLLBACK');
    } catch (error) {
      if (await this.#raw().isInTransaction()) {
        transaction.state = 'open';
        throw error;
      }
    }
    this.#close(transaction);
  }

  async inside<T>(transaction: OpenTransaction, run: () => Promise<T>): Promise<T> {
    transaction.enter(this.#settings.clock.now());
    try {
      return await run();
    } catch (error) {
      if (!(await this.#raw().isInTransaction())) transaction.lostBy ??= error;
      throw error;
    } finally {
      transaction.leave(this.#settings.clock.now());
    }
  }

  async alone<T>(sql: string, run: () => Promise<T>): Promise<T> {
    const holder: LockHolder = { running: 1, activeAt: 0 };
    const turn = this.#lock.acquire(holder);
    if (turn !== undefined) await turn;
    let result: T;
    try {
      result = await run().catch((error: unknown) => this.#retryWhileBusy(error, run));
    } finally {
      this.#lock.release(holder);
    }
    this.#announce(Writes.of(sql));
    return result;
  }

  async readAlone<T>(run: () => Promise<T>, key: string | undefined): Promise<T> {
    const note = this.#context.current()?.note;
    const read =
      key === undefined ? this.#readInTurn(run) : this.#sameReads.once(key, (begun) => this.#readInTurn(run, begun));
    const { value, commits } = await read;
    note?.(commits);
    return value;
  }

  // ── Inner workings ──────────────────────────────────────────────────────────────────────────────────────────────

  #createRunner(): GatedQueryRunner {
    const runner = new this.#Runner(this.#driver);
    const { statements } = this.#connection();
    // better-sqlite3's runner keeps prepared statements; alone, each runner would prepare every statement anew.
    shareStatements(runner, statements);
    const ambient = this.ambient();
    if (ambient !== undefined) runner.enterTransaction(ambient, 'joined');
    return runner;
  }

  #detachedRunner(): GatedQueryRunner {
    const runner = this.#context.run(undefined, () => this.#dataSource.createQueryRunner() as GatedQueryRunner);
    markOwn(runner);
    return runner;
  }

  /** A data source may be destroyed and initialised again: statements of the old connection are dead. */
  #connection(): Connected {
    const database: unknown = this.#driver.databaseConnection;
    let connected = this.#connected;
    if (connected === undefined || connected.database !== database) {
      mendSqlJs(database);
      const readsAtOnce = isAnswering(database) ? database.readsAtOnce : 1;
      connected = {
        database,
        raw: rawConnectionOf(this.#driver, this.#bareRunner),
        readsAtOnce,
        statements: new Map(),
      };
      this.#connected = connected;
    }
    return connected;
  }

  #raw(): RawConnection {
    return this.#connection().raw;
  }

  async #open(runner: QueryRunner, sql: string): Promise<OpenTransaction> {
    const transaction = new OpenTransaction();
    const turn = this.#lock.acquire(transaction);
    if (turn !== undefined) await turn;
    try {
      const begun = this.#execute(sql);
      if (begun !== undefined) await begun;
    } catch (error) {
      transaction.state = 'ended';
      this.#lock.release(transaction);
      throw error;
    }
    this.#dataSource.logger.logQuery(sql, undefined, runner);
    transaction.leave(this.#settings.clock.now());
    return transaction;
  }

  /** Sends transaction control; waits while the database is busy. Fails as TypeORM's own queries do. */
  #execute(sql: string): Promise<void> | undefined {
    const attempt = (): void | Promise<void> => this.#raw().execute(sql);
    const failed = (error: unknown): never => {
      throw error instanceof QueryFailedError || !(error instanceof Error)
        ? error
        : new QueryFailedError(sql, undefined, error);
    };
    try {
      const done = attempt();
      if (done === undefined) return undefined;
      return done.catch((error: unknown) => this.#retryWhileBusy(error, attempt)).catch(failed);
    } catch (error) {
      return this.#retryWhileBusy<void>(error, attempt).catch(failed);
    }
  }

  /** While the database is busy, whoever waits behind this read is not kept waiting. */
  async #readInTurn<T>(run: () => Promise<T>, begun?: () => void): Promise<ReadAnswer<T>> {
    const { clock, busyTimeoutMs } = this.#settings;
    let failedAt: number | undefined;
    for (let attempts = 0; ; attempts += 1) {
      const holder: LockHolder = { running: 1, activeAt: 0 };
      const turn = this.#lock.acquire(holder, true);
      if (turn !== undefined) await turn;
      begun?.();
      const commits = this.#commits;
      try {
        return { value: await run(), commits };
      } catch (error) {
        failedAt ??= clock.now();
        if (!isBusyError(error) || clock.now() - failedAt >= busyTimeoutMs) throw error;
      } finally {
        this.#lock.release(holder);
      }
      await new Promise<void>((resolve) => {
        clock.setTimeout(resolve, busyDelayMs(attempts));
      });
    }
  }

  /** Goes on after a first failed attempt. Reads may use the connection between the attempts. */
  async #retryWhileBusy<T>(first: unknown, attempt: () => T | Promise<T>): Promise<T> {
    const { clock, busyTimeoutMs } = this.#settings;
    const begunAt = clock.now();
    let failure = first;
    for (let attempts = 0; isBusyError(failure) && clock.now() - begunAt < busyTimeoutMs; attempts += 1) {
      this.#lock.park();
      await new Promise<void>((resolve) => {
        clock.setTimeout(resolve, busyDelayMs(attempts));
      });
      await this.#lock.unpark();
      try {
        return await attempt();
      } catch (error) {
        failure = error;
      }
    }
    throw failure;
  }

  #close(transaction: OpenTransaction): void {
    transaction.state = 'ended';
    const scope = this.#context.current();
    if (scope !== undefined && scope !== transaction && scope.transaction === transaction)
      scope.transaction = undefined;
    for (const member of transaction.members) member.leaveTransaction();
    this.#lock.release(transaction);
  }

  async #rollbackQuietly(transaction: OpenTransaction): Promise<void> {
    try {
      await this.rollback(transaction);
    } catch (error) {
      this.#dataSource.logger.log('warn', `ROLLBACK failed: ${String(error)}`);
    }
  }

  #announce(writes: Writes): void {
    if (writes.isEmpty) return;
    this.#commits += 1;
    const commit: Commit = { number: this.#commits, writes };
    for (const listener of this.#listeners) {
      try {
        this.detached(() => listener(commit));
      } catch (error) {
        this.#dataSource.logger.log('warn', `A commit listener failed: ${String(error)}`);
      }
    }
  }
}
