import type { DataSource, EntityMetadata, QueryRunner } from 'typeorm';
import type { AbstractSqliteDriver } from 'typeorm/driver/sqlite-abstract/AbstractSqliteDriver.js';
import type { GatedQueryRunner } from '../gate/gated-query-runner.ts';
import type { OpenTransaction } from '../gate/open-transaction.ts';
import { ValidationError } from '../../model/errors/errors.ts';
import { classifyDatabaseError } from '../sql/database-failure.ts';
import { isOwn } from '../gate/own-work.ts';
import { profileOf } from '../drivers/profile-of.ts';
import { registerTables } from '../tables/register-table.ts';
import { checkSchema } from '../database/schema-check.ts';
import { controlWordOf, savepointOf } from '../sql/control-word.ts';
import { dialectOf, Session } from '../sql/session.ts';
import type { SqliteGate } from '../gate/sqlite-gate.ts';
import type { SyncTable } from '../tables/sync-table.ts';
import { queryOf, replaceQuery, restoresHiddenOnly } from '../typeorm/query-runners.ts';
import { writtenBy } from '../sql/written-tables.ts';
import { CapturedTable, captureSwitch, type SwitchMode } from './entities/captured-table.ts';
import { explainHiddenRow } from './statements/explain-hidden-row.ts';
import { hideDeleted } from './statements/hide-deleted.ts';
import { Journal } from './statements/journal.ts';
import { LoadedChildren } from './entities/loaded-children.ts';
import { LoadedSnapshots } from './entities/loaded-snapshots.ts';
import { parentsFirst } from './statements/parents-first.ts';
import { queueChanges } from './statements/queue-changes.ts';
import { restoringStatement, revivingUpsert } from './statements/revive-on-conflict.ts';
import { Turns } from './turns.ts';
import { uniqueKeysOf } from './statements/unique-keys.ts';
import {
  hidingStatement,
  incrementsOf,
  returnsDeleted,
  revivingStatement,
  type Increments,
} from './statements/understand-statement.ts';
import { isUncaptured } from './without-capture.ts';

type Send = (sql: string, parameters?: readonly unknown[], structured?: boolean) => Promise<unknown>;
/** A statement as a query runner gets it. */
interface Statement {
  readonly sql: string;
  readonly parameters: readonly unknown[] | undefined;
  readonly structured: boolean | undefined;
}
/** A query runner, and how it sends without being captured. */
interface Captured {
  readonly runner: QueryRunner;
  readonly send: Send;
}

export interface CaptureSettings {
  readonly opId: () => string;
  readonly now: () => number;
  readonly hideDeleted: boolean;
}

/**
 * Captures what the app writes on one data source. Looks at every statement of every query runner: opens a transaction
 * where there is none, has the triggers note the rows, and queues the differences before the commit, in the same
 * transaction.
 */
export class Capture {
  readonly snapshots = new LoadedSnapshots();
  readonly children = new LoadedChildren();
  /** Parents before children. */
  #tables: readonly CapturedTable[] = [];
  #byMetadata = new Map<EntityMetadata, CapturedTable>();
  #byName = new Map<string, CapturedTable>();
  readonly #registered = new Map<unknown, SyncTable>();
  readonly #journals = new WeakMap<object, Journal>();
  readonly #turns = new Turns();
  readonly #alone = new WeakMap<QueryRunner, Promise<unknown>>();
  /** Tables whose triggers are there; the last ones were made in a transaction that may yet be rolled back. */
  #installed = new Set<CapturedTable>();
  #installing: { readonly transaction: OpenTransaction; readonly tables: readonly CapturedTable[] } | undefined;
  #switched: { readonly transaction: OpenTransaction; readonly on: SwitchMode } | undefined;
  /** The transaction in which something was captured. */
  #prepared: OpenTransaction | undefined;
  #preparing: Promise<void> | undefined;
  #connection: unknown;

  constructor(
    readonly dataSource: DataSource,
    readonly gate: SqliteGate,
    readonly settings: CaptureSettings,
  ) {
    this.#connection = this.#driver.databaseConnection;
  }

