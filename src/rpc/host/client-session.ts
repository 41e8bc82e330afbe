import type { Clock } from '../../model/platform/clock.ts';
import { AppOutdatedError, TransactionLostError } from '../../model/errors/errors.ts';
import { Writes } from '../../persistence/sql/written-tables.ts';
import type {
  AnswerMessage,
  CallMessage,
  HostMessage,
  Operation,
  Release,
  StatementResult,
  Unsent,
} from '../protocol/messages.ts';
import { lacksMigrations } from '../protocol/release.ts';
import { toWireError } from '../protocol/wire-error.ts';
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
  committed(session: ClientSession, writes: Writes): Promise<void>;
}

interface OpenTransaction {
  readonly tx: number;
  readonly writes: Writes;
}

type Send = (message: Unsent<HostMessage>) => void;
type StatementOf<Op extends Operation['op']> = Extract<Operation, { readonly op: Op }>;

const nothing: StatementResult = { rows: [], changes: 0, lastInsertRowId: 0 };

/** The call waits for the next host: this one does not answer it. */
const unanswered = Symbol('unanswered');

/**
 * One client: its calls, one after another in the order of their arrival, its open transaction, and its settings. A call
 * that comes twice is carried out once.
 */
export class ClientSession implements TurnHolder {
  release: Release;
  readonly #queue: (() => Promise<void>)[] = [];
  #loop: Promise<void> | undefined;
  /** By id, while it runs and, but for reads, until the client has it. */
  readonly #calls = new Map<number, Unsent<AnswerMessage> | 'running'>();
  #settled = 0;
  #transaction: OpenTransaction | undefined;
  #lostBecause = 'the host does not know this transaction';
  #isRunning = false;
  #isGone = false;
  #activeAt: number;

  constructor(
    private readonly host: HostState,
    readonly clientId: string,
    release: Release,
    /** Replaced when the client comes back through another port. */
    public send: Send,
  ) {
    this.release = release;
    this.#activeAt = host.clock.now();
  }

  get isGone(): boolean {
    return this.#isGone;
  }

  get hasTransaction(): boolean {
    return this.#transaction !== undefined;
  }

  get silentSince(): number | undefined {
    return this.#isRunning || this.#transaction === undefined ? undefined : this.#activeAt;
  }

  receive({ id, settled, operation }: CallMessage): void {
    if (settled > this.#settled) {
      this.#settled = settled;
      for (const known of this.#calls.keys()) if (known < settled) this.#calls.delete(known);
    }
    if (id < this.#settled) return;
    const known = this.#calls.get(id);
    if (known !== undefined) {
      if (known !== 'running') this.send(known);
      return;
    }
    this.#calls.set(id, 'running');
    this.#enqueue(() => this.#answer(id, operation));
  }

  /** Answers a call that could not be understood, in its turn. */
  refuse(id: number, error: Error): void {
    this.#enqueue(async () => {
      await Promise.resolve();
      this.send({ type: 'answer', id, error: toWireError(error), open: this.hasTransaction });
    });
  }

  onIdle(): void {
    const { gateTimeoutMs } = this.host;
    this.lose(
      `it ran no statement for ${gateTimeoutMs} ms while others waited for the database`,
      // A statement may have come in between.
      () => this.host.clock.now() - this.#activeAt >= gateTimeoutMs,
    );
  }

