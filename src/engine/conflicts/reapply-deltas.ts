import { acceptMerged, type ConflictStrategy } from '../../model/conflict.ts';
import { isPureDeltaConflict, rebaseDeltas } from '../../rules/pending/deltas.ts';
import { repushMerged, type DecidedPlan, type StrategyContext } from './conflict-plan.ts';

/**
 * A change by deltas alone conflicts with nothing. It is applied to the server's current row and sent conditionally on
 * that row. Only two strategies treat it as any other change: `serverWins` discards it and `manual` asks. Undefined:
 * the strategy decides.
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
