import type { SyncEngine } from '../../engine/api/sync-engine.ts';
import { internalsOf } from '../../engine/core/engine-internals.ts';
import { acceptClient, acceptMerged, acceptServer, defer } from '../../model/conflict.ts';
import type { Conflict, ConflictResolution } from '../../model/conflict.ts';
import { ValidationError } from '../../model/errors/errors.ts';
import type { JsonObject } from '../../model/values/json.ts';
import { deepEqual } from '../../rules/values/deep-equal.ts';
import { isSystemField } from '../../rules/values/system-fields.ts';
import type { ConflictChoice } from '../words/ui-words.ts';

/** What a choice means to the engine. */
export function resolutionOf(choice: ConflictChoice, merged: () => JsonObject): ConflictResolution {
  switch (choice) {
    case 'mine':
      return acceptClient();
    case 'theirs':
      return acceptServer();
    case 'merged':
      return acceptMerged(merged());
  }
}

/**
 * Undoes a decision. While it waits to be sent, the conflict opens again. Afterwards, what was given up is made again,
 * or the row gets back what the server had, as a new change. Rejects where neither is possible.
 */
export async function undoDecision(
  engine: SyncEngine,
  conflict: Conflict,
  choice: ConflictChoice,
  decidedAt: number,
): Promise<void> {
  try {
    await engine.resolveConflict(conflict.opId, defer());
    // The run puts the conflict back onto the list.
    return;
  } catch (error) {
    // The decision is applied already.
    if (!(error instanceof ValidationError)) throw error;
  }
  await engine.whenIdle();
  if (choice === 'theirs') await bringBackGivenUp(engine, conflict, decidedAt);
  else await bringBackServerRow(engine, conflict);
}

/** Every change of the record that the decision gave up, in the order in which they were made. */
async function bringBackGivenUp(engine: SyncEngine, { kind, entityId }: Conflict, since: number): Promise<void> {
  const given = (await engine.discarded({ kinds: [kind] })).filter(
    (operation) => operation.entityId === entityId && operation.discardedAt >= since,
  );
  for (const { opId } of given.reverse()) await engine.undoDiscard(opId);
}

async function bringBackServerRow(engine: SyncEngine, conflict: Conflict): Promise<void> {
  const { kind, entityId, serverData, serverDeleted } = conflict;
  const { ports, tableOf, inspection } = internalsOf(engine, 'undoDecision');
  const known = tableOf?.(kind);
  const idKey = ports.kinds.get(kind)?.keys.id;
  if (known === undefined || idKey === undefined || inspection === undefined)
    throw new ValidationError(`the engine has no table for '${kind}'`);
  const nameOf = (key: string): string => known.propertyOf(key) ?? key;
  const rows = engine.repository(known.table);
  const isThere = await rows.existsBy({ [nameOf(idKey)]: entityId });
  // The row comes back over the server's tombstone. Without it, the undo meets a conflict, and the person is asked.
  if (!isThere && !serverDeleted) await pullTombstone(engine, kind);
  if (serverDeleted) {
    if (isThere) await rows.remove(entityId);
    return;
  }
  const { local } = await inspection.row(kind, entityId);
  const differing = Object.entries(serverData).filter(
    ([key, value]) => !isSystemField(key) && !(isThere && deepEqual(local?.[key] ?? null, value)),
  );
  const patch = Object.fromEntries(differing.map(([key, value]) => [nameOf(key), value]));
  if (!isThere) await rows.create({ ...patch, [nameOf(idKey)]: entityId });
  else if (differing.length > 0) await rows.update(entityId, patch);
}

const pullTombstone = (engine: SyncEngine, kind: string): Promise<unknown> =>
  engine
    .sync({ kinds: [kind], whenPaused: 'reject', signal: AbortSignal.timeout(5_000) })
    .catch((error: unknown) => error);
