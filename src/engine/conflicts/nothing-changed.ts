import { acceptMerged } from '../../model/conflict.ts';
import type { DecidedPlan, StrategyContext } from './conflict-plan.ts';

/**
 * Keeps the server's row if the local row contains no change: it was only sent for references, or its deletion was
 * reverted. This applies under every strategy and asks nobody (F-134). Undefined: the row was changed, or the server
 * deleted it.
 */
export function keepServerRow({ conflict }: StrategyContext): DecidedPlan | undefined {
  const { opType, changedFields, deltas = [], serverData, serverDeleted } = conflict;
  if (opType !== 'upsert' || serverDeleted || changedFields?.length !== 0 || deltas.length > 0) return undefined;
  return {
    type: 'apply',
    resolution: acceptMerged(serverData, { localFields: [], serverFields: Object.keys(serverData) }),
  };
}
