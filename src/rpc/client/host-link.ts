import { AppOutdatedError, DatabaseError } from '../../model/errors/errors.ts';
import type { Clock } from '../../model/platform/clock.ts';
import type { ForeignKeysPragma } from '../protocol/foreign-keys.ts';
import type {
  AnswerMessage,
  AppliedWrite,
  ClientMessage,
  HostMessage,
  Lead,
  Operation,
  Release,
  StatementResult,
  Unsent,
  WireWrites,
} from '../protocol/messages.ts';
import { parseHostMessage } from '../protocol/parse-message.ts';
import type { RpcPort } from '../protocol/port.ts';
import { fromWireError } from '../protocol/wire-error.ts';
import type { ClientTransaction } from './client-transaction.ts';
import { ConnectionState, nothing } from './connection-state.ts';
import { HostPort, type AttachedPort, type HostSource } from './host-port.ts';
import { closedError, lostError, unreachable } from './link-errors.ts';
import { PendingCalls, writeOf, type PendingCall } from './pending-calls.ts';
import { SilenceWatch } from './silence-watch.ts';

export interface LinkSettings {
  readonly clientId: string;
  readonly clock: Clock;
  readonly answerTimeoutMs: number;
  readonly release: () => Release;
  /** Somebody else has committed; undefined: nobody knows what. */
  readonly onCommitElsewhere: (writes: WireWrites | undefined) => void;
  /** The host has said nothing for a while though calls wait; or speaks again. */
  readonly onSilence: (isSilent: boolean) => void;
}

/**
 * The client's side of the port. Numbers the calls, matches the answers, and takes everything that has no answer to the
 * next host: what is stored resolves, what may be repeated is sent again, an open transaction is lost. Each call ends:
 * the wait counts from the host's last word.
 */
export class HostLink {
  readonly #settings: LinkSettings;
  readonly #port: HostPort;
  readonly #silence: SilenceWatch;
  readonly #connection = new ConnectionState();
  readonly #calls = new PendingCalls();
  /** Given up by the caller; the host may carry them out all the same. */
  readonly #abandoned = new Map<number, Operation>();
  #lastHostId: string | undefined;
  /** Refused for good: this release of the app is too old. */
  #refusal: Error | undefined;

