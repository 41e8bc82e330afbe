import type { QueueFilter } from '../../model/queue.ts';
import { outboxSelection, toStoredOp, type RawOutboxRow, type StoredOp } from '../outbox/outbox-rows.ts';
import { listOf, type Session } from '../sql/session.ts';

/** A part of a WHERE clause that begins with AND, or is empty. */
interface Condition {
  readonly sql: string;
  readonly parameters: readonly unknown[];
}

/** SQL condition: the row belongs to one of these kinds and is one of these operations. */
export function ofFilter(session: Session, filter: QueueFilter | undefined): Condition {
  const lists = [
    ['"kind"', filter?.kinds],
    ['"op_id"', filter?.opIds],
  ] as const;
  const given = lists.flatMap(([column, list]) =>
    list === undefined ? [] : [{ sql: ` AND ${session.dialect.inList(column)}`, list: listOf(list) }],
  );
  return { sql: given.map(({ sql }) => sql).join(''), parameters: given.map(({ list }) => list) };
}

/** Reads operations in outbox order. `condition` is empty, or SQL that begins with AND, with its parameters. */
export async function selectOperations(
  session: Session,
  condition: string | Condition,
  filter: QueueFilter | undefined,
  limit?: number,
): Promise<readonly StoredOp[]> {
  const { sql, parameters } = typeof condition === 'string' ? { sql: condition, parameters: [] } : condition;
  const kinds = ofFilter(session, filter);
  const rows = await session.query<RawOutboxRow>(
    `SELECT ${outboxSelection} FROM "sync_outbox" WHERE true${sql}${kinds.sql} ORDER BY "seq"${limit === undefined ? '' : ' LIMIT ?'}`,
    [...parameters, ...kinds.parameters, ...(limit === undefined ? [] : [limit])],
  );
  return rows.map(toStoredOp);
}