  /** Rolls the open transaction back, after the statement that runs now. */
  lose(because: string, isStillDue: () => boolean = () => true): void {
    this.#enqueue(async () => {
      if (this.#transaction === undefined || !isStillDue()) return;
      await this.#rollBack();
      this.#end(because);
    });
  }

  /** Ends the session: what has not begun is dropped, what is open is rolled back. Resolves when nothing is left. */
  async leave(): Promise<void> {
    this.#isGone = true;
    this.#queue.length = 0;
    this.host.turns.callOff(this);
    this.lose('its client is gone');
    await this.finished();
  }

  /** Resolves when all that was received has ended. */
  async finished(): Promise<void> {
    while (this.#loop !== undefined) await this.#loop;
  }

  // ── One after another ───────────────────────────────────────────────────────────────────────────────────────────

  #enqueue(task: () => Promise<void>): void {
    this.#queue.push(task);
    this.#loop ??= this.#work();
  }

  async #work(): Promise<void> {
    for (let task = this.#queue.shift(); task !== undefined; task = this.#queue.shift()) {
      this.#isRunning = true;
      // Calls answer their own failures. A ROLLBACK that fails is tried again when somebody waits for it.
      await task().catch(() => undefined);
      this.#isRunning = false;
      this.#activeAt = this.host.clock.now();
    }
    this.#loop = undefined;
  }

  async #answer(id: number, operation: Operation): Promise<void> {
    let answer: Unsent<AnswerMessage>;
    try {
      const result = await this.#carryOut(operation);
      if (result === unanswered) {
        this.#calls.delete(id);
        return;
      }
      answer = { type: 'answer', id, result, open: this.hasTransaction };
    } catch (error) {
      answer = { type: 'answer', id, error: toWireError(error), open: this.hasTransaction };
    }
    // A read is repeated at will, and its rows may be many.
    if (operation.op === 'query' && operation.tx === undefined) this.#calls.delete(id);
    else this.#calls.set(id, answer);
    this.send(answer);
  }

  #carryOut(operation: Operation): Promise<StatementResult | typeof unanswered> {
    switch (operation.op) {
      case 'begin':
        return this.#begin(operation);
      case 'query':
        return operation.tx === undefined
          ? this.#read(operation.sql, operation)
          : this.#inside(operation.tx, operation);
      case 'write':
        return this.#write(operation);
      case 'commit':
        return this.#commit(operation);
      case 'rollback':
        return this.#rollback(operation);
    }
  }

  // ── Operations ──────────────────────────────────────────────────────────────────────────────────────────────────

  async #begin({ tx, exclusive, foreignKeys }: StatementOf<'begin'>): Promise<StatementResult | typeof unanswered> {
    if (!(await this.#takeTurn())) return unanswered;
    try {
      await this.#ready(foreignKeys);
      await this.#execute(exclusive ? 'BEGIN EXCLUSIVE' : 'BEGIN IMMEDIATE');
    } catch (error) {
      this.host.turns.release(this);
      throw error;
    }
    this.#transaction = { tx, writes: new Writes() };
    return nothing;
  }

  async #inside(tx: number, { sql, parameters }: StatementOf<'query'>): Promise<StatementResult> {
    const { writes } = this.#openTransaction(tx);
    checkStatement(sql, 'inside');
    writes.note(sql);
    try {
      return await this.host.connection.execute(sql, parameters);
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
      return await this.host.connection.execute(sql, parameters);
    } finally {
      this.host.turns.release(this);
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
        result = await this.host.connection.execute(sql, parameters);
        await this.#mark(write, settledWrites, result);
        await this.#execute('COMMIT');
      } catch (error) {
        await this.#rollBack();
        throw error;
      }
      await this.#committed(Writes.of(sql));
      return result;
    } finally {
      this.host.turns.release(this);
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
      this.host.turns.release(this);
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

  // ── Inner workings ──────────────────────────────────────────────────────────────────────────────────────────────

  /** False where the call is not to be answered by this host. */
  async #takeTurn(): Promise<boolean> {
    await this.#giveUpTransaction();
    if (this.#isGone || this.host.isLeaving) return false;
    const turn = this.host.turns.acquire(this);
    return turn === undefined || (await turn);
  }

  /** A client that goes on without its transaction has given it up: its ROLLBACK did not arrive. */
  async #giveUpTransaction(): Promise<void> {
    if (this.#transaction === undefined) return;
    await this.#rollBack();
    this.#end('its client went on without it');
  }

  /** Called when it is our turn: an earlier turn may have migrated the file. */
  async #ready(foreignKeys = this.host.foreignKeys): Promise<void> {
    if (lacksMigrations(this.release, this.host.fileRelease)) throw outdated();
    if (this.host.foreignKeys === foreignKeys) return;
    await this.#execute(`PRAGMA foreign_keys = ${foreignKeys ? 'ON' : 'OFF'}`);
    this.host.foreignKeys = foreignKeys;
  }

  async #execute(sql: string): Promise<void> {
    await this.host.connection.execute(sql, []);
  }

  #openTransaction(tx: number): OpenTransaction {
    if (this.#transaction?.tx === tx) return this.#transaction;
    throw lost(this.#lostBecause);
  }

  #mark(write: number, settledWrites: number, result: StatementResult): Promise<void> {
    return this.host.marks.add({
      client: this.clientId,
      write,
      settledWrites,
      result,
      at: this.host.clock.now(),
    });
  }

  async #committed(writes: Writes): Promise<void> {
    this.host.marks.stored();
    await this.host.committed(this, writes);
  }

  /** After a failure: SQLite may have rolled back by itself. */
  async #noticeRollback(error: unknown): Promise<void> {
    if (this.#transaction === undefined || (await this.host.connection.isInTransaction())) return;
    this.#end(`SQLite has rolled it back: ${error instanceof Error ? error.message : String(error)}`);
  }

  async #rollBack(): Promise<void> {
    try {
      await this.#execute('ROLLBACK');
    } catch (error) {
      if (await this.host.connection.isInTransaction()) throw error;
    }
  }

  #end(because: string): void {
    this.#transaction = undefined;
    this.#lostBecause = because;
    this.host.turns.release(this);
  }
}

const lost = (because: string): TransactionLostError =>
  new TransactionLostError(`The transaction was rolled back: ${because}. Nothing of it is written; run it again`);

export const outdated = (): AppOutdatedError =>
  new AppOutdatedError(
    'A newer release of the app has migrated the database. Nothing was written; reload or update this instance of the app',
  );
