import type { QueueFilter } from '../model/queue.ts';
import { OutboxState } from './entities.ts';
import { listOf, type Session } from './session.ts';

/** How many operations are queued, and how many of them are stuck. Each count is read off an index, so that it may follow every commit. */
export async function countQueue(session: Session, filter: QueueFilter | undefined): Promise<{ readonly total: number; readonly stuck: number }> {
  const kinds =
    filter?.kinds === undefined ? { condition: '', parameters: [] } : { condition: session.dialect.inList('"kind"'), parameters: [listOf(filter.kinds)] };
  const count = async (conditions: readonly string[]): Promise<number> => {
    const where = conditions.filter((condition) => condition !== '').join(' AND ');
    const row = await session.one<{ count: number | string }>(
      `SELECT COUNT(*) AS "count" FROM "sync_outbox"${where === '' ? '' : ` WHERE ${where}`}`,
      kinds.parameters,
    );
    return Number(row?.count ?? 0);
  };
  return { total: await count([kinds.condition]), stuck: await count([`"state" = ${OutboxState.parked}`, `"parked" = 'stuck'`, kinds.condition]) };
}
