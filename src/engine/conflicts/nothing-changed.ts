import { acceptMerged } from '../../model/conflict.ts';
import type { DecidedPlan, StrategyContext } from './conflict-plan.ts';

/**
 * A row that was sent along for others to refer to, or whose deletion was taken back, holds no change of anybody here:
 * where the server has the row, its own stays, whatever the strategy, and nobody is asked (F-134). Undefined: something
 * was changed, or the server has deleted the row.
 */
export function keepServerRow({ conflict }: StrategyContext): DecidedPlan | undefined {
  const { opType, changedFields, deltas = [], serverData, serverDeleted } = conflict;
  if (opType !== 'upsert' || serverDeleted || changedFields?.length !== 0 || deltas.length > 0) return undefined;
  return {
    type: 'apply',
    resolution: acceptMerged(serverData, { localFields: [], serverFields: Object.keys(serverData) }),
  };
}
