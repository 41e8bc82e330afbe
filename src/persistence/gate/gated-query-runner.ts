import type { AbstractSqliteDriver } from 'typeorm/driver/sqlite-abstract/AbstractSqliteDriver.js';
import type { AbstractSqliteQueryRunner } from 'typeorm/driver/sqlite-abstract/AbstractSqliteQueryRunner.js';
import { DatabaseError } from '../../model/errors/errors.ts';
import { controlWordOf } from '../sql/control-word.ts';
import { firstWordOf } from '../sql/tokens.ts';
import type { OpenTransaction, TransactionMember } from './open-transaction.ts';
import { readKeyOf } from './same-reads.ts';
import { dataSourceOf, markUnsaved, replaceFlush, toQueryFailure } from '../typeorm/query-runners.ts';
import type { DriverProfile } from '../drivers/driver-profile.ts';
import { shortQuery } from '../drivers/short-query.ts';

type IsolationLevel = Parameters<AbstractSqliteQueryRunner['startTransaction']>[0];
type Parameters_ = Parameters<AbstractSqliteQueryRunner['query']>[1];
type QueryAnswer = ReturnType<AbstractSqliteQueryRunner['query']>;

/** A driver's own query runner. */
export interface SqliteQueryRunner extends AbstractSqliteQueryRunner {
  query(sql: string, parameters?: Parameters_, useStructuredResult?: boolean): QueryAnswer;
}
export type SqliteRunnerClass = new (driver: AbstractSqliteDriver) => SqliteQueryRunner;

/** What a runner needs of its gate. */
export interface GateOperations {
  readonly profile: DriverProfile;
  /** The open transaction of the caller's async context. */
  ambient(): OpenTransaction | undefined;
  begin(runner: GatedQueryRunner, sql: string): Promise<void>;
  commit(transaction: OpenTransaction): Promise<void>;
  rollback(transaction: OpenTransaction): Promise<void>;
  /** Runs a statement within an open transaction. */
  inside<T>(transaction: OpenTransaction, run: () => Promise<T>): Promise<T>;
  /** Runs a statement outside any transaction when its turn comes. */
  alone<T>(sql: string, run: () => Promise<T>): Promise<T>;
  /** Like `alone`, for a statement that only reads. Waiting reads with the same key run once. */
  readAlone<T>(run: () => Promise<T>, key: string | undefined): Promise<T>;
}

/** A separate query runner over the shared connection. */
export interface GatedQueryRunner extends SqliteQueryRunner, TransactionMember {
  /** The transaction it takes part in; undefined after its end. */
  transaction: OpenTransaction | undefined;
  /**
   * `owns`: it began the transaction. `joined`: it was created within it. `nests`: it joined for one nested
   * transaction.
   */
  role: 'owns' | 'joined' | 'nests' | undefined;
  enterTransaction(transaction: OpenTransaction, role: 'owns' | 'joined' | 'nests'): void;
  /** Runs a statement without a result, together with the next one if the connection supports that. */
  later(sql: string, parameters: readonly unknown[]): Promise<void>;
}
export type GatedRunnerClass = new (driver: AbstractSqliteDriver) => GatedQueryRunner;

const reading: ReadonlySet<string> = new Set(['select', 'pragma', 'explain']);

/** Rolls back a transaction that the runner began and will not end. */
async function abandon(gate: GateOperations, runner: GatedQueryRunner): Promise<void> {
  if (runner.transaction !== undefined && runner.role === 'owns') await gate.rollback(runner.transaction);
  else runner.leaveTransaction();
}

async function end(
  gate: GateOperations,
  runner: GatedQueryRunner,
  sql: string,
  word: 'commit' | 'rollback',
): Promise<void> {
  const { transaction } = runner;
  if (transaction === undefined || runner.role !== 'owns') {
    throw new DatabaseError(
      `${sql}: this query runner has no transaction open; end a transaction with the query runner that began it`,
    );
  }
  return word === 'rollback' ? gate.rollback(transaction) : gate.commit(transaction);
}

/**
 * Derives from a driver's query runner one that passes the gate before each statement. TypeORM's flow (save,
 * transaction, migrations) is unchanged; only BEGIN, COMMIT and ROLLBACK go to the gate, which sends them itself. Has
 * no private members, because earlier runners are adopted by a change of their prototype.
 */
