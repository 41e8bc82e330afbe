import type { QueryRunner } from 'typeorm';

/** One open transaction per connection; everybody else waits (ARCHITECTURE §5, F-130, F-131). */
export interface ConnectionGate {
  /** How many wait for the connection now: long work commits early when it is not 0. */
  readonly waiting: number;
  /**
   * Runs `work` in an outermost transaction of its own, also when called inside another one: then it begins after that has ended, so do not await
   * it there. Commits, or rolls back and rejects with what `work` threw. Queries made in `work` without its runner join it.
   */
  transaction<T>(work: (queryRunner: QueryRunner) => Promise<T>): Promise<T>;
  /** Runs statements one by one, in no transaction, and never as part of the caller's. */
  read<T>(work: (queryRunner: QueryRunner) => Promise<T>): Promise<T>;
  /** Calls `fn` outside of the caller's transaction: what it starts does not join. */
  detached<T>(fn: () => T): T;
  /** Calls `listener` after each commit, when the connection is free again; returns the function that ends it. May also call after a statement that wrote nothing. */
  onCommit(listener: () => void): () => void;
}
