import type { TakeOptions } from '../../model/ports.ts';
import { packedOutboxColumns, unpackedOp, type PackedOutboxRow, type StoredOp } from './outbox-rows.ts';
import { listOf, type Dialect, type Session } from '../sql/session.ts';

const placeholders = (count: number): string => Array.from({ length: count }, () => '?').join(', ');

/**
 * The oldest ready heads by `seq`: one indexed range per kind, each with the limit. Reads whole rows only for taken
 * heads.
 */
const headsSql = (dialect: Dialect, kinds: number): string =>
  `SELECT ${packedOutboxColumns(dialect)} FROM "sync_outbox" WHERE "seq" IN (SELECT "seq" FROM (${Array.from(
    { length: kinds },
    () =>
      `SELECT * FROM (SELECT "seq" FROM "sync_outbox" WHERE "kind" = ? AND "state" = 1 ORDER BY "seq" LIMIT ?) AS "ready"`,
  ).join(' UNION ALL ')}) AS "heads" ORDER BY "seq" LIMIT ?) ORDER BY "seq"`;

// CROSS JOIN fixes the join order: from the few open requests to their heads.
const openSql = (dialect: Dialect, kinds: number): string =>
  `SELECT ${packedOutboxColumns(dialect)} FROM "sync_outbox" WHERE "seq" IN (SELECT h."seq" FROM "sync_outbox" f CROSS JOIN "sync_outbox" h
   WHERE f."request_id" IS NOT NULL AND f."kind" IN (${placeholders(kinds)})
     AND h."kind" = f."kind" AND h."entity_id" = f."entity_id" AND h."state" = 1 ORDER BY h."seq" LIMIT ?) ORDER BY "seq"`;

/** The next heads of line: those with an open request first, then by `seq`. */
export async function readHeads(session: Session, { kinds, limit }: TakeOptions): Promise<readonly StoredOp[]> {
  if (kinds.length === 0) return [];
  const { dialect } = session;
  const open = (await session.query<PackedOutboxRow>(openSql(dialect, kinds.length), [...kinds, limit])).map(
    unpackedOp,
  );
  const ready = (
    await session.query<PackedOutboxRow>(headsSql(dialect, kinds.length), [
      ...kinds.flatMap((kind) => [kind, limit]),
      limit,
    ])
  ).map(unpackedOp);
  if (open.length === 0) return ready;
  const seen = new Set(open.map(({ seq }) => seq));
  return [...open, ...ready.filter(({ seq }) => !seen.has(seq))].slice(0, limit);
}

/**
 * The queues of these heads of one kind, each in outbox order. An entity with a single operation costs an index lookup
 * and no row.
 */
export async function readLines(
  session: Session,
  kind: string,
  heads: readonly StoredOp[],
): Promise<Map<string, StoredOp[]>> {
  const lines = new Map(heads.map((head) => [head.entityId, [head]]));
  const rows = await session.query<PackedOutboxRow>(
    `SELECT ${packedOutboxColumns(session.dialect)} FROM "sync_outbox" WHERE "kind" = ? AND ${session.dialect.inList('"entity_id"')} AND NOT (${session.dialect.inList('"seq"')}) ORDER BY "seq"`,
    [kind, listOf([...lines.keys()]), listOf(heads.map(({ seq }) => seq))],
  );
  for (const op of rows.map(unpackedOp)) lines.get(op.entityId)?.push(op);
  return lines;
}
