import type { SyncFact } from '../model/events.ts';
import type { StorePort } from '../model/ports.ts';
import type { StoreContext } from './database/store-context.ts';
import { writeState } from './database/sync-state.ts';
import { parkExhausted } from './outbox/transitions/begin-run.ts';
import { repairParkedReasons } from './outbox/transitions/park-unreadable.ts';
import { dueForResync, neverPulled } from './replica/resync.ts';
import { closeRun, conflictsToWork, readyForRun, unregisteredKinds } from './runs/runs.ts';
import type { TableWarnings } from './tables/table-warnings.ts';
import { parkDamagedConflicts } from './taking/park-damaged.ts';
import { upgradeSchemas } from './upgrades/upgrade-schemas.ts';

type RunMethods = 'beginRun' | 'upgradeSchemas' | 'dueForResync' | 'neverPulled' | 'finishRun';

/** Begins and ends runs in the database. */
export function storeRuns(context: StoreContext, warnings: TableWarnings): Pick<StorePort, RunMethods> {
  const { unit, registry, config } = context;
  const { clock } = unit;
  const runStarts = new Map<number, number>();
  let hasBegun = false;
  return {
    beginRun: async ({ explicit, kinds, runId }) => {
      const since = clock.now();
      if (!hasBegun) warnings.tell(warnings.ofCapture());
      const begun = await unit.fenced(async (session) => {
        if (!hasBegun) await parkExhausted(session, config.maxOutboxTryCount);
        const damage = await parkDamagedConflicts(session, context);
        // Runs after parkDamagedConflicts, because a damaged conflict is no longer a reason then.
        if (!hasBegun) await repairParkedReasons(session);
        await readyForRun(session, context, { explicit });
        const strangers = await unregisteredKinds(session, [...registry.keys()]);
        const facts = strangers.map(
          (kind): SyncFact => ({
            type: 'transport.warning',
            message: `operations of kind '${kind}' are not sent, because no table is registered for it; add the table to the option tables`,
          }),
        );
        return {
          conflicts: await conflictsToWork(session, context, { kinds, explicit }),
          facts: [...damage, ...facts],
        };
      });
      // Set only after the commit.
      hasBegun = true;
      runStarts.clear();
      runStarts.set(runId, since);
      return begun;
    },
    upgradeSchemas: () => upgradeSchemas(context),
    dueForResync: (kinds) => unit.read((session) => dueForResync(session, context, kinds)),
    neverPulled: (kinds) => unit.read((session) => neverPulled(session, kinds)),
    finishRun: async ({ runId, othersSucceeded, kinds }) => {
      // The run may ask again while it waits for a resolver. Attempts count once per run.
      const since = runStarts.get(runId);
      const result = await unit.fenced(async (session) => {
        await writeState(session, 'lastSyncedAt', clock.now());
        return closeRun(session, context, {
          since: since ?? clock.now(),
          othersSucceeded: othersSucceeded && since !== undefined,
          kinds,
        });
      });
      runStarts.delete(runId);
      return result;
    },
  };
}
