import { MigrationExecutor, type DataSource } from 'typeorm';
import { TransactionLostError } from '../../model/errors/errors.ts';
import { gateConnection } from '../gate/connection-gate.ts';
import { dialectOf } from '../drivers/profile-of.ts';
import { Session } from '../sql/session.ts';
import { refuseNewerRelease } from './newer-release.ts';

/**
 * Runs what is pending, all of it in one transaction. Unlike TypeORM's own way, the list of pending migrations is read
 * under the write lock, so that two processes that open a new file at the same time do not both create its tables.
 * Writes nothing when nothing is pending. Rejects with `NewerReleaseError`, and writes nothing, where a newer release
 * was here.
 */
export async function runPendingMigrations(dataSource: DataSource): Promise<void> {
  for (let attempts = 1; ; attempts += 1) {
    try {
      await runPending(dataSource);
      return;
    } catch (error) {
      // Its host has died, and nothing of it is stored.
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
  // Outside of the transaction: inside, SQLite ignores a change of foreign_keys, and rebuilding a table would delete
  // what refers to it.
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
