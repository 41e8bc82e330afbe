import type { DataSource, QueryRunner } from 'typeorm';
import type { ConnectionGate } from './gate-port.ts';

/** For databases with a pool of connections, as PostgreSQL: each transaction has a connection of its own, nobody waits here. */
export function createPooledGate(dataSource: DataSource): ConnectionGate {
  const listeners = new Set<() => void>();

  const announce = (): void => {
    for (const listener of listeners) {
      try {
        listener();
      } catch (error) {
        dataSource.logger.log('warn', `A commit listener failed: ${String(error)}`);
      }
    }
  };

  const withRunner = async <T>(work: (queryRunner: QueryRunner) => Promise<T>): Promise<T> => {
    const queryRunner = dataSource.createQueryRunner();
    try {
      return await work(queryRunner);
    } finally {
      await queryRunner.release();
    }
  };

  const transaction = async <T>(work: (queryRunner: QueryRunner) => Promise<T>): Promise<T> => {
    const result = await withRunner(async (queryRunner) => {
      await queryRunner.startTransaction();
      try {
        const done = await work(queryRunner);
        await queryRunner.commitTransaction();
        return done;
      } catch (error) {
        // The first error is the one to tell; a connection that cannot even roll back is thrown away by the pool.
        if (queryRunner.isTransactionActive)
          await queryRunner.rollbackTransaction().catch((failure: unknown) => dataSource.logger.log('warn', `ROLLBACK failed: ${String(failure)}`));
        throw error;
      }
    });
    announce();
    return result;
  };

  return {
    waiting: 0,
    transaction,
    read: withRunner,
    detached: (fn) => fn(),
    onCommit: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}
