import type { DataSource, EntityTarget, ObjectLiteral } from 'typeorm';
import type { ComparedRow } from './compare.ts';

const batchSize = 5_000;

/** Reads a table in batches, ascending by id, without what belongs to one device only. */
export async function* tableRows(
  dataSource: DataSource,
  entity: EntityTarget<ObjectLiteral>,
): AsyncGenerator<readonly ComparedRow[]> {
  const { tablePath, columns } = dataSource.getMetadata(entity);
  const names = columns.map(({ databaseName }) => databaseName).filter((name) => name !== 'deleted_at_local');
  const list = names.map((name) => `"${name}"`).join(', ');
  for (let after = ''; ; ) {
    const rows = await dataSource.query<Record<string, unknown>[]>(
      `SELECT ${list} FROM "${tablePath}" WHERE "id" > ? ORDER BY "id" LIMIT ${batchSize}`,
      [after],
    );
    if (rows.length > 0) yield rows;
    const last = rows.at(-1);
    if (last === undefined || rows.length < batchSize) return;
    after = String(last['id']);
  }
}

/** Rows that neither side has deleted. */
export async function countLiving(dataSource: DataSource, entity: EntityTarget<ObjectLiteral>): Promise<number> {
  const { tablePath } = dataSource.getMetadata(entity);
  const [counted] = await dataSource.query<{ count: number }[]>(
    `SELECT count(*) AS "count" FROM "${tablePath}" WHERE "deleted_at" IS NULL AND "deleted_at_local" IS NULL`,
  );
  return counted?.count ?? 0;
}
