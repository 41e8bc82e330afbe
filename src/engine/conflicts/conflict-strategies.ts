import type { SyncConfig } from '../../model/config.ts';
import {
  acceptClient,
  acceptServer,
  outdatedDecision,
  type ConflictResolution,
  type ConflictResolver,
  type ConflictStrategy,
  type StoredConflict,
} from '../../model/conflict.ts';
import { isJsonObject } from '../../model/values/json.ts';
import type { SyncKind } from '../../model/kind.ts';
import {
  awaitDecision,
  deferDecision,
  repushLocal,
  repushMerged,
  type ConflictPlan,
  type DecidedPlan,
  type StrategyContext,
} from './conflict-plan.ts';
import { lastWriteWins } from './last-write-wins.ts';
import { autoPreserve, merge } from './merge-strategies.ts';
import { keepServerRow } from './nothing-changed.ts';
import { reapplyDeltas } from './reapply-deltas.ts';

export type { ConflictPlan, StrategyContext } from './conflict-plan.ts';

/** Why a conflict waits that nobody was there to decide (EVT-07). */
const noResolver = 'No conflict resolver provided for manual strategy';
/** Why a conflict waits whose resolver asked for time (EVT-08). */
const deferred = 'Resolution deferred';

type Decide = (context: StrategyContext) => ConflictPlan;

/**
 * The one table of strategies. What one of them throws leaves its conflict unresolved, and nothing else stops
 * (F-16).
 */
export const strategyDecisions: Readonly<Record<ConflictStrategy, Decide>> = {
  autoPreserve,
  serverWins: () => ({ type: 'apply', resolution: acceptServer() }),
  clientWins: (context) => repushLocal(context, { resolution: acceptClient(), force: true }),
  lastWriteWins,
  merge,
  manual: (context) => askResolver(context) ?? awaitDecision(noResolver),
};

/** The table's resolver goes before the global one. */
function askResolver({ kind, config }: Pick<StrategyContext, 'kind' | 'config'>): ConflictPlan | undefined {
  const resolver: ConflictResolver | undefined = kind?.conflict.resolver ?? config.conflictResolver;
  return resolver && { type: 'ask', resolver };
}

/**
 * Turns a stored conflict into a plan: a decision made by a person goes first, as long as it is about the server's
 * present row; then the strategy it was detected under. Never throws.
 */
export function planConflict(
  stored: StoredConflict,
  kind: SyncKind | undefined,
  config: SyncConfig,
  clockOffsetMs = 0,
): ConflictPlan {
  const { conflict, resolution, strategy, state } = stored;
  const context: StrategyContext = { conflict, kind, config, clockOffsetMs };
  try {
    // Both sides deleted it: there is nothing left to disagree on.
    if (conflict.opType === 'delete' && conflict.serverDeleted) return { type: 'apply', resolution: acceptServer() };
    if (state === 'decided' && resolution !== undefined)
      return isOutdated(stored) ? askAgain(stored, context, outdatedDecision) : planOfResolution(context, resolution);
    // Left to a person: the strategy has no say any more.
    if (state === 'awaiting' && stored.decidedOn === undefined)
      return askAgain(stored, context, stored.reason ?? noResolver);
    return keepCreation(
      context,
      keepServerRow(context) ?? reapplyDeltas(context, strategy) ?? strategyDecisions[strategy](context),
    );
  } catch (error) {
    // Its functions may be better tomorrow, with another version of the app.
    return {
      type: 'park',
      reason: `The strategy '${strategy}' failed: ${error instanceof Error ? error.message : String(error)}`,
      nextRun: true,
      countTry: false,
    };
  }
}

/**
 * A row that no server ever had is not the one whose deletion it meets (F-151). A strategy may create it again; one
 * that would take the deletion leaves it to a person.
 */
const keepCreation = (
  { conflict: { isCreation, serverDeleted, kind, entityId } }: StrategyContext,
  plan: ConflictPlan,
): ConflictPlan =>
  isCreation === true && serverDeleted && plan.type === 'apply'
    ? awaitDecision(
        `The server has deleted a row ${kind}/${entityId} before, and never had this one; resolve the conflict with acceptClient() to create it, or discard()`,
      )
    : plan;

const askAgain = ({ strategy }: StoredConflict, context: StrategyContext, reason: string): ConflictPlan =>
  (strategy === 'manual' ? askResolver(context) : undefined) ?? awaitDecision(reason);

/** Giving up one's own change and asking for time do not depend on what the server has. */
const isOutdated = ({ conflict, resolution, decidedOn }: StoredConflict): boolean =>
  decidedOn !== undefined &&
  decidedOn !== conflict.serverTimestamp &&
  resolution?.type !== 'discard' &&
  resolution?.type !== 'defer';

/**
 * What a decision of a person or a resolver means. Re-pushes are conditional on the version it was made on, unless
 * `mergedPush` is `force` (F-31). Data that lacks fields keeps the server's. Throws `ValidationError` on keys such as
 * `__proto__`.
 */
export function planOfResolution(context: StrategyContext, resolution: ConflictResolution): DecidedPlan {
  const { conflict, config } = context;
  const force = config.mergedPush === 'force';
  switch (resolution.type) {
    case 'acceptServer':
    case 'discard':
      return { type: 'apply', resolution };
    case 'acceptClient':
      return repushLocal(context, { resolution, force });
    case 'acceptMerged':
      if (!isJsonObject(resolution.data)) return deferDecision('acceptMerged needs the merged row as an object');
      return repushMerged(
        context,
        { resolution, force },
        { ...(conflict.serverDeleted ? conflict.localData : conflict.serverData), ...resolution.data },
      );
    case 'defer':
      return deferDecision(deferred);
    default:
      return unknownResolution(resolution);
  }
}

function unknownResolution(resolution: never): DecidedPlan {
  const given: unknown = resolution;
  return deferDecision(
    `No such resolution: ${JSON.stringify(given)}; use acceptServer(), acceptClient(), acceptMerged(data), defer() or discard()`,
  );
}
