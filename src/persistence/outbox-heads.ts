import type { TakeOptions } from '../model/ports.ts';
import { outboxColumns, toStoredOp, type RawOutboxRow, type StoredOp } from './outbox-rows.ts';
import { listOf, type Session } from './session.ts';

const placeholders = (count: number): string => Array.from({ length: count }, () => '?').join(', ');

/** The oldest ready heads by `seq`: one indexed range per kind, each bounded by the limit; whole rows are read of those that are taken only. */
export const headsSql = (kinds: number): string =>
  `SELECT ${outboxColumns} FROM "sync_outbox" WHERE "seq" IN (SELECT "seq" FROM (${Array.from(
    { length: kinds },
    () => `SELECT * FROM (SELECT "seq" FROM "sync_outbox" WHERE "kind" = ? AND "state" = 1 ORDER BY "seq" LIMIT ?) AS "ready"`,
  ).join(' UNION ALL ')}) AS "heads" ORDER BY "seq" LIMIT ?) ORDER BY "seq"`;

// CROSS JOIN fixes the order of the loops: from the few open requests to their heads, never the other way round.
export const openSql = (kinds: number): string =>
  `SELECT ${outboxColumns} FROM "sync_outbox" WHERE "seq" IN (SELECT h."seq" FROM "sync_outbox" f CROSS JOIN "sync_outbox" h
   WHERE f."request_id" IS NOT NULL AND f."kind" IN (${placeholders(kinds)})
     AND h."kind" = f."kind" AND h."entity_id" = f."entity_id" AND h."state" = 1 ORDER BY h."seq" LIMIT ?) ORDER BY "seq"`;

/** The next heads of line: those with an open request first, then by `seq`. */
export async function readHeads(session: Session, { kinds, limit }: TakeOptions): Promise<readonly StoredOp[]> {
  if (kinds.length === 0) return [];
  const open = await session.query<RawOutboxRow>(openSql(kinds.length), [...kinds, limit]);
  const ready = await session.query<RawOutboxRow>(headsSql(kinds.length), [...kinds.flatMap((kind) => [kind, limit]), limit]);
  const seen = new Set(open.map((head) => Number(head.seq)));
  return [...open, ...ready.filter((head) => !seen.has(Number(head.seq)))].slice(0, limit).map(toStoredOp);
}

/** The queues of these heads of one kind, each in outbox order. Entities with one operation cost a look into the index, no row. */
export async function readLines(session: Session, kind: string, heads: readonly StoredOp[]): Promise<Map<string, StoredOp[]>> {
  const lines = new Map(heads.map((head) => [head.entityId, [head]]));
  const rows = await session.query<RawOutboxRow>(
    `SELECT ${outboxColumns} FROM "sync_outbox" WHERE "kind" = ? AND ${session.dialect.inList('"entity_id"')} AND NOT (${session.dialect.inList('"seq"')}) ORDER BY "seq"`,
    [kind, listOf([...lines.keys()]), listOf(heads.map(({ seq }) => seq))],
  );
  for (const row of rows) lines.get(row.entityId)?.push(toStoredOp(row));
  return lines;
}
