import type { QueryRunner } from 'typeorm';

/** Of the schema that holds the sync tables: two schemas of a database do not wait for each other. */
const turn = `pg_advisory_xact_lock(hashtext('synchart'), hashtext(current_schema()))`;

/**
 * Waits until no other transaction of ours is open, in any process, as SQLite's write lock does: whatever is read from
 * here on is what all before have committed. Without, two that ask in the same moment would both get the lease, or both
 * become head of an entity's line (I3, I11). Held until the transaction ends; waits at most `waitMs`, then fails as
 * busy (55P03).
 */
export async function takeTurn(queryRunner: QueryRunner, waitMs: number): Promise<void> {
  await queryRunner.query(`SET LOCAL lock_timeout = ${Math.max(1, Math.ceil(waitMs))}`);
  await queryRunner.query(`SELECT ${turn}`);
}

/**
 * As {@link takeTurn}, inside a transaction of the app's own: nothing else of it is changed. Taken twice it is held
 * once.
 */
export async function joinTurn(queryRunner: QueryRunner): Promise<void> {
  await queryRunner.query(`SELECT ${turn}`);
}
