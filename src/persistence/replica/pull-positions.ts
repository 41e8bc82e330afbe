import type { Cursor } from '../../model/cursor.ts';
import type { PullPosition } from '../../model/ports.ts';
import type { Session } from '../sql/session.ts';
import { isTimeText, numberOr } from '../sql/stored-shape.ts';
import type { WireValuesNote } from '../columns/wire-values.ts';

interface RawPosition {
  readonly ts: string | null;
  readonly lastId: string | null;
  readonly maxPage: number;
  readonly token: string | null;
  readonly tokenTs: string | null;
  readonly tokenLastId: string | null;
}

/** A damaged time counts as never pulled. Listing rows twice loses nothing, and no server could answer it (F-164). */
const cursorOf = (ts: string | null, lastId: string | null): Cursor | undefined =>
  isTimeText(ts) ? { ts, lastId: lastId ?? '' } : undefined;

/** A resync has its own cursor and sequence, so that the committed cursor never moves backwards (I6). */
const columnsOf = (resync: boolean): readonly string[] =>
  (resync
    ? ['resync_ts', 'resync_last_id', 'resync_token', 'resync_token_ts', 'resync_token_last_id']
    : ['ts', 'last_id', 'token', 'token_ts', 'token_last_id']
  ).map((name) => `"${name}"`);

/** `onDamage` receives the fault of the stored position and its consequence. */
export async function readPosition(
  session: Session,
  kind: string,
  resync: boolean,
  onDamage?: (message: string) => void,
): Promise<PullPosition> {
  const [ts, lastId, token, tokenTs, tokenLastId] = columnsOf(resync);
  const row = await session.one<RawPosition>(
    `SELECT ${ts} AS "ts", ${lastId} AS "lastId", "max_page" AS "maxPage", ${token} AS "token", ${tokenTs} AS "tokenTs", ${tokenLastId} AS "tokenLastId" FROM "sync_cursors" WHERE "kind" = ?`,
    [kind],
  );
  if (!row) return { cursor: undefined, maxPage: 0, resync };
  for (const [column, text] of [
    [ts, row.ts],
    [tokenTs, row.tokenTs],
  ] as const)
    if (text !== null && !isTimeText(text))
      onDamage?.(
        `row ${kind} of sync_cursors is damaged: ${column} is not an ISO 8601 time; '${kind}' is pulled again from its beginning, and nothing is lost`,
      );
  return {
    cursor: cursorOf(row.ts, row.lastId),
    maxPage: numberOr(row.maxPage, 0),
    resync,
    ...(row.token === null ? {} : { sequence: { token: row.token, start: cursorOf(row.tokenTs, row.tokenLastId) } }),
  };
}

/** Stores the position after a page, in the page's transaction (I6). */
export async function writePosition(session: Session, kind: string, position: PullPosition): Promise<void> {
  const [ts, lastId, token, tokenTs, tokenLastId] = columnsOf(position.resync);
  await session.run(
    `INSERT INTO "sync_cursors" ("kind", ${ts}, ${lastId}, "max_page", ${token}, ${tokenTs}, ${tokenLastId}) VALUES (?, ?, ?, ?, ?, ?, ?)
     ON CONFLICT ("kind") DO UPDATE SET ${ts} = excluded.${ts}, ${lastId} = excluded.${lastId}, "max_page" = excluded."max_page", ${token} = excluded.${token},
       ${tokenTs} = excluded.${tokenTs}, ${tokenLastId} = excluded.${tokenLastId}`,
    [
      kind,
      position.cursor?.ts ?? null,
      position.cursor?.lastId ?? null,
      position.maxPage,
      position.sequence?.token ?? null,
      position.sequence?.start?.ts ?? null,
      position.sequence?.start?.lastId ?? null,
    ],
  );
}

/** Makes the next pull list the kind from its beginning. */
export const forgetPosition = (session: Session, kind: string): Promise<void> =>
  session.run(
    'UPDATE "sync_cursors" SET "ts" = NULL, "last_id" = NULL, "token" = NULL, "token_ts" = NULL, "token_last_id" = NULL WHERE "kind" = ?',
    [kind],
  );

/** The state that the pages of a kind need, read once because nobody else writes during their transaction. */
export interface PullSituation {
  readonly hasBases: boolean;
  readonly hasQuarantine: boolean;
  readonly wireValues: WireValuesNote;
  /** Rows were removed because the server deleted them. */
  readonly hasRemoved: boolean;
  /** An open full resync marks the rows that it lists. */
  readonly marking: boolean;
  /** A full resync is open because of the table's version, so known rows are read again. */
  readonly anew: boolean;
}

export async function readSituation(session: Session, kind: string): Promise<PullSituation> {
  // The drivers represent truth values differently: as numbers or booleans.
  const row = await session.one<Record<Exclude<keyof PullSituation, 'wireValues'> | 'hasWireValues', number | boolean>>(
    `SELECT EXISTS (SELECT 1 FROM "sync_base" WHERE "kind" = ?) AS "hasBases", EXISTS (SELECT 1 FROM "sync_quarantine" WHERE "kind" = ?) AS "hasQuarantine",
       EXISTS (SELECT 1 FROM "sync_wire_values" WHERE "kind" = ?) AS "hasWireValues",
       EXISTS (SELECT 1 FROM "sync_removed" WHERE "kind" = ?) AS "hasRemoved",
       EXISTS (SELECT 1 FROM "sync_cursors" WHERE "kind" = ? AND "resync_open" = 1 AND "resync_marking" > 0) AS "marking",
       EXISTS (SELECT 1 FROM "sync_cursors" WHERE "kind" = ? AND "resync_open" = 1 AND "resync_reason" = 'schema') AS "anew"`,
    [kind, kind, kind, kind, kind, kind],
  );
  return {
    hasBases: Boolean(row?.hasBases),
    hasQuarantine: Boolean(row?.hasQuarantine),
    wireValues: { exist: Boolean(row?.hasWireValues) },
    hasRemoved: Boolean(row?.hasRemoved),
    marking: Boolean(row?.marking),
    anew: Boolean(row?.anew),
  };
}
