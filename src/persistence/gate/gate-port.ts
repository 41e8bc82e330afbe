import type { QueryRunner } from 'typeorm';
import type { Writes } from '../sql/written-tables.ts';

/** A commit on this data source that wrote something. Numbers rise by one. */
export interface Commit {
  readonly number: number;
  readonly writes: Writes;
}

/**
 * What was read, and how many commits there had been at the first and at the last statement; no span: there is no way
 * to tell, or no statement.
 */
export interface Observed<T> {
  readonly value: T;
  readonly span?: { readonly first: number; readonly last: number };
}

export interface TransactionOptions {
  /** All that `work` does is in the transaction: nothing is left of a first try when that is rolled back. */
  readonly repeatable?: boolean;
}

/** One open transaction per connection; everybody else waits (F-130, F-131). */
export interface ConnectionGate {
  /** How many wait for the connection now: long work commits early when it is not 0. */
  readonly waiting: number;
  /**
   * Runs `work` in an outermost transaction of its own, also when called inside another one: then it begins after that
   * has ended, so do not await it there. Commits, or rolls back and rejects with what `work` threw. Queries made in
   * `work` without its runner join it. A transaction that was lost with its host rejects with `TransactionLostError`;
   * where `work` is `repeatable` it is run again from its beginning.
   */
  transaction<T>(work: (queryRunner: QueryRunner) => Promise<T>, options?: TransactionOptions): Promise<T>;
  /** Runs statements one by one, in no transaction, and never as part of the caller's. */
  read<T>(work: (queryRunner: QueryRunner) => Promise<T>): Promise<T>;
  /** Calls `fn` outside of the caller's transaction: what it starts does not join. */
  detached<T>(fn: () => T): T;
  /** As {@link detached}, for reading with several statements: tells whether commits came in between. */
  observe<T>(work: () => Promise<T>): Promise<Observed<T>>;
  /** How many commits {@link onCommit} has told of. */
  readonly commits: number;
  /**
   * Calls `listener` after each commit that wrote something, when the connection is free again; returns the function
   * that ends it.
   */
  onCommit(listener: (commit: Commit) => void): () => void;
}