export function createGatedRunnerClass(Base: SqliteRunnerClass, gate: GateOperations): GatedRunnerClass {
  class Gated extends Base implements GatedQueryRunner {
    transaction: OpenTransaction | undefined = undefined;
    role: GatedQueryRunner['role'] = undefined;

    enterTransaction(transaction: OpenTransaction, role: 'owns' | 'joined' | 'nests'): void {
      this.transaction = transaction;
      this.role = role;
      this.isTransactionActive = true;
      this.transactionDepth = 1;
      transaction.members.add(this);
      // For sql.js: the file includes the writes of joined runners when the transaction has ended.
      if (role === 'owns') markUnsaved(this);
    }

    leaveTransaction(): void {
      this.transaction?.members.delete(this);
      this.transaction = undefined;
      this.role = undefined;
      this.isTransactionActive = false;
      this.transactionDepth = 0;
    }

    override async query(sql: string, parameters?: Parameters_, useStructuredResult?: boolean): QueryAnswer {
      const control = controlWordOf(sql);
      if (control === 'begin') return gate.begin(this, sql);
      if (control === 'commit' || control === 'rollback') return end(gate, this, sql, control);

      const open = this.transaction?.state === 'open' ? this.transaction : gate.ambient();
      const bound = Array.isArray(parameters) ? gate.profile.toBindables(parameters) : parameters;
      const connection: unknown = this.driver.databaseConnection;
      const isShort =
        gate.profile.isAnswering(connection) &&
        !this.isReleased &&
        dataSourceOf(this).subscribers.length === 0 &&
        (bound === undefined || Array.isArray(bound));
      const run = (): QueryAnswer => {
        if (isShort) return shortQuery(connection, this, sql, bound, useStructuredResult);
        return super.query(sql, bound, useStructuredResult).catch((error: unknown) => {
          throw toQueryFailure(error, sql, Array.isArray(bound) ? bound : undefined);
        });
      };
      if (open !== undefined) {
        open.writes.note(sql);
        return gate.inside(open, run);
      }
      if (control === 'savepoint')
        throw new DatabaseError(
          `${sql}: a savepoint outside of a transaction is not supported; use startTransaction()`,
        );
      const verb = firstWordOf(sql);
      if (!reading.has(verb)) return gate.alone(sql, run);
      // Subscribers to statements receive each one.
      return gate.readAlone(
        run,
        isShort && verb === 'select' ? readKeyOf(sql, bound, useStructuredResult === true) : undefined,
      );
    }

    /** Uses `query` of the runner, which may differ from that of its class. */
    async later(sql: string, parameters: readonly unknown[]): Promise<void> {
      const { transaction } = this;
      const connection: unknown = this.driver.databaseConnection;
      const later = gate.profile.isAnswering(connection) ? connection.later?.bind(connection) : undefined;
      if (transaction?.state !== 'open' || later === undefined || dataSourceOf(this).subscribers.length > 0) {
        await this.query(sql, [...parameters]);
        return;
      }
      transaction.writes.note(sql);
      dataSourceOf(this).logger.logQuery(sql, [...parameters], this);
      await gate.inside(transaction, () => later(sql, gate.profile.toBindables([...parameters])));
    }

    override async startTransaction(isolationLevel?: IsolationLevel): Promise<void> {
      const ambient = this.transaction === undefined ? gate.ambient() : undefined;
      if (ambient !== undefined) this.enterTransaction(ambient, 'nests');
      const nested = this.transaction !== undefined;
      try {
        await super.startTransaction(isolationLevel);
      } catch (error) {
        // TypeORM would continue as if a transaction were open.
        if (!nested) await abandon(gate, this);
        throw error;
      }
    }

    override async commitTransaction(): Promise<void> {
      try {
        await super.commitTransaction();
      } finally {
        if (this.transaction === undefined || (this.role === 'nests' && this.transactionDepth <= 1))
          this.leaveTransaction();
      }
    }

    override async rollbackTransaction(): Promise<void> {
      const outermost = this.role === 'owns' && this.transactionDepth <= 1;
      try {
        await super.rollbackTransaction();
      } catch (error) {
        // A subscriber that throws before ROLLBACK must not block the connection.
        if (outermost) await abandon(gate, this);
        throw error;
      } finally {
        if (this.transaction === undefined || (this.role === 'nests' && this.transactionDepth <= 1))
          this.leaveTransaction();
      }
    }

    /** Rolls back an unfinished transaction, because nobody else can. */
    override async release(): Promise<void> {
      if (this.role === 'owns') await abandon(gate, this);
      await super.release();
      this.leaveTransaction();
    }
  }
  // sql.js writes its file by an export, which fails within a transaction. It waits for the connection and for the end
  // of its own transaction.
  replaceFlush(Base, Gated, async (runner, flush) => {
    if ((runner as GatedQueryRunner).transaction === undefined && gate.ambient() === undefined)
      await gate.alone('', flush);
  });
  return Gated;
}
