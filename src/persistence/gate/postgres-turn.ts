import type { QueryRunner } from 'typeorm';

/** Identifies the schema with the sync tables. Two schemas of a database do not wait for each other. */
const turn = `pg_advisory_xact_lock(hashtext('synchart'), hashtext(current_schema()))`;

/**
 * Waits until no other transaction of ours is open in any process, like SQLite's write lock. Later reads then see every
 * earlier commit. Otherwise two simultaneous requests would both get the lease, or both become head of an entity's line
 * (I3, I11). Held until the transaction ends. Waits at most `waitMs`, then fails as busy (55P03).
 */
export async function takeTurn(queryRunner: QueryRunner, waitMs: number): Promise<void> {
  await queryRunner.query(`SET LOCAL lock_timeout = ${Math.max(1, Math.ceil(waitMs))}`);
  await queryRunner.query(`SELECT ${turn}`);
}

/**
 * Like {@link takeTurn}, within the app's own transaction, which is otherwise unchanged. A second call has no further
 * effect.
 */
export async function joinTurn(queryRunner: QueryRunner): Promise<void> {
  await queryRunner.query(`SELECT ${turn}`);
}
