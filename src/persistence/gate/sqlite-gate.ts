import type { DataSource, QueryRunner } from 'typeorm';
import type { AbstractSqliteDriver } from 'typeorm/driver/sqlite-abstract/AbstractSqliteDriver.js';
import type { Clock } from '../../model/platform/clock.ts';
import { DatabaseError, TransactionLostError } from '../../model/errors/errors.ts';
import type { DriverProfile } from '../drivers/driver-profile.ts';
import { CommitNews } from './commit-news.ts';
import { ConnectionTurns } from './connection-turns.ts';
import { observing } from './observing.ts';
import type { Commit, ConnectionGate, Observed, TransactionOptions } from './gate-port.ts';
import {
  createGatedRunnerClass,
  type GatedQueryRunner,
  type GatedRunnerClass,
  type GateOperations,
  type SqliteQueryRunner,
  type SqliteRunnerClass,
} from './gated-query-runner.ts';
import { OpenConnection } from './open-connection.ts';
import { OpenTransaction, type TransactionScope } from './open-transaction.ts';
import { markOwn } from './own-work.ts';
import { SameReads, type ReadAnswer } from './same-reads.ts';
import { scopedTransaction } from './scoped-transaction.ts';
import { replaceManagerMethods } from '../typeorm/managers.ts';
import { bindNumbers } from '../typeorm/bind-numbers.ts';
import { changeClass, replaceQueryRunners, setTransactionDepth, shareStatements } from '../typeorm/query-runners.ts';
import { aroundSchemaWork } from '../typeorm/schema-work.ts';
import type { AsyncContext } from './transaction-context.ts';
import { isExclusive } from '../sql/control-word.ts';
import { Writes } from '../sql/written-tables.ts';

/** After this many lost hosts in a row, the failure is reported. */
const mostAttempts = 5;

interface SqliteGateSettings {
  readonly profile: DriverProfile;
  readonly clock: Clock;
  readonly busyTimeoutMs: number;
  readonly gateTimeoutMs: number;
  readonly context: AsyncContext<TransactionScope>;
}

/**
 * The gate of one SQLite connection (F-130, F-131). Replaces `createQueryRunner` of the driver and `transaction` of the
 * managers.
 */
export class SqliteGate implements ConnectionGate, GateOperations {
  readonly profile: DriverProfile;
  readonly #dataSource: DataSource;
  readonly #driver: AbstractSqliteDriver;
  readonly #clock: Clock;
  readonly #context: AsyncContext<TransactionScope>;
  readonly #Runner: GatedRunnerClass;
  readonly #connection: OpenConnection;
  readonly #turns: ConnectionTurns;
  readonly #sameReads = new SameReads();
  readonly #news: CommitNews;

