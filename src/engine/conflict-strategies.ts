import type { SyncConfig } from '../model/config.ts';
import { acceptClient, acceptMerged, acceptServer, type Conflict, type ConflictResolution, type ConflictStrategy, type StoredConflict } from '../model/conflict.ts';
import type { JsonObject } from '../model/json.ts';
import type { SyncKind } from '../model/kind.ts';
import { isPureDeltaConflict, rebaseDeltas } from '../rules/deltas.ts';

/** What is to be done with one conflict, before anything is done. */
export type ConflictPlan =
  /** Local rows change, nothing is sent. */
  | { readonly type: 'apply'; readonly resolution: ConflictResolution }
  /** A request goes out: `data` null deletes, `base` absent sends none. */
  | {
      readonly type: 'repush';
      readonly resolution: ConflictResolution;
      readonly data: JsonObject | null;
      readonly base: string | undefined;
      readonly version: string | undefined;
      readonly force: boolean;
      readonly creates: boolean;
    }
  /** Waits: for RESOLVE_CONFLICT, or with `nextRun` for the next run. */
  | { readonly type: 'park'; readonly reason: string; readonly nextRun: boolean; readonly countTry: boolean };

/** What a strategy may look at. */
export interface StrategyContext {
  readonly conflict: Conflict;
  readonly kind: SyncKind | undefined;
  readonly config: SyncConfig;
}

type Decide = (context: StrategyContext) => ConflictPlan | Promise<ConflictPlan>;

const awaitingDecision = (strategy: ConflictStrategy): ConflictPlan => ({
  type: 'park',
  reason: `The strategy '${strategy}' leaves this conflict to a decision: resolve it with resolveConflict(opId, resolution)`,
  nextRun: false,
  countTry: false,
});

/** The one table of strategies (API §6). A strategy that throws leaves its conflict unresolved, and nothing else stops (F-16). */
export const strategyDecisions: Readonly<Record<ConflictStrategy, Decide>> = {
  serverWins: () => ({ type: 'apply', resolution: acceptServer() }),
  clientWins: ({ conflict }) => repushLocal(conflict, { resolution: acceptClient(), force: true }),
  autoPreserve: () => awaitingDecision('autoPreserve'),
  merge: () => awaitingDecision('merge'),
  lastWriteWins: () => awaitingDecision('lastWriteWins'),
  manual: () => awaitingDecision('manual'),
};

/** Turns a stored conflict into a plan: a decision made by a person goes first, then the strategy it was detected under. Never throws. */
export async function planConflict(stored: StoredConflict, kind: SyncKind | undefined, config: SyncConfig): Promise<ConflictPlan> {
  const { conflict, resolution, strategy } = stored;
  // Both sides deleted it: there is nothing left to disagree on.
  if (conflict.opType === 'delete' && conflict.serverDeleted) return { type: 'apply', resolution: acceptServer() };
  try {
    if (resolution !== undefined) return planOfResolution(conflict, resolution, config);
    const reapplied = planOfDeltas(conflict, strategy, kind, config);
    if (reapplied !== undefined) return reapplied;
    return await strategyDecisions[strategy]({ conflict, kind, config });
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error);
    return { type: 'park', reason: `The strategy '${strategy}' failed: ${text}`, nextRun: true, countTry: false };
  }
}

/**
 * A change by deltas alone disagrees with nobody: it is applied to the server's row as it is now, and sent on condition of that, whatever the
 * strategy; only `serverWins` gives it up and `manual` asks, because they say so of every change.
 */
function planOfDeltas(conflict: Conflict, strategy: ConflictStrategy, kind: SyncKind | undefined, config: SyncConfig): ConflictPlan | undefined {
  if (!isPureDeltaConflict(conflict) || conflict.serverDeleted || strategy === 'serverWins' || strategy === 'manual') return undefined;
  const row = rebaseDeltas(conflict.serverData, conflict.deltas ?? []);
  const data = Object.fromEntries(Object.entries(row).filter(([key]) => key !== kind?.keys.updatedAt && key !== kind?.keys.deletedAt));
  return planOfResolution(conflict, acceptMerged(data), config);
}

/** What a decision of a person or a resolver means. Re-pushes are conditional on the version it was made on, unless `mergedPush` is `force` (F-31). */
export function planOfResolution(conflict: Conflict, resolution: ConflictResolution, config: SyncConfig): ConflictPlan {
  switch (resolution.type) {
    case 'acceptServer':
    case 'discard':
      return { type: 'apply', resolution };
    case 'acceptClient':
      return repushLocal(conflict, { resolution, force: config.mergedPush === 'force' });
    case 'acceptMerged':
      return repush(conflict, { resolution, data: resolution.data, force: config.mergedPush === 'force' });
    case 'defer':
      return { type: 'park', reason: 'Resolution deferred', nextRun: true, countTry: false };
    default:
      return unknownResolution(resolution);
  }
}

const repushLocal = (conflict: Conflict, how: { resolution: ConflictResolution; force: boolean }): ConflictPlan =>
  repush(conflict, { ...how, data: conflict.opType === 'delete' ? null : conflict.localData });

function repush(conflict: Conflict, how: { resolution: ConflictResolution; data: JsonObject | null; force: boolean }): ConflictPlan {
  // What the server deleted is created again without base; `creates` stays false, since a tombstone would refuse a create-only request.
  const unconditional = how.force || conflict.serverDeleted || conflict.serverTimestamp === '';
  return {
    type: 'repush',
    ...how,
    base: unconditional ? undefined : conflict.serverTimestamp,
    version: unconditional ? undefined : conflict.serverVersion,
    creates: false,
  };
}

function unknownResolution(resolution: never): ConflictPlan {
  const given: unknown = resolution;
  return { type: 'park', reason: `No such resolution: ${JSON.stringify(given)}`, nextRun: true, countTry: false };
}
