import type { SyncFact } from '../../model/events.ts';
import type { StoreContext } from '../database/store-context.ts';
import { quarantine, type BadRow } from '../replica/quarantine.ts';
import type { Session } from '../sql/session.ts';
import type { EntityChanges } from './entity-changes.ts';

/** Writes the collected changes. Returns the rows that the local table refuses. */
export const flushChanges = (
  session: Session,
  context: StoreContext,
  changes: EntityChanges,
): Promise<readonly BadRow[]> => {
  const now = context.unit.clock.now();
  return changes.flush(session, {
    now,
    maxTryCount: context.config.maxOutboxTryCount,
    hiddenAt: new Date(now).toISOString(),
  });
};

/**
 * Like {@link flushChanges}, but quarantines server rows that the local table refuses and settles their operations all
 * the same (F-35). The next pull may make room for such a row, so it is announced at the end of that pull (F-160).
 */
export const writeChanges = async (
  session: Session,
  context: StoreContext,
  changes: EntityChanges,
): Promise<readonly SyncFact[]> => [
  ...changes.damage,
  ...(await quarantine(
    session,
    changes.table.kind,
    await flushChanges(session, context, changes),
    context.unit.clock.now(),
    changes.table.pushOnly ? 'now' : 'atEndOfPull',
  )),
];
