import { openDatabase } from 'synchart/persistence';
import { BenchCity } from './replica.ts';

const opsPerEntity = 3;

/**
 * A database whose outbox has `size` rows, three to an entity, made by one statement per table. The rows themselves do
 * not matter to a take.
 */
export async function fillOutbox(file: string, size: number): Promise<void> {
  const dataSource = await openDatabase({
    database: file,
    driver: 'better-sqlite3',
    entities: [BenchCity],
    synchronize: true,
  });
  const numbers = `WITH RECURSIVE "numbers" ("n") AS (SELECT 0 UNION ALL SELECT "n" + 1 FROM "numbers" LIMIT ?)`;
  await dataSource.transaction(async (manager) => {
    await manager.query(
      `${numbers} INSERT INTO "sync_outbox" ("op_id", "kind", "entity_id", "op", "creates", "payload", "changed_fields", "base_updated_at", "ts", "state", "enqueued_at")
       SELECT 'op-' || "n", 'cities', 'id-' || ("n" / ${opsPerEntity}), 'upsert', 0, json_object('id', 'id-' || ("n" / ${opsPerEntity}), 'population', "n"), '["population"]',
         '2025-01-01T00:00:00.000000Z', '2025-01-02T00:00:00.000Z', CASE "n" % ${opsPerEntity} WHEN 0 THEN 1 ELSE 0 END, 0 FROM "numbers"`,
      [size],
    );
    await manager.query(
      `${numbers} INSERT INTO "sync_base" ("kind", "entity_id", "base_row", "base_version")
       SELECT 'cities', 'id-' || "n", json_object('id', 'id-' || "n", 'population', 0, 'updatedAt', '2025-01-01T00:00:00.000000Z'), '2025-01-01T00:00:00.000000Z' FROM "numbers"`,
      [Math.ceil(size / opsPerEntity)],
    );
  });
  await dataSource.query('PRAGMA wal_checkpoint(TRUNCATE)');
  await dataSource.destroy();
}
