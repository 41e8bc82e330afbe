import type { Operation, StatementResult } from '../protocol/messages.ts';

/** A call without its answer. */
export interface PendingCall {
  readonly id: number;
  readonly operation: Operation;
  readonly resolve: (result: StatementResult) => void;
  readonly reject: (error: Error) => void;
  /** When it was asked for, epoch ms. */
  readonly since: number;
  /** A host has been sent it, so it may be carried out. */
  wasSent: boolean;
}

/** The write id of a call that stores something. */
export const writeOf = ({ operation }: PendingCall): number | undefined =>
  operation.op === 'write' || operation.op === 'commit' ? operation.write : undefined;

/** The transaction that a call is part of. */
export const transactionOf = ({ operation }: PendingCall): number | undefined =>
  operation.op === 'write' ? undefined : operation.tx;

/** Calls that wait for their answers, in the order in which they were asked for. */
export class PendingCalls {
  readonly #calls = new Map<number, PendingCall>();
  #lastId = 0;
  #lastWrite = 0;

  get size(): number {
    return this.#calls.size;
  }

  /** All calls below have their answer. */
  get settled(): number {
    const [first] = this.#calls.keys();
    return first ?? this.#lastId + 1;
  }

  /** All writes below have their answer. */
  get settledWrites(): number {
    for (const call of this.#calls.values()) {
      const write = writeOf(call);
      if (write !== undefined) return write;
    }
    return this.#lastWrite + 1;
  }

  nextWrite(): number {
    return (this.#lastWrite += 1);
  }

  add(call: Omit<PendingCall, 'id' | 'wasSent'>): PendingCall {
    const pending: PendingCall = { ...call, id: (this.#lastId += 1), wasSent: false };
    this.#calls.set(pending.id, pending);
    return pending;
  }

  take(id: number): PendingCall | undefined {
    const call = this.#calls.get(id);
    this.#calls.delete(id);
    return call;
  }

  all(): readonly PendingCall[] {
    return [...this.#calls.values()];
  }

  unansweredWrites(): readonly number[] {
    return this.all().flatMap((call) => writeOf(call) ?? []);
  }
}