  get #driver(): AbstractSqliteDriver {
    return this.dataSource.driver as AbstractSqliteDriver;
  }

  /**
   * Adds tables; those that are captured already stay as they are. Throws `TypeError` for one that cannot be
   * synchronised.
   */
  add(tables: readonly SyncTable[]): void {
    const wanted = new Map(this.#registered);
    for (const table of tables) {
      if (!this.dataSource.hasMetadata(table.target)) registerTables(this.dataSource, [table]);
      const { target } = this.dataSource.getMetadata(table.target);
      if (!wanted.has(target)) wanted.set(target, table);
    }
    this.#register([...wanted.values()]);
    for (const [target, table] of wanted) this.#registered.set(target, table);
  }

  #register(tables: readonly SyncTable[]): void {
    const registry = registerTables(this.dataSource, tables, { partial: true });
    const replicas = [...registry.values()];
    const before = this.#byMetadata;
    const captured = replicas.map(
      (replica, index) =>
        before.get(replica.metadata) ?? new CapturedTable(replica, index, tables[index]?.options.toJson !== undefined),
    );
    this.#byMetadata = new Map(captured.map((table) => [table.replica.metadata, table]));
    this.#byName = new Map(captured.map((table) => [table.name.toLowerCase(), table]));
    this.#tables = parentsFirst(captured);
    if (this.settings.hideDeleted) for (const table of captured) hideDeleted(table);
  }

  tableOf(metadata: EntityMetadata): CapturedTable | undefined {
    return this.#byMetadata.get(metadata);
  }

  /**
   * The journal of the transaction that a statement of this runner would be part of; undefined where nothing is
   * captured.
   */
  journalOf(runner: QueryRunner): Journal | undefined {
    const transaction = this.#transactionOf(runner);
    return this.#captures(runner, transaction) ? this.#journal(transaction ?? runner) : undefined;
  }

  /** From now on the statements of all query runners with this prototype are captured. */
  attach(prototype: object): void {
    const original = queryOf(prototype);
    const query = (runner: QueryRunner, ...[sql, parameters, structured]: Parameters<Send>): Promise<unknown> =>
      this.#query({ runner, send: original.bind(runner) }, { sql, parameters, structured });
    replaceQuery(prototype, function (...given) {
      return query(this, ...given);
    });
  }

  #journal(key: object): Journal {
    const journal = this.#journals.get(key) ?? new Journal();
    this.#journals.set(key, journal);
    return journal;
  }

  #transactionOf(runner: QueryRunner): OpenTransaction | undefined {
    const { transaction } = runner as GatedQueryRunner;
    return transaction?.state === 'open' ? transaction : this.gate.ambient();
  }

  #captures(runner: QueryRunner, transaction: OpenTransaction | undefined): boolean {
    return !isOwn(runner) && !isOwn(transaction) && !isUncaptured();
  }

  async #query(on: Captured, statement: Statement): Promise<unknown> {
    const { sql } = statement;
    const pass = (): Promise<unknown> => on.send(sql, statement.parameters, statement.structured);
    const transaction = this.#transactionOf(on.runner);
    const isApps = !isOwn(on.runner) && !isOwn(transaction);
    const word = controlWordOf(sql);
    switch (word) {
      case undefined:
        if (this.#tables.length === 0 || writtenBy(sql) === undefined) return pass();
        if (!isApps) return transaction === undefined ? pass() : this.#uncaptured(on, transaction, statement);
        return transaction === undefined ? this.#inTurn(on, statement) : this.#inside(on, transaction, statement);
      case 'commit':
        if (isApps && transaction !== undefined) await this.#flush(on, transaction);
        await pass();
        if (transaction !== undefined) this.#committed(transaction);
        return undefined;
      case 'savepoint':
        if (transaction !== undefined) this.#journal(transaction).savepoint(savepointOf(sql));
        return pass();
      case 'rollbackTo':
        await pass();
        if (transaction !== undefined) this.#rolledBackTo(transaction, savepointOf(sql));
        return undefined;
      case 'schema':
        if (isApps && transaction !== undefined) await this.#flush(on, transaction);
        // A table that is dropped, or made anew to be altered, loses its triggers.
        this.#installed.clear();
        this.#prepared = undefined;
        return pass();
      case 'begin':
      case 'rollback':
        return pass();
      default:
        return word satisfies never;
    }
  }

  #committed(transaction: OpenTransaction): void {
    if (this.#installing?.transaction === transaction) this.#installing = undefined;
    for (const { entity, snapshot } of this.#journals.get(transaction)?.saved() ?? [])
      this.snapshots.keep(entity, snapshot);
    this.#journals.delete(transaction);
  }

  #rolledBackTo(transaction: OpenTransaction, savepoint: string): void {
    const { tookTriggers } = this.#journal(transaction).rollbackTo(savepoint);
    this.#switched = undefined;
    if (tookTriggers) this.#forgetInstalling();
  }

  #forgetInstalling(): void {
    for (const table of this.#installing?.tables ?? []) this.#installed.delete(table);
    this.#installing = undefined;
    this.#prepared = undefined;
  }

  /**
   * Statements outside of a transaction, sent side by side on one runner, get one transaction each, one after the
   * other.
   */
  #inTurn(on: Captured, statement: Statement): Promise<unknown> {
    const run = (): Promise<unknown> => {
      const transaction = this.#transactionOf(on.runner);
      return transaction === undefined ? this.#inTransaction(on, statement) : this.#inside(on, transaction, statement);
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

  async #inTransaction(on: Captured, statement: Statement): Promise<unknown> {
    await on.send('BEGIN TRANSACTION');
    try {
      const transaction = this.#transactionOf(on.runner);
      if (transaction === undefined) throw new TypeError('capture: BEGIN has opened no transaction');
      const result = await this.#inside(on, transaction, statement);
      await this.#flush(on, transaction);
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

  async #inside(on: Captured, transaction: OpenTransaction, statement: Statement): Promise<unknown> {
    if (isUncaptured()) return this.#uncaptured(on, transaction, statement);
    const tableOf = (name: string): CapturedTable | undefined => this.#byName.get(name);
    const increments = incrementsOf(statement.sql, tableOf);
    // What was changed before is an operation of its own: increments are queued as such.
    if (increments !== undefined) await this.#flush(on, transaction);
    const sent = this.#turns.run('captured', async () => {
      await this.#prepare(on, transaction);
      const at = new Date(this.settings.now()).toISOString();
      const hiding = hidingStatement(statement.sql, statement.parameters, tableOf, at);
      if (hiding === undefined && returnsDeleted(statement.sql) && this.#writesCaptured(statement.sql)) {
        throw new ValidationError(
          `DELETE … RETURNING on a captured table is understood with ? for its values, and without WITH, ORDER BY, LIMIT and comments; select the rows first: ${statement.sql.slice(0, 80)}`,
        );
      }
      return on.send(
        hiding?.sql ??
          revivingUpsert(statement.sql, tableOf) ??
          restoringStatement(statement.sql, tableOf, restoresHiddenOnly(on.runner)) ??
          statement.sql,
        hiding?.parameters ?? statement.parameters,
        statement.structured,
      );
    });
    const result = await sent.catch((error: unknown) => this.#insertOverDeleted(on, transaction, statement, error));
    if (increments !== undefined) await this.#flush(on, transaction, increments);
    return result;
  }

  #writesCaptured(sql: string): boolean {
    const tables = writtenBy(sql)?.tables ?? [];
    return tables === 'all' || tables.some((name) => this.#byName.has(name));
  }

  /** For the app a deleted row is not there: an insert with its id succeeds, and brings it back. */
  async #insertOverDeleted(
    on: Captured,
    transaction: OpenTransaction,
    statement: Statement,
    failure: unknown,
  ): Promise<unknown> {
    if (classifyDatabaseError(failure) !== 'constraint' || this.#prepared !== transaction) throw failure;
    const sql = revivingStatement(statement.sql, (name) => this.#byName.get(name));
    return this.#turns.run({}, async () => {
      try {
        if (sql === undefined) throw failure;
        await this.#switch(on, transaction, 2);
        return await on.send(sql, statement.parameters, statement.structured);
      } catch {
        // Whatever stands in the way of an explanation: the failure itself is what the app has to hear.
        await this.#explain(on, transaction, statement, failure).catch((why: unknown) =>
          this.dataSource.logger.log('warn', `synchart: a refused write was not explained: ${String(why)}`),
        );
        throw failure;
      }
    });
  }

  async #explain(
    on: Captured,
    transaction: OpenTransaction,
    { sql, parameters }: Statement,
    failure: unknown,
  ): Promise<void> {
    const { tables = [] } = writtenBy(sql) ?? {};
    const [name, ...others] = tables === 'all' ? [] : tables;
    const table = name === undefined || others.length > 0 ? undefined : this.#byName.get(name);
    // The app itself may have asked to give the transaction up (OR ROLLBACK).
    if (table === undefined || this.#transactionOf(on.runner) !== transaction) return;
    await this.#switch(on, transaction, 0);
    await explainHiddenRow(failure, this.#session(on), table, () => on.send(sql, parameters));
  }

  #uncaptured(
    on: Captured,
    transaction: OpenTransaction,
    { sql, parameters, structured }: Statement,
  ): Promise<unknown> {
    return this.#turns.run('uncaptured', async () => {
      if (this.#installing !== undefined && this.#installing.transaction !== transaction) this.#forgetInstalling();
      if (this.#installed.size > 0) await this.#switch(on, transaction, 0);
      return on.send(sql, parameters, structured);
    });
  }

  /**
   * A transaction that was given up may have taken the triggers with it, or the value of the switch: both are only
   * known within one transaction.
   */
  async #prepare(on: Captured, transaction: OpenTransaction): Promise<void> {
    // Statements that are sent side by side wait for the first of them.
    while (this.#preparing !== undefined) await this.#preparing;
    if (this.#prepared !== transaction) {
      const making = this.#makeReady(on, transaction);
      const settled = (): void => {
        this.#preparing = undefined;
      };
      this.#preparing = making.then(settled, settled);
      await making;
    }
    await this.#switch(on, transaction, 1);
  }

  async #makeReady(on: Captured, transaction: OpenTransaction): Promise<void> {
    if (this.#installing !== undefined && this.#installing.transaction !== transaction) this.#forgetInstalling();
    await this.#checkConnection(on);
    const missing = this.#tables.filter((table) => !this.#installed.has(table));
    if (missing.length > 0) await this.#install(on, transaction, missing);
    this.#prepared = transaction;
  }

  /** The app has opened the database anew; or sql.js has, by writing its file. */
  async #checkConnection(on: Captured): Promise<void> {
    const connection: unknown = this.#driver.databaseConnection;
    if (connection !== this.#connection) {
      this.#connection = connection;
      this.#installed.clear();
      this.#installing = undefined;
      this.#register([...this.#registered.values()]);
    }
    if (profileOf(this.dataSource)?.losesTriggers !== true || this.#installed.size === 0) return;
    const rows = await on.send(
      `SELECT 1 FROM temp.sqlite_master WHERE "type" = 'trigger' AND "name" LIKE 'synchart_capture_%'`,
    );
    if (!Array.isArray(rows) || rows.length < this.#installed.size) this.#installed.clear();
  }

  async #install(on: Captured, transaction: OpenTransaction, tables: readonly CapturedTable[]): Promise<void> {
    const replicas = tables.map(({ replica }) => replica);
    await checkSchema(this.#session(on), this.dataSource, replicas);
    await on.send(`CREATE TEMP TABLE IF NOT EXISTS ${captureSwitch} ("on" INTEGER NOT NULL)`);
    await on.send(
      `INSERT INTO temp.${captureSwitch} ("on") SELECT 0 WHERE NOT EXISTS (SELECT 1 FROM temp.${captureSwitch})`,
    );
    for (const table of tables)
      for (const sql of table.install(await uniqueKeysOf(on.send, table.name))) await on.send(sql);
    for (const table of tables) this.#installed.add(table);
    this.#installing = { transaction, tables: [...(this.#installing?.tables ?? []), ...tables] };
    this.#journal(transaction).noteTriggers();
    this.#switched = undefined;
  }

  async #switch(on: Captured, transaction: OpenTransaction, to: SwitchMode): Promise<void> {
    if (this.#switched?.transaction === transaction && this.#switched.on === to) return;
    await on.send(`UPDATE temp.${captureSwitch} SET "on" = ${to}`);
    this.#switched = { transaction, on: to };
  }

  #session({ runner, send }: Captured): Session {
    const bare = Object.create(runner) as QueryRunner;
    replaceQuery(bare, send);
    return new Session(bare, dialectOf(this.dataSource));
  }

  async #flush(on: Captured, transaction: OpenTransaction, increments?: Increments): Promise<void> {
    if (this.#prepared !== transaction) return;
    await this.#turns.run({}, async () => {
      this.#switched = undefined;
      const journals = [this.#journals.get(transaction), this.#journals.get(on.runner)];
      await queueChanges(this.#session(on), {
        tables: this.#tables,
        seenOf: (table) => new Map(journals.flatMap((journal) => [...(journal?.seenOf(table) ?? [])])),
        increments,
        opId: this.settings.opId,
        now: this.settings.now(),
      });
    });
    this.#journals.delete(on.runner);
  }
}
