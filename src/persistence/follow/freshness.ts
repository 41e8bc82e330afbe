import type { Observable } from 'rxjs';
import type { Clock } from '../../model/platform/clock.ts';
import { dialectOf } from '../drivers/profile-of.ts';
import { listOf } from '../sql/session.ts';
import { pollElsewhere, pollOption } from './data-version.ts';
import { liveRead } from './live-read.ts';
import type { LiveSource } from './live-source.ts';

/** How current tables are. */
export interface Freshness {
  /** The first pull of all tables is complete. */
  readonly complete: boolean;
  /** The oldest last pull among the tables, epoch ms. Absent until all were pulled, and if none is pulled. */
  readonly pulledAt?: number;
}

/** Follows the freshness of the kinds of `source`: now and at each change. `source.kinds` are pulled kinds. */
export function watchFreshness(source: LiveSource, clock: Clock): Observable<Freshness> {
  const { dataSource, gate, feed } = source;
  return liveRead<Freshness>({
    dataSource,
    gate,
    feed,
    tables: ['sync_cursors'],
    listenElsewhere: () => pollElsewhere({ dataSource, gate, feed, clock, intervalMs: pollOption.fallback }),
    begin: () => {
      let last: Freshness | undefined;
      return {
        read: () => readFreshness(source),
        isNews: (now) => {
          const isSame = last?.complete === now.complete && last.pulledAt === now.pulledAt;
          last = now;
          return !isSame;
        },
      };
    },
  });
}

async function readFreshness({ dataSource, kinds }: LiveSource): Promise<Freshness> {
  if (kinds.length === 0) return { complete: true };
  const dialect = dialectOf(dataSource);
  const sql = `SELECT COUNT(*) AS "pulled", MIN("last_pull_at") AS "at" FROM "sync_cursors" WHERE ${dialect.inList('"kind"')} AND "last_pull_at" IS NOT NULL`;
  const [row] = await dataSource.query<
    readonly { readonly pulled: number | string; readonly at: number | string | null }[]
  >(dialect.text(sql), [listOf(kinds)]);
  const complete = Number(row?.pulled ?? 0) === kinds.length;
  return { complete, ...(complete && row?.at != null ? { pulledAt: Number(row.at) } : {}) };
}
