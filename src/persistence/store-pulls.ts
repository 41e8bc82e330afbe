import type { SyncFact } from '../model/events.ts';
import type { StorePort } from '../model/ports.ts';
import { tableOf, type StoreContext } from './database/store-context.ts';
import { applyPages, applyProof } from './pulling/apply-pages.ts';
import { retryQuarantined } from './pulling/retry-quarantined.ts';
import { storeReferring } from './pulling/store-referring.ts';
import { sweepResync } from './pulling/sweep-resync.ts';
import { readPosition } from './replica/pull-positions.ts';
import { announceQuarantined } from './replica/quarantine.ts';
import { forgetLongRemoved } from './replica/removed-rows.ts';
import { completeFetch, notePullCompleted, openResync, readPulledAt, readUnproven } from './replica/resync.ts';
import type { TableWarnings } from './tables/table-warnings.ts';

type PullMethods =
  | 'pullPosition'
  | 'applyPages'
  | 'completePull'
  | 'pulledAt'
  | 'openResync'
  | 'unprovenRows'
  | 'proveAbsence'
  | 'sweepResync';

/** Applies pages of the server and the results of a full resync. */
export function storePulls(context: StoreContext, warnings: TableWarnings): Pick<StorePort, PullMethods> {
  const { unit } = context;
  const { clock } = unit;
  return {
    pullPosition: async (kind, { resync }) => {
      const damage: string[] = [];
      const position = await unit.read((session) =>
        readPosition(session, kind, resync, (message) => damage.push(message)),
      );
      warnings.tell(damage);
      return position;
    },
    applyPages: (kind, pages, options) => applyPages(context, kind, pages, options),
    completePull: (kind, { resync, tombstoneRetentionMs }) =>
      unit.fenced(async (session) => {
        const facts: SyncFact[] = [];
        const { upserts, deletes } = await retryQuarantined(session, context, tableOf(context, kind));
        if (upserts + deletes > 0) facts.push({ type: 'cache.updated', kind, upserts, deletes });
        facts.push(...(await storeReferring(session, context, tableOf(context, kind))));
        // Rows that a full resync did not list may hold a UNIQUE value until they are swept.
        if (resync) await completeFetch(session, kind);
        else facts.push(...(await announceQuarantined(session, tableOf(context, kind))));
        await forgetLongRemoved(session, kind, clock.now());
        await notePullCompleted(session, kind, clock.now(), tombstoneRetentionMs);
        return facts;
      }),

    pulledAt: (kinds) => unit.read((session) => readPulledAt(session, kinds)),
    openResync: (kinds) => unit.fenced((session) => openResync(session, context, kinds)),
    unprovenRows: (kind, { requested }) => unit.fenced((session) => readUnproven(session, context, kind, requested)),
    proveAbsence: (kind, proof) => unit.fenced((session) => applyProof(session, context, kind, proof)),
    sweepResync: (kind, options) => unit.fenced((session) => sweepResync(session, context, kind, options)),
  };
}
