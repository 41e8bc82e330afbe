import { acceptMerged, type ConflictStrategy } from '../../model/conflict.ts';
import { isPureDeltaConflict, rebaseDeltas } from '../../rules/pending/deltas.ts';
import { repushMerged, type DecidedPlan, type StrategyContext } from './conflict-plan.ts';

/**
 * A change by deltas alone disagrees with nobody: it is made again on the server's row as it is now, and sent on
 * condition of that, whatever the strategy; only `serverWins` gives it up and `manual` asks, because they say so of
 * every change. Undefined: the strategy decides.
 */
export function reapplyDeltas(context: StrategyContext, strategy: ConflictStrategy): DecidedPlan | undefined {
  const { conflict, config } = context;
  if (!isPureDeltaConflict(conflict) || conflict.serverDeleted || strategy === 'serverWins' || strategy === 'manual')
    return undefined;
  const row = rebaseDeltas(conflict.serverData, conflict.deltas ?? []);
  const localFields = [...new Set(conflict.deltas?.map(({ field }) => field))];
  const serverFields = Object.keys(conflict.serverData);
  return repushMerged(
    context,
    { resolution: acceptMerged(row, { localFields, serverFields }), force: config.mergedPush === 'force' },
    row,
  );
}
