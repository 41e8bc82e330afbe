import type { ForeignKeysPragma } from '../protocol/foreign-keys.ts';
import type { Operation, StatementResult } from '../protocol/messages.ts';
import { transactionOf, type PendingCall } from './pending-calls.ts';

export const nothing: StatementResult = { rows: [], changes: 0, lastInsertRowId: 0 };

/** `lost`: it is over, but its owner may not know yet. */
export interface ClientTransaction {
  readonly tx: number;
  state: 'open' | 'lost';
}

/** The transaction of the client's connection, of which there is at most one, and its setting of foreign keys. */
export class ConnectionState {
  transaction: ClientTransaction | undefined;
  #lastTransaction = 0;
  /** The client's own setting. Inside a transaction SQLite ignores a change of it. */
  #foreignKeys = true;

  get isInTransaction(): boolean {
    return this.transaction?.state === 'open';
  }

  get foreignKeys(): boolean {
    return this.#foreignKeys;
  }

  begin(): ClientTransaction {
    const tx = (this.#lastTransaction += 1);
    const transaction: ClientTransaction = { tx, state: 'open' };
    this.transaction = transaction;
    return transaction;
  }

  /** Forgets this transaction, unless another one has begun. */
  forget(transaction: ClientTransaction): void {
    if (this.transaction === transaction) this.transaction = undefined;
  }

  loseTransaction(): void {
    if (this.transaction !== undefined) this.transaction.state = 'lost';
  }

  /** The transaction, if this call belongs to it. */
  ownerOf(call: PendingCall): ClientTransaction | undefined {
    return this.transaction !== undefined && transactionOf(call) === this.transaction.tx ? this.transaction : undefined;
  }

  /** Notes what an answer tells of the call's transaction: SQLite, or the host, may have given it up. */
  answered(call: PendingCall, open: boolean, failed: boolean): void {
    const transaction = this.ownerOf(call);
    if (transaction === undefined || open) return;
    const { op }: Operation = call.operation;
    // A host that does not know the transaction says so at the next statement.
    if (op === 'query' || (op === 'commit' && failed)) transaction.state = 'lost';
  }

  /** Answers, or carries out, a statement about foreign keys: no host keeps the setting of a client. */
  setForeignKeys(pragma: ForeignKeysPragma): StatementResult {
    if (pragma === 'asked') return { ...nothing, rows: [{ foreign_keys: Number(this.#foreignKeys) }] };
    if (!this.isInTransaction) this.#foreignKeys = pragma.set;
    return nothing;
  }
}
