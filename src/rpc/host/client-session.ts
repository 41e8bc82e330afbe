import { toWireError } from '../protocol/wire-error.ts';
import type { AnswerMessage, CallMessage, HostMessage, Operation, Release, Unsent } from '../protocol/messages.ts';
import { CallQueue } from './call-queue.ts';
import { ClientStatements, unanswered, type HostState, type StatementOwner } from './client-statements.ts';

type Send = (message: Unsent<HostMessage>) => void;

/**
 * One client: its calls, one after another in the order of their arrival, and its settings. A call that comes twice is
 * carried out once.
 */
export class ClientSession implements StatementOwner {
  release: Release;
  readonly #queue: CallQueue;
  readonly #statements: ClientStatements;
  /** By id, while it runs and, but for reads, until the client has it. */
  readonly #calls = new Map<number, Unsent<AnswerMessage> | 'running'>();
  #settled = 0;
  #isGone = false;

  constructor(
    private readonly host: HostState,
    readonly clientId: string,
    release: Release,
    /** Replaced when the client comes back through another port. */
    public send: Send,
  ) {
    this.release = release;
    this.#queue = new CallQueue(host.clock);
    this.#statements = new ClientStatements(host, this);
  }

  get isGone(): boolean {
    return this.#isGone;
  }

  get hasTransaction(): boolean {
    return this.#statements.hasTransaction;
  }

  get silentSince(): number | undefined {
    return this.#queue.isRunning || !this.hasTransaction ? undefined : this.#queue.activeAt;
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
    this.#queue.add(() => this.#answer(id, operation));
  }

  /** Answers a call that could not be understood, in its turn. */
  refuse(id: number, error: Error): void {
    this.#queue.add(async () => {
      await Promise.resolve();
      this.send({ type: 'answer', id, error: toWireError(error), open: this.hasTransaction });
    });
  }

  onIdle(): void {
    const { gateTimeoutMs } = this.host;
    this.lose(
      `it ran no statement for ${gateTimeoutMs} ms while others waited for the database`,
      // A statement may have come in between.
      () => this.host.clock.now() - this.#queue.activeAt >= gateTimeoutMs,
    );
  }

  /** Rolls the open transaction back, after the statement that runs now. */
  lose(because: string, isStillDue: () => boolean = () => true): void {
    this.#queue.add(() => this.#statements.lose(because, isStillDue));
  }

  /** Ends the session: what has not begun is dropped, what is open is rolled back. Resolves when nothing is left. */
  async leave(): Promise<void> {
    this.#isGone = true;
    this.#queue.clear();
    this.host.turns.callOff(this);
    this.lose('its client is gone');
    await this.finished();
  }

  /** Resolves when all that was received has ended. */
  finished(): Promise<void> {
    return this.#queue.finished();
  }

  async #answer(id: number, operation: Operation): Promise<void> {
    let answer: Unsent<AnswerMessage>;
    try {
      const result = await this.#statements.carryOut(operation);
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
}
