import type { QueueFilter } from '../../model/queue.ts';
import { OutboxState } from '../database/outbox-columns.ts';
import { listOf, type Session } from '../sql/session.ts';

/**
 * Counts the queued and stuck operations in one statement. Each count uses an index only, so that it can follow every
 * commit.
 */
export async function countQueue(
  session: Session,
  filter: QueueFilter | undefined,
): Promise<{ readonly total: number; readonly stuck: number }> {
  const ofKinds = filter?.kinds === undefined ? undefined : session.dialect.inList('"kind"');
  const list = filter?.kinds === undefined ? [] : [listOf(filter.kinds)];
  // Without any condition, SQLite counts without reading the rows.
  const row = await session.one<{ total: number | string; stuck: number | string }>(
    `SELECT (SELECT COUNT(*) FROM "sync_outbox"${ofKinds === undefined ? '' : ` WHERE ${ofKinds}`}) AS "total",
       (SELECT COUNT(*) FROM "sync_outbox" WHERE "state" = ${OutboxState.parked} AND "parked" = 'stuck'${ofKinds === undefined ? '' : ` AND ${ofKinds}`}) AS "stuck"`,
    [...list, ...list],
  );
  return { total: Number(row?.total ?? 0), stuck: Number(row?.stuck ?? 0) };
}
