import type { ForeignKeysPragma } from '../protocol/foreign-keys.ts';
import type { StatementResult, WireError } from '../protocol/messages.ts';
import { ClientTransaction, isBusyBegin, leadOf } from './client-transaction.ts';
import { transactionOf, type PendingCall } from './pending-calls.ts';

export const nothing: StatementResult = { rows: [], changes: 0, lastInsertRowId: 0 };

/** The transaction of the client's connection, of which there is at most one, and its setting of foreign keys. */
export class ConnectionState {
  transaction: ClientTransaction | undefined;
  #lastTransaction = 0;
  /** The client's own setting. Inside a transaction SQLite ignores a change of it. */
  #foreignKeys = true;

  get isInTransaction(): boolean {
    return this.transaction?.state === 'open';
  }

  /** Whether the host may have the open transaction. */
  get hasBegun(): boolean {
    return this.isInTransaction && this.transaction?.hasBegun === true;
  }

  get foreignKeys(): boolean {
    return this.#foreignKeys;
  }

  begin(): ClientTransaction {
    this.transaction = new ClientTransaction((this.#lastTransaction += 1));
    return this.transaction;
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
  answered(call: PendingCall, open: boolean, error: WireError | undefined): void {
    const transaction = this.ownerOf(call);
    if (transaction === undefined || open) return;
    const { operation } = call;
    if (isBusyBegin(operation, error)) transaction.takeBack(leadOf(operation));
    // A host that does not know the transaction says so at the next statement.
    else if (operation.op === 'query' || (operation.op === 'commit' && error !== undefined)) transaction.state = 'lost';
  }

  /** Answers, or carries out, a statement about foreign keys: no host keeps the setting of a client. */
  setForeignKeys(pragma: ForeignKeysPragma): StatementResult {
    if (pragma === 'asked') return { ...nothing, rows: [{ foreign_keys: Number(this.#foreignKeys) }] };
    if (!this.isInTransaction) this.#foreignKeys = pragma.set;
    return nothing;
  }
}
