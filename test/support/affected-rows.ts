import type { QueryRunner } from 'typeorm';

/**
 * Runs a statement that writes and tells how many rows it wrote, alike on every driver: better-sqlite3 and the `expo`
 * type report SQLite's count, PostgreSQL the server's. With RETURNING, better-sqlite3 reports rows and no count: then
 * the rows count.
 */
export async function affectedRows(
  queryRunner: QueryRunner,
  sql: string,
  parameters: readonly unknown[] = [],
): Promise<number> {
  const result = await queryRunner.query(sql, [...parameters], true);
  return result.affected ?? result.records.length;
}
