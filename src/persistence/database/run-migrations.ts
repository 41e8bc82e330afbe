import { MigrationExecutor, type DataSource } from 'typeorm';
import { TransactionLostError } from '../../model/errors/errors.ts';
import { gateConnection } from '../gate/connection-gate.ts';
import { dialectOf } from '../drivers/profile-of.ts';
import { Session } from '../sql/session.ts';
import { refuseNewerRelease } from './newer-release.ts';

/**
 * Runs all pending migrations in one transaction. Unlike TypeORM, reads the list of pending migrations under the write
 * lock, so that two processes that open a new file together do not both create its tables. Writes nothing if nothing is
 * pending. Rejects with `NewerReleaseError` and writes nothing if a newer release migrated the database.
 */
export async function runPendingMigrations(dataSource: DataSource): Promise<void> {
  for (let attempts = 1; ; attempts += 1) {
    try {
      await runPending(dataSource);
      return;
    } catch (error) {
      // The host of the transaction died, and nothing of it is stored.
      if (!(error instanceof TransactionLostError) || attempts === mostAttempts) throw error;
    }
  }
}

const mostAttempts = 5;

async function runPending(dataSource: DataSource): Promise<void> {
  await gateConnection(dataSource).read((queryRunner) =>
    refuseNewerRelease(new Session(queryRunner, dialectOf(dataSource)), dataSource),
  );
  const pending = await new MigrationExecutor(dataSource).getPendingMigrations();
  if (pending.length === 0) return;
  const queryRunner = dataSource.createQueryRunner();
  // Outside the transaction, where SQLite accepts a change of foreign_keys. With foreign keys on, rebuilding a table
  // would delete the rows that reference it.
  await queryRunner.beforeMigration();
  try {
    await queryRunner.manager.transaction(() =>
      new MigrationExecutor(dataSource, queryRunner).executePendingMigrations(),
    );
  } finally {
    await queryRunner.afterMigration();
    await queryRunner.release();
  }
}
