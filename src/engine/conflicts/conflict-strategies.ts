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

/** Why a conflict without a resolver waits (EVT-07). */
const noResolver = 'No conflict resolver provided for manual strategy';
/** Why a deferred conflict waits (EVT-08). */
const deferred = 'Resolution deferred';

type Decide = (context: StrategyContext) => ConflictPlan;

/**
 * The decisions of all strategies. A strategy that throws leaves its conflict unresolved and stops nothing else (F-16).
 */
export const strategyDecisions: Readonly<Record<ConflictStrategy, Decide>> = {
  autoPreserve,
  serverWins: () => ({ type: 'apply', resolution: acceptServer() }),
  clientWins: (context) => repushLocal(context, { resolution: acceptClient(), force: true }),
  lastWriteWins,
  merge,
  manual: (context) => askResolver(context) ?? awaitDecision(noResolver),
};

/** The table's resolver takes precedence over the global one. */
function askResolver({ kind, config }: Pick<StrategyContext, 'kind' | 'config'>): ConflictPlan | undefined {
  const resolver: ConflictResolver | undefined = kind?.conflict.resolver ?? config.conflictResolver;
  return resolver && { type: 'ask', resolver };
}

/**
 * Plans a stored conflict. A person's decision takes precedence while it is based on the server's current row;
 * otherwise the strategy of the conflict decides. Never throws.
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
    // Both sides deleted the row, so they agree.
    if (conflict.opType === 'delete' && conflict.serverDeleted) return { type: 'apply', resolution: acceptServer() };
    if (state === 'decided' && resolution !== undefined)
      return isOutdated(stored) ? askAgain(stored, context, outdatedDecision) : planOfResolution(context, resolution);
    // The conflict is left to a person; strategies no longer apply.
    if (state === 'awaiting' && stored.decidedOn === undefined)
      return askAgain(stored, context, stored.reason ?? noResolver);
    return keepCreation(
      context,
      keepServerRow(context) ?? reapplyDeltas(context, strategy) ?? strategyDecisions[strategy](context),
    );
  } catch (error) {
    // A later version of the app may bring corrected functions.
    return {
      type: 'park',
      reason: `The strategy '${strategy}' failed: ${error instanceof Error ? error.message : String(error)}`,
      nextRun: true,
      countTry: false,
    };
  }
}

/**
 * A row that the server never had differs from the deleted row with its id (F-151). A strategy may create the row
 * again. A strategy that would accept the deletion leaves the conflict to a person.
 */
const keepCreation = (
  { conflict: { isCreation, serverDeleted, kind, entityId } }: StrategyContext,
  plan: ConflictPlan,
): ConflictPlan =>
  isCreation === true && serverDeleted && plan.type === 'apply'
    ? awaitDecision(
        `The server once deleted a row ${kind}/${entityId} and never had this one; resolve the conflict with acceptClient() to create it, or discard()`,
      )
    : plan;

const askAgain = ({ strategy }: StoredConflict, context: StrategyContext, reason: string): ConflictPlan =>
  (strategy === 'manual' ? askResolver(context) : undefined) ?? awaitDecision(reason);

/** To discard one's own change or to defer does not depend on the server's row. */
const isOutdated = ({ conflict, resolution, decidedOn }: StoredConflict): boolean =>
  decidedOn !== undefined &&
  decidedOn !== conflict.serverTimestamp &&
  resolution?.type !== 'discard' &&
  resolution?.type !== 'defer';

/**
 * The plan that follows from a person's or resolver's decision. Re-pushes depend on the version of the decision, unless
 * `mergedPush` is `force` (F-31). Fields missing in the data keep the server's values. Throws `ValidationError` for
 * keys such as `__proto__`.
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
    `Unknown resolution: ${JSON.stringify(given)}; use acceptServer(), acceptClient(), acceptMerged(data), defer() or discard()`,
  );
}
