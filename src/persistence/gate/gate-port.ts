import type { QueryRunner } from 'typeorm';
import type { Writes } from '../sql/written-tables.ts';

/** A commit on this data source that wrote something. Numbers increase by one. */
export interface Commit {
  readonly number: number;
  readonly writes: Writes;
}

/**
 * A read result and the number of commits at its first and last statement. Without a span, the numbers are unknown or
 * there was no statement.
 */
export interface Observed<T> {
  readonly value: T;
  readonly span?: { readonly first: number; readonly last: number };
}

export interface TransactionOptions {
  /** All effects of `work` are in the transaction, so nothing of a rolled back attempt remains. */
  readonly repeatable?: boolean;
}

/** Allows one open transaction per connection; all other work waits (F-130, F-131). */
export interface ConnectionGate {
  /** Number of callers that wait for the connection. Long work commits early if it is not 0. */
  readonly waiting: number;
  /**
   * Runs `work` in its own outermost transaction. Called within another transaction, it starts after that one has
   * ended, so do not await it there. Commits, or rolls back and rejects with the error of `work`. Queries of `work`
   * without its runner join the transaction. Rejects with `TransactionLostError` if the transaction was lost with its
   * host; runs `repeatable` work again instead.
   */
  transaction<T>(work: (queryRunner: QueryRunner) => Promise<T>, options?: TransactionOptions): Promise<T>;
  /** Runs statements one by one, outside any transaction, including the caller's. */
  read<T>(work: (queryRunner: QueryRunner) => Promise<T>): Promise<T>;
  /** Calls `fn` outside the caller's transaction. Work that it starts does not join. */
  detached<T>(fn: () => T): T;
  /** Like {@link detached}, for reads with several statements. Reports whether commits occurred in between. */
  observe<T>(work: () => Promise<T>): Promise<Observed<T>>;
  /** Number of commits reported by {@link onCommit}. */
  readonly commits: number;
  /**
   * Calls `listener` after each commit that wrote something, once the connection is free. Returns a function that
   * unsubscribes.
   */
  onCommit(listener: (commit: Commit) => void): () => void;
}
