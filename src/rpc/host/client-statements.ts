import { AppOutdatedError, TransactionLostError } from '../../model/errors/errors.ts';
import type { Clock } from '../../model/platform/clock.ts';
import { Writes } from '../../persistence/sql/written-tables.ts';
import type { Lead, Operation, Release, StatementResult, Step } from '../protocol/messages.ts';
import { lacksMigrations } from '../protocol/release.ts';
import type { CommitMarks } from './commit-marks.ts';
import type { HostConnection } from './host-connection.ts';
import { checkStatement } from './statement-check.ts';
import type { TurnHolder, Turns } from './turns.ts';

/** What all sessions of a host share. */
export interface HostState {
  readonly connection: HostConnection;
  readonly clock: Clock;
  readonly turns: Turns;
  readonly marks: CommitMarks;
  readonly gateTimeoutMs: number;
  /** What the file has been migrated to. */
  readonly fileRelease: Pick<Release, 'sync' | 'app'>;
  /** Only open transactions go on. */
  readonly isLeaving: boolean;
  /** What the connection is set to now. */
  foreignKeys: boolean;
  /** Tells the others, and reads the release again where the migrations may have changed. */
  committed(by: StatementOwner, writes: Writes): Promise<void>;
}

/** The client whose statements these are. */
export interface StatementOwner extends TurnHolder {
  readonly clientId: string;
  readonly release: Release;
  readonly isGone: boolean;
}

interface OpenTransaction {
  readonly tx: number;
  readonly writes: Writes;
}

type StatementOf<Op extends Operation['op']> = Extract<Operation, { readonly op: Op }>;

const nothing: StatementResult = { rows: [], changes: 0, lastInsertRowId: 0 };

/** The call waits for the next host: this one does not answer it. */
export const unanswered = Symbol('unanswered');

/** Carries out the statements of one client, in its turn and in its transaction. */
export class ClientStatements {
  readonly #host: HostState;
  readonly #client: StatementOwner;
  #transaction: OpenTransaction | undefined;
  #lostBecause = 'the host does not know this transaction';

  constructor(host: HostState, client: StatementOwner) {
    this.#host = host;
    this.#client = client;
  }

  get hasTransaction(): boolean {
    return this.#transaction !== undefined;
  }

  carryOut(operation: Operation): Promise<StatementResult | typeof unanswered> {
    switch (operation.op) {
      case 'begin':
        return this.#begin(operation);
      case 'query':
        return this.#query(operation);
      case 'write':
        return this.#write(operation);
      case 'commit':
        return this.#led(operation.tx, operation.lead, () => this.#commit(operation));
      case 'rollback':
        return this.#rollback(operation);
    }
  }

  /** Rolls an open transaction back when it is due. */
  async lose(because: string, isStillDue: () => boolean): Promise<void> {
    if (this.#transaction === undefined || !isStillDue()) return;
    await this.#rollBack();
    this.#end(because);
  }

  #query(query: StatementOf<'query'>): Promise<StatementResult | typeof unanswered> {
    const { tx, lead, sql } = query;
    return tx === undefined ? this.#read(sql, query) : this.#led(tx, lead, () => this.#inside(tx, query));
  }

  async #begin({ tx, exclusive, foreignKeys }: StatementOf<'begin'>): Promise<StatementResult | typeof unanswered> {
    if (!(await this.#takeTurn())) return unanswered;
    try {
      await this.#ready(foreignKeys);
      await this.#execute(exclusive ? 'BEGIN EXCLUSIVE' : 'BEGIN IMMEDIATE');
    } catch (error) {
      this.#host.turns.release(this.#client);
      throw error;
    }
    this.#transaction = { tx, writes: new Writes() };
    return nothing;
  }

  /** Carries out what comes before a call of a transaction, then the call. */
  async #led<T>(tx: number, lead: Lead | undefined, call: () => Promise<T>): Promise<T | typeof unanswered> {
    if (lead === undefined) return call();
    if (lead.begin !== undefined) {
      const begun = await this.#begin({ op: 'begin', tx, exclusive: false, ...lead.begin });
      if (begun === unanswered) return unanswered;
    }
    for (const step of lead.steps) await this.#step(tx, step);
    return call();
  }

