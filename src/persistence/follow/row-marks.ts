import { otherCodes } from '../../rules/answers/refusal-code.ts';
import { settledParkSql } from '../outbox/operation-fate.ts';
import { dialectOf } from '../drivers/profile-of.ts';
import { listOf } from '../sql/session.ts';
import type { LiveSource } from './live-source.ts';

/** What a list shows beside a row. */
export interface RowMark {
  /** A change of the row is queued or in flight. */
  readonly pending: boolean;
  /** Somebody else changed the row, and a decision is pending. */
  readonly conflict: boolean;
  /** The server refused a change of the row, or its result is unknown. */
  readonly rejected: boolean;
}

interface MarkedRow {
  readonly id: string;
  readonly conflicts: number | string;
  readonly rejections: number | string;
}

/** Reads the marks of rows of the first table of `source`. Omits rows without a queued change. */
export async function readRowMarks(
  { dataSource, kinds }: LiveSource,
  ids: readonly string[],
): Promise<ReadonlyMap<string, RowMark>> {
  if (ids.length === 0) return new Map();
  const dialect = dialectOf(dataSource);
  const park = settledParkSql('o');
  const sql = `SELECT o."entity_id" AS "id", SUM(CASE WHEN ${park} = 'conflict' THEN 1 ELSE 0 END) AS "conflicts",
      SUM(CASE WHEN ${park} IN ('stuck', 'ambiguous') OR o."error_code" = 'forbidden' OR (o."error_code" IS NOT NULL AND NOT (${dialect.inList('o."error_code"')})) THEN 1 ELSE 0 END) AS "rejections"
    FROM "sync_outbox" o WHERE o."kind" = ? AND ${dialect.inList('o."entity_id"')} GROUP BY o."entity_id"`;
  const rows = await dataSource.query<readonly MarkedRow[]>(dialect.text(sql), [
    listOf(otherCodes),
    kinds[0],
    listOf(ids),
  ]);
  return new Map(
    rows.map(({ id, conflicts, rejections }) => [
      id,
      { pending: true, conflict: Number(conflicts) > 0, rejected: Number(rejections) > 0 },
    ]),
  );
}
