import { epochTimestamp, fullResyncKind, type Cursor } from '../../model/cursor.ts';
import { rethrowForCaller } from '../sql/database-failure.ts';
import { listOf, type Session } from '../sql/session.ts';
import { numberOr } from '../sql/stored-shape.ts';
import type { UnitOfWork } from '../database/unit-of-work.ts';

/** Pull positions per kind. Every method rejects with `DatabaseError` when the database refuses. */
export interface CursorRepository {
  /** Null for a kind that was never pulled. */
  get(kind: string): Promise<Cursor | null>;
  set(kind: string, cursor: Cursor): Promise<void>;
  /** Resets to the beginning: epoch and ''. */
  reset(kind: string): Promise<void>;
  /** Removes the cursors of these kinds; keeps the time of the last full resync. */
  resetAll(kinds: Iterable<string>): Promise<void>;
  /** Null before the first. */
  getLastFullResync(): Promise<Date | null>;
  /**
   * Applies to all kinds: none is due before `fullResyncIntervalMs` has passed. Throws `RangeError` for an invalid
   * Date.
   */
  setLastFullResync(at: Date): Promise<void>;
}

export function createCursorRepository(unit: UnitOfWork): CursorRepository {
  const read = <T>(work: (session: Session) => Promise<T>): Promise<T> => unit.read(work).catch(rethrowForCaller);
  const write = <T>(work: (session: Session) => Promise<T>): Promise<T> =>
    unit.transaction(work).catch(rethrowForCaller);
  const set = (kind: string, cursor: Cursor): Promise<void> =>
    write((session) =>
      session.run(
        `INSERT INTO "sync_cursors" ("kind", "ts", "last_id") VALUES (?, ?, ?)
         ON CONFLICT ("kind") DO UPDATE SET "ts" = excluded."ts", "last_id" = excluded."last_id", "token" = NULL, "token_ts" = NULL, "token_last_id" = NULL`,
        [kind, cursor.ts, cursor.lastId],
      ),
    );

  return {
    get: (kind) =>
      read(async (session) => {
        const row = await session.one<{ ts: string | null; lastId: string | null }>(
          'SELECT "ts", "last_id" AS "lastId" FROM "sync_cursors" WHERE "kind" = ?',
          [kind],
        );
        return row?.ts == null ? null : { ts: row.ts, lastId: row.lastId ?? '' };
      }),
    set,
    reset: (kind) => set(kind, { ts: epochTimestamp, lastId: '' }),
    resetAll: async (kinds) => {
      const list = [...kinds].filter((kind) => kind !== fullResyncKind);
      if (list.length === 0) return;
      // Keeps the page size and the resync times, which are facts about the server.
      await write((session) =>
        session.run(
          `UPDATE "sync_cursors" SET "ts" = NULL, "last_id" = NULL, "token" = NULL, "token_ts" = NULL, "token_last_id" = NULL WHERE ${session.dialect.inList('"kind"')}`,
          [listOf(list)],
        ),
      );
    },
    getLastFullResync: () =>
      read(async (session) => {
        const row = await session.one<{ at: number | string | null }>(
          'SELECT MAX("last_resync_at") AS "at" FROM "sync_cursors"',
        );
        const at = numberOr(row?.at ?? null, undefined);
        return at === undefined ? null : new Date(at);
      }),
    setLastFullResync: async (at) => {
      if (Number.isNaN(at.getTime())) throw new RangeError('setLastFullResync: the time must be a valid Date');
      await write((session) =>
        session.run(
          'INSERT INTO "sync_cursors" ("kind", "last_resync_at") VALUES (?, ?) ON CONFLICT ("kind") DO UPDATE SET "last_resync_at" = excluded."last_resync_at"',
          [fullResyncKind, at.getTime()],
        ),
      );
    },
  };
}