  /** The client believes that it is done: without it the transaction must not go on. */
  async #step(tx: number, step: Step): Promise<void> {
    try {
      await this.#inside(tx, step);
    } catch (error) {
      if (this.#transaction?.tx === tx) {
        await this.#rollBack();
        this.#end('a statement of it has failed');
      }
      // The caller knows only the statement that it waits for.
      if (error instanceof Error) error.message += ` (in ${step.sql.slice(0, 80)})`;
      throw error;
    }
  }

  async #inside(tx: number, { sql, parameters }: Step): Promise<StatementResult> {
    const { writes } = this.#openTransaction(tx);
    checkStatement(sql, 'inside');
    writes.note(sql);
    try {
      return await this.#host.connection.execute(sql, parameters);
    } catch (error) {
      await this.#noticeRollback(error);
      throw error;
    }
  }

  async #read(sql: string, { parameters }: StatementOf<'query'>): Promise<StatementResult | typeof unanswered> {
    checkStatement(sql, 'reading');
    if (!(await this.#takeTurn())) return unanswered;
    try {
      await this.#ready();
      return await this.#host.connection.execute(sql, parameters);
    } finally {
      this.#host.turns.release(this.#client);
    }
  }

  async #write(operation: StatementOf<'write'>): Promise<StatementResult | typeof unanswered> {
    const { sql, parameters, write, settledWrites, foreignKeys } = operation;
    checkStatement(sql, 'writing');
    if (!(await this.#takeTurn())) return unanswered;
    try {
      await this.#ready(foreignKeys);
      await this.#execute('BEGIN IMMEDIATE');
      let result: StatementResult;
      try {
        result = await this.#host.connection.execute(sql, parameters);
        await this.#mark(write, settledWrites, result);
        await this.#execute('COMMIT');
      } catch (error) {
        await this.#rollBack();
        throw error;
      }
      await this.#committed(Writes.of(sql));
      return result;
    } finally {
      this.#host.turns.release(this.#client);
    }
  }

  async #commit({ tx, write, settledWrites }: StatementOf<'commit'>): Promise<StatementResult> {
    const { writes } = this.#openTransaction(tx);
    try {
      await this.#mark(write, settledWrites, nothing);
      await this.#execute('COMMIT');
    } catch (error) {
      await this.#noticeRollback(error);
      throw error;
    }
    this.#transaction = undefined;
    this.#lostBecause = 'it has ended';
    try {
      await this.#committed(writes);
    } finally {
      this.#host.turns.release(this.#client);
    }
    return nothing;
  }

  /** Of a transaction that is lost already, nothing is left to roll back. */
  async #rollback({ tx }: StatementOf<'rollback'>): Promise<StatementResult> {
    if (this.#transaction?.tx !== tx) return nothing;
    try {
      await this.#execute('ROLLBACK');
    } catch (error) {
      await this.#noticeRollback(error);
      if (this.hasTransaction) throw error;
      return nothing;
    }
    this.#end('it was rolled back');
    return nothing;
  }

  // ── Turn and connection ─────────────────────────────────────────────────────────────────────────────────────────

  /** False where the call is not to be answered by this host. */
  async #takeTurn(): Promise<boolean> {
    await this.#giveUpTransaction();
    if (this.#client.isGone || this.#host.isLeaving) return false;
    const turn = this.#host.turns.acquire(this.#client);
    return turn === undefined || (await turn);
  }

  /** A client that goes on without its transaction has given it up: its ROLLBACK did not arrive. */
  async #giveUpTransaction(): Promise<void> {
    if (this.#transaction === undefined) return;
    await this.#rollBack();
    this.#end('its client went on without it');
  }

  /** Called when it is our turn: an earlier turn may have migrated the file. */
  async #ready(foreignKeys = this.#host.foreignKeys): Promise<void> {
    if (lacksMigrations(this.#client.release, this.#host.fileRelease)) throw outdated();
    if (this.#host.foreignKeys === foreignKeys) return;
    await this.#execute(`PRAGMA foreign_keys = ${foreignKeys ? 'ON' : 'OFF'}`);
    this.#host.foreignKeys = foreignKeys;
  }

  async #execute(sql: string): Promise<void> {
    await this.#host.connection.execute(sql, []);
  }

  #openTransaction(tx: number): OpenTransaction {
    if (this.#transaction?.tx === tx) return this.#transaction;
    throw lost(this.#lostBecause);
  }

  #mark(write: number, settledWrites: number, result: StatementResult): Promise<void> {
    return this.#host.marks.add({
      client: this.#client.clientId,
      write,
      settledWrites,
      result,
      at: this.#host.clock.now(),
    });
  }

  async #committed(writes: Writes): Promise<void> {
    this.#host.marks.stored();
    await this.#host.committed(this.#client, writes);
  }

  /** After a failure: SQLite may have rolled back by itself. */
  async #noticeRollback(error: unknown): Promise<void> {
    if (this.#transaction === undefined || (await this.#host.connection.isInTransaction())) return;
    this.#end(`SQLite has rolled it back: ${error instanceof Error ? error.message : String(error)}`);
  }

  async #rollBack(): Promise<void> {
    try {
      await this.#execute('ROLLBACK');
    } catch (error) {
      if (await this.#host.connection.isInTransaction()) throw error;
    }
  }

  #end(because: string): void {
    this.#transaction = undefined;
    this.#lostBecause = because;
    this.#host.turns.release(this.#client);
  }
}

const lost = (because: string): TransactionLostError =>
  new TransactionLostError(`The transaction was rolled back: ${because}. Nothing of it is written; run it again`);

export const outdated = (): AppOutdatedError =>
  new AppOutdatedError(
    'A newer release of the app has migrated the database. Nothing was written; reload or update this instance of the app',
  );
