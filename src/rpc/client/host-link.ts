import type { Clock } from '../../model/platform/clock.ts';
import {
  AppOutdatedError,
  DatabaseError,
  HostUnreachableError,
  TransactionLostError,
} from '../../model/errors/errors.ts';
import type {
  AnswerMessage,
  AppliedWrite,
  ClientMessage,
  HostMessage,
  Operation,
  Release,
  StatementResult,
  Unsent,
  WireWrites,
} from '../protocol/messages.ts';
import type { ForeignKeysPragma } from '../protocol/foreign-keys.ts';
import { parseHostMessage } from '../protocol/parse-message.ts';
import { listenTo, type RpcPort } from '../protocol/port.ts';
import { fromWireError } from '../protocol/wire-error.ts';
import { PendingCalls, transactionOf, writeOf, type PendingCall } from './pending-calls.ts';

/** A port, or what gives one: it is asked again whenever the host is gone. */
export type HostSource = RpcPort | (() => RpcPort | Promise<RpcPort>);

export interface LinkSettings {
  readonly clientId: string;
  readonly clock: Clock;
  readonly answerTimeoutMs: number;
  readonly release: () => Release;
  /** Somebody else has committed; undefined: nobody knows what. */
  readonly onCommitElsewhere: (writes: WireWrites | undefined) => void;
}

/** `lost`: it is over, but its owner may not know yet. */
interface ClientTransaction {
  readonly tx: number;
  state: 'open' | 'lost';
}

interface Attached {
  readonly port: RpcPort;
  readonly stop: () => void;
  readonly isOurs: boolean;
  readonly attempt: number;
  /** Undefined until the host has answered the greeting. */
  hostId: string | undefined;
  /** Only an open transaction goes on at this host. */
  isLeaving: boolean;
  /** The greeting was turned down for a reason that may pass. */
  wasRefused: boolean;
}

/**
 * The client's side of the port. Numbers the calls, matches the answers, and takes everything that has no answer to the
 * next host: what is stored resolves, what may be repeated is sent again, an open transaction is lost. Each call ends:
 * the wait counts from the host's last word.
 */
export class HostLink {
  readonly #settings: LinkSettings;
  readonly #calls = new PendingCalls();
  /** Given up by the caller; the host may carry them out all the same. */
  readonly #abandoned = new Map<number, Operation>();
  #attached: Attached | undefined;
  #attempts = 0;
  #lastHostId: string | undefined;
  #lastWordAt: number;
  #transaction: ClientTransaction | undefined;
  #lastTransaction = 0;
  /** The client's own setting. Inside a transaction SQLite ignores a change of it. */
  #foreignKeys = true;
  /** Refused for good: this release of the app is too old. */
  #refusal: Error | undefined;
  #timer: unknown;
  #timerDueAt = 0;
  #source: (() => RpcPort | Promise<RpcPort>) | undefined;
  #isAsking = false;

  constructor(settings: LinkSettings) {
    this.#settings = settings;
    this.#lastWordAt = settings.clock.now();
  }

  // ── Ports ───────────────────────────────────────────────────────────────────────────────────────────────────────

  /** Begins to speak with a host. */
  open(source: HostSource): void {
    this.#refusal = undefined;
    if (typeof source !== 'function') {
      this.attach(source);
      return;
    }
    this.#source = source;
    this.#askForPort();
  }