  constructor(settings: LinkSettings) {
    this.#settings = settings;
    const { clock, answerTimeoutMs, onSilence } = settings;
    this.#silence = new SilenceWatch({ clock, answerTimeoutMs, onSilence, look: () => this.#lookAtSilence() });
    this.#port = new HostPort({
      attached: () => {
        this.#silence.heard();
        this.#greet();
      },
      hear: (attempt, data) => this.#hear(attempt, data),
      lost: (attempt) => this.#lose(attempt),
      failed: (error) => {
        for (const call of this.#calls.all())
          this.#reject(call, unreachable('no port to the host could be opened', call, error));
      },
    });
  }

  /** Begins to speak with a host. */
  open(source: HostSource): void {
    this.#refusal = undefined;
    this.#port.open(source);
  }

  /** Goes on at another host, or through another port. */
  attach(port: RpcPort): void {
    this.#port.attach(port);
  }

  /** Says goodbye; the host rolls back what is open. What has no answer rejects. */
  close(): void {
    this.#send({ type: 'bye' });
    this.#port.close();
    this.#lastHostId = undefined;
    this.#connection.transaction = undefined;
    for (const call of this.#calls.all()) this.#reject(call, closedError());
  }

  // ── Calls ───────────────────────────────────────────────────────────────────────────────────────────────────────

  /** Whether a transaction is open: at the host, or as soon as the host hears of it. */
  get isInTransaction(): boolean {
    return this.#connection.isInTransaction;
  }

  /** Whether the host may have the open transaction. */
  get hasBegun(): boolean {
    return this.#connection.hasBegun;
  }

  begin(exclusive: boolean): Promise<StatementResult> {
    const transaction = this.#connection.begin();
    const { foreignKeys } = this.#connection;
    return this.#call({ op: 'begin', tx: transaction.tx, exclusive, foreignKeys }).catch((error: unknown) => {
      this.#connection.forget(transaction);
      throw error;
    });
  }

  /** Opens a transaction with the first call in it, which then fails where BEGIN does. */
  beginLater(): void {
    if (this.#refusal !== undefined) throw this.#refusal;
    this.#connection.begin().beginLater(this.#connection.foreignKeys);
  }

  /**
   * Runs a statement of the open transaction together with the next call in it, which then fails where this does. The
   * transaction is lost with it.
   */
  async later(sql: string, parameters: StatementParameters): Promise<void> {
    const { transaction } = this.#connection;
    if (transaction === undefined) throw new DatabaseError('only statements of a transaction may run later');
    if (transaction.state === 'lost') throw lostError();
    if (!transaction.keep({ sql, parameters })) await this.query(sql, parameters, true);
  }

  /** Inside the open transaction, or by itself; `writes` says that it changes something. */
  query(sql: string, parameters: StatementParameters, writes: boolean): Promise<StatementResult> {
    const { transaction, foreignKeys } = this.#connection;
    if (transaction !== undefined)
      return this.#inside(transaction, (lead) => ({ op: 'query', tx: transaction.tx, ...lead, sql, parameters }));
    if (!writes) return this.#call({ op: 'query', sql, parameters });
    const { settledWrites } = this.#calls;
    return this.#call({ op: 'write', write: this.#calls.nextWrite(), settledWrites, foreignKeys, sql, parameters });
  }

  /** Answers, or carries out, a statement about foreign keys. */
  foreignKeys(pragma: ForeignKeysPragma): StatementResult {
    return this.#connection.setForeignKeys(pragma);
  }

  async commit(): Promise<StatementResult> {
    const { transaction } = this.#connection;
    if (transaction === undefined) throw new DatabaseError('COMMIT: no transaction is open');
    if (transaction.state === 'lost') throw lostError();
    const { tx } = transaction;
    if (!transaction.isEmpty)
      await this.#inside(transaction, (lead) => {
        const { settledWrites } = this.#calls;
        return { op: 'commit', tx, ...lead, write: this.#calls.nextWrite(), settledWrites };
      });
    this.transactionEnded();
    return nothing;
  }

  async rollback(): Promise<StatementResult> {
    const { transaction } = this.#connection;
    if (transaction === undefined || transaction.state === 'lost' || !transaction.hasBegun) {
      this.transactionEnded();
      return nothing;
    }
    transaction.forgetSteps();
    const result = await this.#call({ op: 'rollback', tx: transaction.tx });
    this.transactionEnded();
    return result;
  }

  /** Says that the owner of a lost transaction knows: statements from now on are not part of it. */
  transactionEnded(): void {
    this.#connection.transaction = undefined;
    const attached = this.#port.current;
    if (attached?.isLeaving === true) this.#port.moveOn(attached);
  }

  /** Calls with what the transaction has kept for its next call. */
  async #inside(
    transaction: ClientTransaction,
    operation: (lead: { readonly lead?: Lead }) => Operation,
  ): Promise<StatementResult> {
    while (transaction.beginning !== undefined) await transaction.beginning;
    if (transaction.state !== 'open') throw lostError();
    const lead = transaction.takeLead();
    const call = this.#call(operation(lead === undefined ? {} : { lead }));
    if (lead?.begin !== undefined) transaction.hasSentBegin(call);
    return call;
  }

  #call(operation: Operation): Promise<StatementResult> {
    if (this.#refusal !== undefined) return Promise.reject(this.#refusal);
    return new Promise((resolve, reject) => {
      const call = this.#calls.add({ operation, resolve, reject, since: this.#settings.clock.now() });
      this.#silence.start();
      if (this.#mayCall(call)) this.#post(call);
      else if (this.#port.current?.wasRefused === true) this.#greet();
      else if (this.#port.current === undefined) this.#port.ask();
    });
  }

  #mayCall(call: PendingCall): boolean {
    const attached = this.#port.current;
    if (attached?.hostId === undefined) return false;
    return !attached.isLeaving || (this.hasBegun && this.#connection.ownerOf(call) !== undefined);
  }

  #post(call: PendingCall): void {
    call.wasSent = true;
    const { id, operation } = call;
    try {
      this.#send({ type: 'call', id, settled: this.#calls.settled, operation });
    } catch (error) {
      // A value that no port can carry.
      this.#reject(call, error instanceof Error ? error : new Error(String(error)));
    }
  }

  #send(message: Unsent<ClientMessage>): void {
    this.#port.current?.port.postMessage({ synchart: 'rpc', ...message });
  }

  #greet(): void {
    const attached = this.#port.current;
    if (attached === undefined) return;
    attached.wasRefused = false;
    const { clientId, release } = this.#settings;
    const unanswered = this.#calls.unansweredWrites();
    this.#send({ type: 'hello', attempt: attached.attempt, clientId, release: release(), unanswered });
  }

  // ── What the host says ──────────────────────────────────────────────────────────────────────────────────────────

  #hear(attempt: number, data: unknown): void {
    const attached = this.#port.ofAttempt(attempt);
    const message = parseHostMessage(data);
    if (attached === undefined || message === undefined) return;
    this.#silence.heard();
    switch (message.type) {
      case 'answer':
        this.#answered(message);
        return;
      case 'welcome':
        if (message.attempt === attempt && attached.hostId === undefined) this.#welcomed(attached, message);
        return;
      case 'refused':
        if (message.attempt === attempt && attached.hostId === undefined) this.#refused(attached, message);
        return;
      case 'unknown':
        // A host begins behind this port, perhaps after another one.
        attached.hostId = undefined;
        this.#greet();
        return;
      case 'leaving':
        if (!attached.isLeaving) this.#leaving(attached);
        return;
      case 'committed':
        this.#settings.onCommitElsewhere(message.writes);
        return;
      case 'pong':
      case 'rejected':
        return;
    }
  }

  #answered({ id, result, error, open }: AnswerMessage): void {
    const call = this.#calls.take(id);
    if (call === undefined) {
      this.#answeredLate(id, error === undefined);
      return;
    }
    this.#connection.answered(call, open, error);
    this.#stopWatchWhenDone();
    if (error === undefined) call.resolve(result ?? nothing);
    else call.reject(fromWireError(error));
  }

  /** The caller was told that the host is silent; what it has done since is put right. */
  #answeredLate(id: number, isDone: boolean): void {
    const operation = this.#abandoned.get(id);
    this.#abandoned.delete(id);
    if (operation === undefined || !isDone) return;
    if (operation.op === 'begin') this.#rollBackQuietly(operation.tx);
    else if (operation.op === 'commit' || operation.op === 'write') this.#settings.onCommitElsewhere(undefined);
  }

  #rollBackQuietly(tx: number): void {
    this.#call({ op: 'rollback', tx }).catch(() => undefined);
  }

  #welcomed(attached: AttachedPort, { hostId, applied }: Extract<HostMessage, { type: 'welcome' }>): void {
    attached.hostId = hostId;
    attached.isLeaving = false;
    const isAnother = this.#lastHostId !== undefined && this.#lastHostId !== hostId;
    this.#lastHostId = hostId;
    this.#resolveApplied(applied);
    if (isAnother) this.#abandoned.clear();
    for (const call of this.#calls.all()) this.#post(call);
    // What others committed meanwhile, nobody has told.
    if (isAnother) this.#settings.onCommitElsewhere(undefined);
  }

  #refused(attached: AttachedPort, { error, applied }: Extract<HostMessage, { type: 'refused' }>): void {
    const refusal = fromWireError(error);
    this.#resolveApplied(applied);
    this.#connection.loseTransaction();
    if (refusal instanceof AppOutdatedError) this.#refusal = refusal;
    else attached.wasRefused = true;
    for (const call of this.#calls.all()) this.#reject(call, refusal);
  }

  #resolveApplied(applied: readonly AppliedWrite[]): void {
    const results = new Map(applied.map(({ write, result }) => [write, result]));
    for (const call of this.#calls.all()) {
      const write = writeOf(call);
      const result = write === undefined ? undefined : results.get(write);
      if (result === undefined) continue;
      this.#calls.take(call.id);
      if (call.operation.op === 'commit') this.transactionEnded();
      call.resolve(result);
    }
    this.#stopWatchWhenDone();
  }

  // ── Hosts that go, or say nothing ───────────────────────────────────────────────────────────────────────────────

  #leaving(attached: AttachedPort): void {
    attached.isLeaving = true;
    if (attached.hostId === undefined || !this.hasBegun) this.#port.moveOn(attached);
  }

  #lose(attempt: number): void {
    const attached = this.#port.ofAttempt(attempt);
    if (attached !== undefined) this.#port.moveOn(attached);
  }

  /** Asks for a sign of life, and gives up what has waited too long since the last one. */
  #lookAtSilence(): boolean {
    for (const call of this.#calls.all())
      if (this.#silence.isTooLong(call.since))
        this.#abandon(call, `it has not answered for ${this.#settings.answerTimeoutMs} ms`);
    if (this.#port.current?.hostId === undefined) this.#greet();
    else this.#send({ type: 'ping' });
    return this.#calls.size > 0;
  }

  #abandon(call: PendingCall, reason: string): void {
    const { operation } = call;
    if (call.wasSent) this.#abandoned.set(call.id, operation);
    const transaction = this.#connection.ownerOf(call);
    this.#reject(call, unreachable(reason, call));
    if (transaction === undefined || transaction.state === 'lost' || operation.op === 'begin') return;
    // Half of a transaction is of no use; the host hears of it when it speaks again.
    transaction.state = 'lost';
    if (operation.op !== 'rollback') this.#rollBackQuietly(transaction.tx);
  }

  #reject(call: PendingCall, error: Error): void {
    this.#calls.take(call.id);
    this.#stopWatchWhenDone();
    call.reject(error);
  }

  #stopWatchWhenDone(): void {
    if (this.#calls.size === 0) this.#silence.stop();
  }
}

type StatementParameters = Extract<Operation, { readonly op: 'query' }>['parameters'];
