import type { DataSource, EntityMetadata, QueryRunner } from 'typeorm';
import type { OpenTransaction } from '../gate/open-transaction.ts';
import { isOwn } from '../gate/own-work.ts';
import type { SqliteGate } from '../gate/sqlite-gate.ts';
import { controlWordOf, savepointOf } from '../sql/control-word.ts';
import { writtenBy } from '../sql/written-tables.ts';
import type { SyncTable } from '../tables/sync-table.ts';
import { queryOf, replaceQuery } from '../typeorm/query-runners.ts';
import { CaptureTriggers } from './capture-triggers.ts';
import { transactionOf, uncapturedSession } from './captured-runner.ts';
import type { CapturedRunner, CapturedWork, Send, Statement } from './captured-runner.ts';
import { CapturedStatements } from './captured-statements.ts';
import { CapturedTables } from './captured-tables.ts';
import type { CapturedTable } from './entities/captured-table.ts';
import { LoadedChildren } from './entities/loaded-children.ts';
import { LoadedSnapshots } from './entities/loaded-snapshots.ts';
import { Journals, type Journal } from './statements/journal.ts';
import { queueChanges } from './statements/queue-changes.ts';
import { incrementsOf, type Increments } from './statements/understand-statement.ts';
import { Turns } from './turns.ts';
import { isUncaptured } from './without-capture.ts';

export interface CaptureSettings {
  readonly opId: () => string;
  readonly now: () => number;
  readonly hideDeleted: boolean;
}

/**
 * Captures the app's writes on one data source. Inspects every statement of every query runner, opens a transaction if
 * there is none, lets the triggers record the rows, and queues the differences before the commit in the same
 * transaction.
 */
export class Capture {
  readonly snapshots = new LoadedSnapshots();
  readonly children = new LoadedChildren();
  readonly #tables: CapturedTables;
  readonly #journals = new Journals();
  readonly #triggers: CaptureTriggers;
  readonly #turns = new Turns();
  readonly #statements: CapturedStatements;
  readonly #alone = new WeakMap<QueryRunner, Promise<unknown>>();