  constructor(dataSource: DataSource, driver: AbstractSqliteDriver, settings: SqliteGateSettings) {
    this.#dataSource = dataSource;
    this.#driver = driver;
    this.profile = settings.profile;
    this.#clock = settings.clock;
    this.#context = settings.context;
    this.#turns = new ConnectionTurns({ ...settings, readsAtOnce: () => this.#connection.readsAtOnce });
    this.#news = new CommitNews(
      (work) => this.detached(work),
      (message) => dataSource.logger.log('warn', message),
    );
    const shared = driver.createQueryRunner('master') as SqliteQueryRunner;
    if (shared.isTransactionActive)
      throw new DatabaseError(
        'gateConnection(): a transaction is open on this data source; apply the gate before using it',
      );
    const Base = shared.constructor as SqliteRunnerClass;
    this.#connection = new OpenConnection(driver, settings.profile, () => new Base(driver));
    this.#Runner = createGatedRunnerClass(Base, this);
    // Callers that already hold the shared runner also use the gate from now on.
    changeClass(shared, this.#Runner);
    replaceQueryRunners(driver, () => this.#createRunner());
    if (this.profile.bindsIntegers) bindNumbers(driver);
    replaceManagerMethods(dataSource, { transaction: scopedTransaction(this.#context) });
    // A migration receives a query runner. Its work through the data source must join its transaction, too.
    aroundSchemaWork(dataSource, (work) => this.#context.run({ transaction: undefined }, work));
  }

  // ── For the engine ──────────────────────────────────────────────────────────────────────────────────────────────

  get waiting(): number {
    return this.#turns.waiting;
  }

  async transaction<T>(
    work: (queryRunner: QueryRunner) => Promise<T>,
    { repeatable = false }: TransactionOptions = {},
  ): Promise<T> {
    for (let attempts = 1; ; attempts += 1) {
      try {
        return await this.#tryTransaction(work);
      } catch (error) {
        if (!repeatable || attempts === mostAttempts || !(error instanceof TransactionLostError)) throw error;
      }
    }
  }

  async #tryTransaction<T>(work: (queryRunner: QueryRunner) => Promise<T>): Promise<T> {
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
      // Replaces the error of `work`, because nothing of the transaction is stored.
      throw transaction.lostBy instanceof TransactionLostError ? transaction.lostBy : error;
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
    return this.#news.count;
  }

  onCommit(listener: (commit: Commit) => void): () => void {
    return this.#news.listen(listener);
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
      // The lock stays until ROLLBACK has run, unless SQLite itself has rolled back (F-131).
      if (await this.#connection.isInTransaction()) transaction.state = 'open';
      else this.#close(transaction);
      throw error;
    }
    transaction.isCommitted = true;
    this.#close(transaction);
    this.#news.announce(transaction.writes);
  }

  async rollback(transaction: OpenTransaction): Promise<void> {
    if (transaction.state === 'ended') return;
    transaction.state = 'closing';
    const idle = transaction.idle();
    if (idle !== undefined) await idle;
    try {
      if (transaction.lostBy === undefined) await this.#execute('ROLLBACK');
    } catch (error) {
      if (await this.#connection.isInTransaction()) {
        transaction.state = 'open';
        throw error;
      }
    }
    this.#close(transaction);
  }

  async inside<T>(transaction: OpenTransaction, run: () => Promise<T>): Promise<T> {
    transaction.enter(this.#clock.now());
    try {
      return await run().catch((error: unknown) => this.#again(error, run));
    } catch (error) {
      if (error instanceof TransactionLostError) transaction.lostBy ??= error;
      else if (!(await this.#connection.isInTransaction())) transaction.lostBy ??= error;
      throw error;
    } finally {
      transaction.leave(this.#clock.now());
    }
  }

  async alone<T>(sql: string, run: () => Promise<T>): Promise<T> {
    const result = await this.#turns.write(run);
    this.#news.announce(Writes.of(sql));
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
    shareStatements(runner, this.#connection.statements);
    const ambient = this.ambient();
    if (ambient !== undefined) runner.enterTransaction(ambient, 'joined');
    return runner;
  }

  #detachedRunner(): GatedQueryRunner {
    const runner = this.#context.run(undefined, () => this.#dataSource.createQueryRunner() as GatedQueryRunner);
    markOwn(runner);
    return runner;
  }

  async #open(runner: QueryRunner, sql: string): Promise<OpenTransaction> {
    const transaction = new OpenTransaction();
    const turn = this.#turns.acquire(transaction);
    if (turn !== undefined) await turn;
    try {
      const begun = this.#connection.begin(sql, (first, attempt) => this.#turns.retryWhileBusy(first, attempt));
      if (begun !== undefined) await begun;
    } catch (error) {
      transaction.state = 'ended';
      this.#turns.release(transaction);
      throw error;
    }
    this.#dataSource.logger.logQuery(sql, undefined, runner);
    transaction.leave(this.#clock.now());
    return transaction;
  }

  /** The first statement of a transaction that includes BEGIN waits like BEGIN. */
  #again<T>(error: unknown, run: () => Promise<T>): Promise<T> {
    if (this.#connection.hasBegun()) throw error;
    return this.#turns.retryWhileBusy(error, run);
  }

  /** Waits while the database is busy. */
  #execute(sql: string): Promise<void> | undefined {
    return this.#connection.execute(sql, (first, attempt) => this.#turns.retryWhileBusy(first, attempt));
  }

  #readInTurn<T>(run: () => Promise<T>, begun?: () => void): Promise<ReadAnswer<T>> {
    return this.#turns.read(async () => {
      begun?.();
      const commits = this.#news.count;
      return { value: await run(), commits };
    });
  }

  #close(transaction: OpenTransaction): void {
    transaction.state = 'ended';
    const scope = this.#context.current();
    if (scope !== undefined && scope !== transaction && scope.transaction === transaction)
      scope.transaction = undefined;
    for (const member of transaction.members) member.leaveTransaction();
    this.#connection.transactionEnded();
    this.#turns.release(transaction);
  }

  async #rollbackQuietly(transaction: OpenTransaction): Promise<void> {
    try {
      await this.rollback(transaction);
    } catch (error) {
      this.#dataSource.logger.log('warn', `ROLLBACK failed: ${String(error)}`);
    }
  }
}
