import { DatabaseError, TransactionLostError } from '../../model/errors/errors.ts';
import type { LockHolder } from './gate-lock.ts';
import { Writes } from '../sql/written-tables.ts';

/** A query runner that takes part in a transaction. */
export interface TransactionMember {
  /** Called when the transaction is over: the member is not in a transaction any more. */
  leaveTransaction(): void;
}

/**
 * What an async context carries: the transaction that queries without a manager join. Migrations begin theirs inside of
 * their scope.
 */
export interface TransactionScope {
  transaction: OpenTransaction | undefined;
  /** Ends when the last nested transaction that was begun in this scope has ended. */
  nested?: Promise<unknown>;
  /** Notes how many commits there have been when a statement of this scope runs. */
  note?(commits: number): void;
}

/**
 * The one transaction that is open on a connection. `open`: its statements run, and queries of its async context join.
 * `closing`: COMMIT or ROLLBACK is under way, nothing joins. `ended`: the connection is clean and belongs to somebody
 * else.
 */
export class OpenTransaction implements LockHolder, TransactionScope {
  readonly transaction = this;
  nested?: Promise<unknown>;
  state: 'open' | 'closing' | 'ended' = 'open';
  /** COMMIT has run. Known before anybody else gets the connection. */
  isCommitted = false;
  /** Starts at 1: BEGIN itself. */
  running = 1;
  activeAt = 0;
  readonly members = new Set<TransactionMember>();
  readonly writes = new Writes();
  /** The error with which SQLite gave the whole transaction up by itself (disk full, ON CONFLICT ROLLBACK). */
  lostBy: unknown;
  #idle: (() => void) | undefined;

  enter(now: number): void {
    // Without this, statements after a rollback by SQLite would commit one by one.
    if (this.lostBy !== undefined) throw this.lostError();
    this.running += 1;
    this.activeAt = now;
  }

  leave(now: number): void {
    this.running -= 1;
    this.activeAt = now;
    if (this.running === 0) this.#idle?.();
  }

  /**
   * Resolves when no statement runs: one sent before COMMIT and executed after it would land in the next transaction.
   */
  idle(): Promise<void> | undefined {
    return this.running === 0
      ? undefined
      : new Promise((resolve) => {
          this.#idle = resolve;
        });
  }

  lostError(): DatabaseError {
    if (this.lostBy instanceof TransactionLostError) return this.lostBy;
    return new DatabaseError(
      'SQLite has rolled this transaction back after an error; nothing of it is stored, run it again',
      { cause: this.lostBy },
    );
  }
}