  constructor(
    private readonly dataSource: DataSource,
    private readonly gate: SqliteGate,
    private readonly settings: CaptureSettings,
  ) {
    this.#tables = new CapturedTables(dataSource, settings);
    this.#triggers = new CaptureTriggers(dataSource, this.#tables, this.#journals);
    this.#statements = new CapturedStatements({
      dataSource,
      gate,
      tables: this.#tables,
      triggers: this.#triggers,
      turns: this.#turns,
      now: settings.now,
    });
  }

  /** Adds tables; already captured ones stay unchanged. Throws `TypeError` for a table that cannot be synchronised. */
  add(tables: readonly SyncTable[]): void {
    this.#tables.add(tables);
  }

  tableOf(metadata: EntityMetadata): CapturedTable | undefined {
    return this.#tables.of(metadata);
  }

  /** The journal of the transaction that a statement of this runner would join; undefined if nothing is captured. */
  journalOf(runner: QueryRunner): Journal | undefined {
    const transaction = transactionOf(runner, this.gate);
    const isCaptured = this.#isApps(runner, transaction) && !isUncaptured();
    return isCaptured ? this.#journals.of(transaction ?? runner) : undefined;
  }

  /** Captures the statements of all query runners with this prototype from now on. */
  attach(prototype: object): void {
    const original = queryOf(prototype);
    const query = (runner: QueryRunner, ...[sql, parameters, structured]: Parameters<Send>): Promise<unknown> =>
      this.#query({ runner, send: original.bind(runner) }, { sql, parameters, structured });
    replaceQuery(prototype, function (...given) {
      return query(this, ...given);
    });
  }

  #isApps(runner: QueryRunner, transaction: OpenTransaction | undefined): boolean {
    return !isOwn(runner) && !isOwn(transaction);
  }

  async #query(on: CapturedRunner, statement: Statement): Promise<unknown> {
    const { sql } = statement;
    const pass = (): Promise<unknown> => on.send(sql, statement.parameters, statement.structured);
    const word = controlWordOf(sql);
    if (word === undefined) return this.#writes(sql) ? this.#write(on, statement) : pass();
    const transaction = transactionOf(on.runner, this.gate);
    if (transaction === undefined) {
      if (word === 'schema') this.#triggers.schemaChanges();
      return pass();
    }
    const work = { ...on, transaction };
    switch (word) {
      case 'commit':
        if (this.#isApps(on.runner, transaction)) await this.#flush(work);
        await pass();
        this.#committed(transaction);
        return undefined;
      case 'savepoint':
        this.#journals.of(transaction).savepoint(savepointOf(sql));
        return pass();
      case 'rollbackTo':
        await pass();
        this.#rolledBackTo(transaction, savepointOf(sql));
        return undefined;
      case 'schema':
        if (this.#isApps(on.runner, transaction)) await this.#flush(work);
        this.#triggers.schemaChanges();
        return pass();
      case 'begin':
      case 'rollback':
        return pass();
      default:
        return word satisfies never;
    }
  }

  #writes(sql: string): boolean {
    return this.#tables.inOrder.length > 0 && writtenBy(sql) !== undefined;
  }

  #write(on: CapturedRunner, statement: Statement): Promise<unknown> {
    const transaction = transactionOf(on.runner, this.gate);
    const isApps = this.#isApps(on.runner, transaction);
    if (transaction === undefined)
      return isApps ? this.#inTurn(on, statement) : on.send(statement.sql, statement.parameters, statement.structured);
    const work = { ...on, transaction };
    return isApps ? this.#inside(work, statement) : this.#statements.sendUncaptured(work, statement);
  }

  #committed(transaction: OpenTransaction): void {
    this.#triggers.committed(transaction);
    for (const { entity, snapshot } of this.#journals.end(transaction)) this.snapshots.keep(entity, snapshot);
  }

  #rolledBackTo(transaction: OpenTransaction, savepoint: string): void {
    const { tookTriggers } = this.#journals.of(transaction).rollbackTo(savepoint);
    this.#triggers.forgetSwitch();
    if (tookTriggers) this.#triggers.tookBack();
  }

  /** Concurrent statements outside a transaction on one runner each get their own transaction, one after another. */
  #inTurn(on: CapturedRunner, statement: Statement): Promise<unknown> {
    const run = (): Promise<unknown> => {
      const transaction = transactionOf(on.runner, this.gate);
      return transaction === undefined
        ? this.#inTransaction(on, statement)
        : this.#inside({ ...on, transaction }, statement);
    };
    const earlier = this.#alone.get(on.runner);
    const mine = earlier === undefined ? run() : earlier.then(run, run);
    this.#alone.set(on.runner, mine);
    const forget = (): void => {
      if (this.#alone.get(on.runner) === mine) this.#alone.delete(on.runner);
    };
    mine.then(forget, forget);
    return mine;
  }

  async #inTransaction(on: CapturedRunner, statement: Statement): Promise<unknown> {
    await on.send('BEGIN TRANSACTION');
    try {
      const transaction = transactionOf(on.runner, this.gate);
      if (transaction === undefined) throw new TypeError('captureWrites: BEGIN did not open a transaction');
      const work = { ...on, transaction };
      const result = await this.#inside(work, statement);
      await this.#flush(work);
      await on.send('COMMIT');
      this.#committed(transaction);
      return result;
    } catch (error) {
      if (on.runner.isTransactionActive) {
        await on
          .send('ROLLBACK')
          .catch((failure: unknown) => this.dataSource.logger.log('warn', `ROLLBACK failed: ${String(failure)}`));
      }
      throw error;
    }
  }

  async #inside(work: CapturedWork, statement: Statement): Promise<unknown> {
    if (isUncaptured()) return this.#statements.sendUncaptured(work, statement);
    const increments = incrementsOf(statement.sql, this.#tables.named);
    // Earlier changes become their own operation, because increments are queued as such.
    if (increments !== undefined) await this.#flush(work);
    const result = await this.#statements.send(work, statement);
    if (increments !== undefined) await this.#flush(work, increments);
    return result;
  }

  /** Queues the changes of the transaction since the last flush. */
  async #flush(work: CapturedWork, increments?: Increments): Promise<void> {
    const { transaction, runner } = work;
    if (!this.#triggers.hasPrepared(transaction)) return;
    await this.#turns.run({}, async () => {
      this.#triggers.forgetSwitch();
      await queueChanges(uncapturedSession(work, this.dataSource), {
        tables: this.#tables.inOrder,
        seenOf: this.#journals.seenIn(transaction, runner),
        increments,
        named: transaction.writes.isAll ? 'all' : transaction.writes.tables,
        opId: this.settings.opId,
        now: this.settings.now(),
      });
    });
    this.#journals.forget(runner);
  }
}
