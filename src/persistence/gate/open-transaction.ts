import { DatabaseError, TransactionLostError } from '../../model/errors/errors.ts';
import type { LockHolder } from './gate-lock.ts';
import { Writes } from '../sql/written-tables.ts';

/** A query runner that takes part in a transaction. */
export interface TransactionMember {
  /** Called when the transaction has ended; the member is no longer in it. */
  leaveTransaction(): void;
}

/**
 * The content of an async context: the transaction that queries without a manager join. Migrations begin theirs within
 * their scope.
 */
export interface TransactionScope {
  transaction: OpenTransaction | undefined;
  /** Settles when the last nested transaction begun in this scope has ended. */
  nested?: Promise<unknown>;
  /** Records the number of commits when a statement of this scope runs. */
  note?(commits: number): void;
}

/**
 * The one open transaction of a connection. `open`: its statements run, and queries of its async context join.
 * `closing`: COMMIT or ROLLBACK is running, nothing joins. `ended`: the connection is clean and free for others.
 */
export class OpenTransaction implements LockHolder, TransactionScope {
  readonly transaction = this;
  nested?: Promise<unknown>;
  state: 'open' | 'closing' | 'ended' = 'open';
  /** COMMIT has run. Set before anybody else gets the connection. */
  isCommitted = false;
  /** Starts at 1 for BEGIN itself. */
  running = 1;
  activeAt = 0;
  readonly members = new Set<TransactionMember>();
  readonly writes = new Writes();
  /** The error with which SQLite itself rolled the transaction back (disk full, ON CONFLICT ROLLBACK). */
  lostBy: unknown;
  #idle: (() => void) | undefined;

  enter(now: number): void {
    // Otherwise statements after a rollback by SQLite would commit one by one.
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
   * Resolves when no statement runs. A statement sent before COMMIT and executed after it would join the next
   * transaction.
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
      'SQLite rolled this transaction back after an error; nothing of it is stored. Run it again',
      { cause: this.lostBy },
    );
  }
}
