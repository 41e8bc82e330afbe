import type { Observable } from 'rxjs';
import type { DataSource } from 'typeorm';
import type { Clock } from '../../model/platform/clock.ts';
import { rethrowForCaller, toStoreFailure } from '../sql/database-failure.ts';
import { aClock, aDataSource } from '../../model/options/bounds.ts';
import { checkOptions, ownedBy, withDefaults } from '../../model/options/complete-options.ts';
import { byDefault, optional, type OptionList } from '../../model/options/option-list.ts';
import { pollOption, pollElsewhere } from './data-version.ts';
import { liveRead } from './live-read.ts';
import { liveSourceOf, type LiveSource, type LiveTable } from './live-source.ts';
import { copyResult, equalsCopy } from './result-copy.ts';
import { settledParkSql } from '../outbox/operation-fate.ts';
import { explainMissingTables } from '../database/schema-check.ts';
import { dialectOf } from '../drivers/profile-of.ts';
import { Session } from '../sql/session.ts';
import { readReason } from '../sql/stored-reason.ts';
import { systemClock } from '../../model/platform/system-clock.ts';

/**
 * The sync status of a row. `acked`: no change is pending. `pending`: a change is queued or in flight. `conflict`:
 * somebody else changed the row, and a decision is pending. `stuck`: the server refused the change too often, or its
 * result is unknown; the engine does not send it automatically.
 */
export interface RowStatus {
  readonly state: 'acked' | 'pending' | 'conflict' | 'stuck';
  /** Queued operations of the row, oldest first. */
  readonly opIds: readonly string[];
  /** Counted attempts of the first operation. */
  readonly tryCount: number;
  /** Why the last attempt failed, with a limited length. For people, use `describeSyncError`. */
  readonly lastError?: string;
  /** The server's reasons by wire key, for the fields of a form. */
  readonly errorFields?: Readonly<Record<string, string>>;
  readonly errorCode?: string;
  /** Why the server's newest row could not be stored. The local row is older. */
  readonly quarantined?: string;
}

export interface RowStatusOptions {
  /** Required only if several open data sources have this table. */
  readonly dataSource?: DataSource | undefined;
  /** Schedules the polling of other connections. @defaultValue the platform's */
  readonly clock?: Clock | undefined;
  /** How often `watchRowStatus` checks for commits of other connections; 0 = never. @defaultValue 1,000 (1 second) */
  readonly pollIntervalMs?: number | undefined;
}

/** Defaults and bounds of {@link RowStatusOptions}. */
export const rowStatusOptions = {
  dataSource: optional(aDataSource),
  clock: byDefault(systemClock, aClock),
  pollIntervalMs: pollOption,
} satisfies OptionList<RowStatusOptions>;

function sourceOf(table: LiveTable, options: RowStatusOptions): LiveSource {
  checkOptions(ownedBy('rowStatus'), rowStatusOptions, options);
  return liveSourceOf([table], options);
}

/**
 * Reads the sync status of a row. Throws `TypeError` if the table or its data source cannot be found. Rejects with
 * `DatabaseError`.
 */
export const rowStatus = (table: LiveTable, id: string | number, options: RowStatusOptions = {}): Promise<RowStatus> =>
  readRowStatus(sourceOf(table, options), id);

/** Like {@link rowStatus}, now and after each change. Fails with the error of a reading. */
export const watchRowStatus = (
  table: LiveTable,
  id: string | number,
  options: RowStatusOptions = {},
): Observable<RowStatus> => watchRowStatusOn(sourceOf(table, options), id, options);

/** Like {@link watchRowStatus} for a known database. */
export function watchRowStatusOn(
  source: LiveSource,
  id: string | number,
  options: RowStatusOptions,
): Observable<RowStatus> {
  const { dataSource, gate, feed } = source;
  const { clock, pollIntervalMs: intervalMs } = withDefaults<RowStatusOptions, typeof rowStatusOptions>(
    rowStatusOptions,
    options,
  );
  return liveRead<RowStatus>({
    dataSource,
    gate,
    feed,
    tables: ['sync_outbox', 'sync_conflicts', 'sync_quarantine'],
    listenElsewhere: () => pollElsewhere({ dataSource, gate, feed, clock, intervalMs }),
    begin: () => {
      let last: unknown;
      return {
        read: () => readRowStatus(source, id),
        isNews: (status) => {
          if (equalsCopy(last, status)) return false;
          last = copyResult(status);
          return true;
        },
      };
    },
  });
}

interface QueuedRow {
  readonly opId: string;
  readonly parked: 'conflict' | 'stuck' | 'ambiguous' | null;
  readonly tryCount: number;
  readonly lastError: string | null;
  readonly errorCode: string | null;
}

/** Like {@link rowStatus} for a known database. */
export async function readRowStatus({ dataSource, gate, kinds }: LiveSource, id: string | number): Promise<RowStatus> {
  const row = [kinds[0], String(id)];
  try {
    return await gate.read(async (queryRunner) => {
      const session = new Session(queryRunner, dialectOf(dataSource));
      const queue = await session.query<QueuedRow>(
        `SELECT o."op_id" AS "opId", ${settledParkSql('o')} AS "parked", o."try_count" AS "tryCount", o."last_error" AS "lastError", o."error_code" AS "errorCode"
         FROM "sync_outbox" o WHERE o."kind" = ? AND o."entity_id" = ? ORDER BY o."seq"`,
        row,
      );
      const bad = await session.one<{ error: string }>(
        'SELECT "error" FROM "sync_quarantine" WHERE "kind" = ? AND "entity_id" = ?',
        row,
      );
      return toRowStatus(queue, bad?.error);
    });
  } catch (error) {
    return rethrowForCaller(toStoreFailure(await explainMissingTables(error, gate, dataSource), systemClock.now()));
  }
}

function toRowStatus(queue: readonly QueuedRow[], quarantined: string | undefined): RowStatus {
  const [head] = queue;
  const parked = queue.find((op) => op.parked !== null)?.parked;
  const failed = queue.find((op) => op.lastError !== null);
  const { text, fields } = readReason(failed?.lastError ?? null);
  return {
    state: head === undefined ? 'acked' : parked === 'conflict' ? 'conflict' : parked ? 'stuck' : 'pending',
    opIds: queue.map(({ opId }) => opId),
    tryCount: head?.tryCount ?? 0,
    // For an operation that waits for another, this column holds the id of the other one.
    ...(text && failed?.errorCode !== 'waitingFor' ? { lastError: text } : {}),
    ...(fields === undefined ? {} : { errorFields: fields }),
    ...(failed?.errorCode && failed.errorCode !== 'waitingFor' ? { errorCode: failed.errorCode } : {}),
    ...(quarantined === undefined ? {} : { quarantined }),
  };
}
