import { ParseError } from '../../model/errors/errors.ts';
import type { SyncFact } from '../../model/events.ts';
import { SyncStepError } from '../../model/errors/failure.ts';
import { announceQuarantined } from '../replica/quarantine.ts';
import { readResync } from '../replica/resync.ts';
import { forgetSeen } from '../replica/resync-marks.ts';
import { retryQuarantined } from './retry-quarantined.ts';
import type { Session } from '../sql/session.ts';
import { tableOf, type StoreContext } from '../database/store-context.ts';
import { hasUnlisted, sweep } from '../replica/unlisted-rows.ts';

/**
 * Closes a completely fetched generation: removes unlisted rows without pending work, in this transaction (F-38, F-42).
 * Rows that no server ever had, such as those from before the table was synchronised, always stay, because they exist
 * nowhere else (I1). A scheduled resync that received nothing leaves a non-empty table unchanged and throws
 * `SyncStepError` `kindFailed`.
 */
export async function sweepResync(
  session: Session,
  context: StoreContext,
  kind: string,
  options: { readonly requested: boolean; readonly keepUnlisted?: boolean | undefined },
): Promise<readonly SyncFact[]> {
  const row = (await readResync(session, [kind])).get(kind);
  if (row?.open !== 1 || row.fetched !== 1) return [];
  const now = context.unit.clock.now();
  const table = tableOf(context, kind);
  if (row.marking > 0 && row.received === 0 && !options.requested && (await hasUnlisted(session, table))) {
    const cause = new ParseError(
      `the full resync of ${kind} received no rows, although the local table has rows that the server once had; nothing was removed. Check the base URL and the account. If the server was emptied on purpose, call fullResync({ kinds: ['${kind}'] }) to remove those rows here`,
    );
    throw new SyncStepError({ type: 'kindFailed', kind, phase: 'pull', message: cause.message, at: now, cause });
  }
  const sweeps = row.marking > 0 && options.keepUnlisted !== true;
  const swept = sweeps ? await sweep(session, table, now) : 0;
  // The removed rows may have held a UNIQUE value of quarantined rows (F-160).
  const freed = swept === 0 ? { upserts: 0, deletes: 0 } : await retryQuarantined(session, context, table);
  const announced = await announceQuarantined(session, table);
  const deletes =
    swept +
    freed.deletes +
    (table.retentionMs === undefined ? 0 : await table.rows.removeTombstones(session, now - table.retentionMs));
  await forgetSeen(session, kind);
  await session.run(
    'UPDATE "sync_cursors" SET "resync_open" = 0, "resync_marking" = 0, "resync_fetched" = 0, "resync_reason" = NULL, "last_resync_at" = ? WHERE "kind" = ?',
    [now, kind],
  );
  return freed.upserts + deletes === 0
    ? announced
    : [{ type: 'cache.updated', kind, upserts: freed.upserts, deletes }, ...announced];
}
