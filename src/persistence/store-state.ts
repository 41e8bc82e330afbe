import type { DataSource } from 'typeorm';
import { SyncStepError } from '../model/errors/failure.ts';
import type { StorePort } from '../model/ports.ts';
import { checkSchema } from './database/schema-check.ts';
import type { StoreContext } from './database/store-context.ts';
import { damagedScope, forgetState, readRemembered, readState, writeState } from './database/sync-state.ts';
import { walResetWarning } from './drivers/wal-reset.ts';
import { toStoreFailure } from './sql/database-failure.ts';
import type { TableWarnings } from './tables/table-warnings.ts';

type StateMethods = 'hydrate' | 'rememberWait' | 'rememberPaused' | 'rememberClockOffset' | 'claimScope';

/** The persistent state of an engine, and the owner of its database. */
export function storeState(
  dataSource: DataSource,
  { unit, registry }: StoreContext,
  warnings: TableWarnings,
): Pick<StorePort, StateMethods> {
  const { clock } = unit;
  return {
    hydrate: async () => {
      try {
        const seen = await unit.read(async (session) => {
          await checkSchema(session, dataSource, registry.values());
          const ofFile = await walResetWarning(dataSource, (sql) => session.query(sql));
          return [...(ofFile === undefined ? [] : [ofFile]), ...(await warnings.ofSchema(session))];
        });
        warnings.tell([...seen, ...warnings.ofCapture()]);
      } catch (error) {
        throw toStoreFailure(error, clock.now());
      }
      const remembered = await unit.transaction(async (session) => {
        for (const table of registry.values()) await table.rows.mendTree(session);
        return readRemembered(session);
      });
      warnings.tell(remembered.damage);
      return remembered.state;
    },
    rememberWait: (wait) =>
      unit.transaction((session) =>
        wait.attempt === 0 && wait.retryAt === undefined && wait.request === undefined
          ? forgetState(session, 'wait')
          : writeState(session, 'wait', wait),
      ),
    rememberPaused: (paused) =>
      unit.transaction((session) => (paused ? writeState(session, 'paused', true) : forgetState(session, 'paused'))),
    rememberClockOffset: (offsetMs) => unit.transaction((session) => writeState(session, 'clockOffsetMs', offsetMs)),

    claimScope: (scope) =>
      unit.transaction(async (session) => {
        const stored = await readState(session, 'scope');
        if (stored.damaged) throw new SyncStepError({ type: 'scopeChanged', message: damagedScope, at: clock.now() });
        if (stored.value === undefined) await writeState(session, 'scope', scope);
        return { owner: stored.value ?? scope };
      }),
  };
}