  /** Goes on at another host, or through another port. */
  attach(port: RpcPort, isOurs = false): void {
    this.#detach();
    const attempt = (this.#attempts += 1);
    const stop = listenTo(
      port,
      (data) => this.#hear(attempt, data),
      () => this.#lose(attempt),
    );
    this.#attached = { port, stop, isOurs, attempt, hostId: undefined, isLeaving: false, wasRefused: false };
    this.#heard();
    this.#greet();
  }

  /** Says goodbye; the host rolls back what is open. What has no answer rejects. */
  close(): void {
    this.#send({ type: 'bye' });
    this.#source = undefined;
    this.#detach();
    this.#lastHostId = undefined;
    this.#transaction = undefined;
    for (const call of this.#calls.all())
      this.#reject(call, new DatabaseError('The database was closed before this call was answered'));
  }

  // ── Calls ───────────────────────────────────────────────────────────────────────────────────────────────────────

  /** Whether a transaction is open at the host. */
  get isInTransaction(): boolean {
    return this.#transaction?.state === 'open';
  }

  begin(exclusive: boolean): Promise<StatementResult> {
    const tx = (this.#lastTransaction += 1);
    const transaction: ClientTransaction = { tx, state: 'open' };
    this.#transaction = transaction;
    return this.#call({ op: 'begin', tx, exclusive, foreignKeys: this.#foreignKeys }).catch((error: unknown) => {
      if (this.#transaction === transaction) this.#transaction = undefined;
      throw error;
    });
  }

  /** Inside the open transaction, or by itself; `writes` says that it changes something. */
  query(sql: string, parameters: StatementParameters, writes: boolean): Promise<StatementResult> {
    const transaction = this.#transaction;
    if (transaction?.state === 'lost') return Promise.reject(lostError());
    if (transaction !== undefined) return this.#call({ op: 'query', tx: transaction.tx, sql, parameters });
    if (!writes) return this.#call({ op: 'query', sql, parameters });
    const foreignKeys = this.#foreignKeys;
    const { settledWrites } = this.#calls;
    return this.#call({ op: 'write', write: this.#calls.nextWrite(), settledWrites, foreignKeys, sql, parameters });
  }

  /** Answers, or carries out, a statement about foreign keys: no host keeps the setting of a client. */
  foreignKeys(pragma: ForeignKeysPragma): StatementResult {
    if (pragma === 'asked') return { ...nothing, rows: [{ foreign_keys: Number(this.#foreignKeys) }] };
    if (!this.isInTransaction) this.#foreignKeys = pragma.set;
    return nothing;
  }

  async commit(): Promise<StatementResult> {
    const transaction = this.#transaction;
    if (transaction === undefined) throw new DatabaseError('COMMIT: no transaction is open');
    if (transaction.state === 'lost') throw lostError();
    const { settledWrites } = this.#calls;
    const { tx } = transaction;
    const result = await this.#call({ op: 'commit', tx, write: this.#calls.nextWrite(), settledWrites });
    this.transactionEnded();
    return result;
  }

  async rollback(): Promise<StatementResult> {
    const transaction = this.#transaction;
    if (transaction === undefined || transaction.state === 'lost') {
      this.transactionEnded();
      return nothing;
    }
    const result = await this.#call({ op: 'rollback', tx: transaction.tx });
    this.transactionEnded();
    return result;
  }

  /** Says that the owner of a lost transaction knows: statements from now on are not part of it. */
  transactionEnded(): void {
    this.#transaction = undefined;
    if (this.#attached?.isLeaving === true) this.#lose(this.#attached.attempt);
  }

  #call(operation: Operation): Promise<StatementResult> {
    if (this.#refusal !== undefined) return Promise.reject(this.#refusal);
    return new Promise((resolve, reject) => {
      const call = this.#calls.add({ operation, resolve, reject, since: this.#settings.clock.now() });
      this.#startTimer();
      if (this.#mayCall(call)) this.#post(call);
      else if (this.#attached?.wasRefused === true) this.#greet();
      else if (this.#attached === undefined) this.#askForPort();
    });
  }

  #mayCall(call: PendingCall): boolean {
    const attached = this.#attached;
    if (attached?.hostId === undefined) return false;
    return !attached.isLeaving || (this.isInTransaction && transactionOf(call) === this.#transaction?.tx);
  }

  #post(call: PendingCall): void {
    call.wasSent = true;
    const { id, operation } = call;
    try {
      this.#attached?.port.postMessage({
        synchart: 'rpc',
        type: 'call',
        id,
        settled: this.#calls.settled,
        operation,
      } satisfies ClientMessage);
    } catch (error) {
      // A value that no port can carry.
      this.#reject(call, error instanceof Error ? error : new Error(String(error)));
    }
  }

  // ── What the host says ──────────────────────────────────────────────────────────────────────────────────────────

  #hear(attempt: number, data: unknown): void {
    const attached = this.#attached;
    const message = parseHostMessage(data);
    if (attached?.attempt !== attempt || message === undefined) return;
    this.#heard();
    switch (message.type) {
      case 'answer':
        this.#answered(message);
        return;
      case 'welcome':
        if (message.attempt === attempt && attached.hostId === undefined) this.#welcomed(attached, message);
        return;
      case 'refused':
        if (message.attempt === attempt && attached.hostId === undefined) this.#refused(message);
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
    const transaction = this.#transaction;
    const { op } = call.operation;
    if (transaction !== undefined && transactionOf(call) === transaction.tx) {
      // SQLite, or the host, has given it up. A host that does not know it says so at the next statement.
      if (!open && op === 'query') transaction.state = 'lost';
      else if (!open && op === 'commit' && error !== undefined) transaction.state = 'lost';
    }
    this.#stopTimerWhenDone();
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

  #welcomed(attached: Attached, { hostId, applied }: Extract<HostMessage, { type: 'welcome' }>): void {
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

  #refused({ error, applied }: Extract<HostMessage, { type: 'refused' }>): void {
    const refusal = fromWireError(error);
    this.#resolveApplied(applied);
    if (this.#transaction !== undefined) this.#transaction.state = 'lost';
    if (refusal instanceof AppOutdatedError) this.#refusal = refusal;
    else if (this.#attached !== undefined) this.#attached.wasRefused = true;
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
    this.#stopTimerWhenDone();
  }

  #leaving(attached: Attached): void {
    attached.isLeaving = true;
    if (attached.hostId === undefined || !this.isInTransaction) this.#lose(attached.attempt);
  }

  // ── Hosts that go ───────────────────────────────────────────────────────────────────────────────────────────────

  #lose(attempt: number): void {
    if (this.#attached?.attempt !== attempt) return;
    const { isLeaving } = this.#attached;
    // The port stays: a host that leaves may be followed by another one behind the same port.
    if (!isLeaving || this.#source !== undefined) this.#detach();
    this.#askForPort();
  }

  #detach(): void {
    const attached = this.#attached;
    this.#attached = undefined;
    attached?.stop();
    if (attached?.isOurs === true) attached.port.close?.();
  }

  #askForPort(): void {
    const source = this.#source;
    if (source === undefined || this.#isAsking) return;
    const attempts = this.#attempts;
    this.#isAsking = true;
    const take = (port: RpcPort): void => {
      this.#isAsking = false;
      if (this.#source === source && this.#attempts === attempts) this.attach(port, true);
      else port.close?.();
    };
    const failed = (error: unknown): void => {
      this.#isAsking = false;
      for (const call of this.#calls.all())
        this.#reject(call, unreachable('no port to the host could be opened', call, error));
    };
    try {
      const port = source();
      if ('then' in port) port.then(take, failed);
      else take(port);
    } catch (error) {
      failed(error);
    }
  }

  #greet(): void {
    if (this.#attached !== undefined) this.#attached.wasRefused = false;
    const { clientId, release } = this.#settings;
    this.#send({
      type: 'hello',
      attempt: this.#attached?.attempt ?? 0,
      clientId,
      release: release(),
      unanswered: this.#calls.unansweredWrites(),
    });
  }

  #send(message: Unsent<ClientMessage>): void {
    this.#attached?.port.postMessage({ synchart: 'rpc', ...message });
  }

  // ── Time ────────────────────────────────────────────────────────────────────────────────────────────────────────

  #heard(): void {
    this.#lastWordAt = this.#settings.clock.now();
  }

  #startTimer(): void {
    if (this.#timer !== undefined) return;
    const { clock, answerTimeoutMs } = this.#settings;
    const delayMs = Math.max(1, answerTimeoutMs / 4);
    this.#timerDueAt = clock.now() + delayMs;
    this.#timer = clock.setTimeout(() => this.#look(), delayMs);
  }

  #stopTimerWhenDone(): void {
    if (this.#timer === undefined || this.#calls.size > 0) return;
    this.#settings.clock.clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  /** Asks for a sign of life, and gives up what has waited too long since the last one. */
  #look(): void {
    this.#timer = undefined;
    const { clock, answerTimeoutMs } = this.#settings;
    const now = clock.now();
    // The device slept, or the tab was frozen: the host could not speak either.
    if (now - this.#timerDueAt > answerTimeoutMs / 2) this.#heard();
    for (const call of this.#calls.all()) {
      if (now - Math.max(this.#lastWordAt, call.since) < answerTimeoutMs) continue;
      this.#abandon(call, `it has not answered for ${answerTimeoutMs} ms`);
    }
    if (this.#attached?.hostId === undefined) this.#greet();
    else this.#send({ type: 'ping' });
    if (this.#calls.size > 0) this.#startTimer();
  }

  #abandon(call: PendingCall, reason: string): void {
    const { operation } = call;
    if (call.wasSent) this.#abandoned.set(call.id, operation);
    const transaction = this.#transaction;
    const isOfTransaction = transaction !== undefined && transactionOf(call) === transaction.tx;
    this.#reject(call, unreachable(reason, call));
    if (!isOfTransaction || transaction.state === 'lost' || operation.op === 'begin') return;
    // Half of a transaction is of no use; the host hears of it when it speaks again.
    transaction.state = 'lost';
    if (operation.op !== 'rollback') this.#rollBackQuietly(transaction.tx);
  }

  #reject(call: PendingCall, error: Error): void {
    this.#calls.take(call.id);
    this.#stopTimerWhenDone();
    call.reject(error);
  }
}

type StatementParameters = Extract<Operation, { readonly op: 'query' }>['parameters'];

const nothing: StatementResult = { rows: [], changes: 0, lastInsertRowId: 0 };

const lostError = (): TransactionLostError =>
  new TransactionLostError(
    'The process, worker or tab that held the database ended before COMMIT. Nothing of this transaction is written; run it again',
  );

function unreachable(reason: string, call: PendingCall, cause?: unknown): HostUnreachableError {
  const mayBeWritten = call.wasSent && writeOf(call) !== undefined;
  return new HostUnreachableError(
    `The process, worker or tab that holds the database cannot be reached: ${reason}. ${
      mayBeWritten
        ? 'The change was sent, and may still be stored: read before you write it again'
        : 'Nothing of this was written; try again'
    }`,
    mayBeWritten,
    cause === undefined ? {} : { cause },
  );
}
