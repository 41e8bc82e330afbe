import { planConflict, type ConflictPlan } from '../../../engine/conflicts/conflict-strategies.ts';
import type { SyncConfig } from '../../../model/config.ts';
import { conflictStrategies, type ConflictStrategy, type StoredConflict } from '../../../model/conflict.ts';
import type { SyncKind } from '../../../model/kind.ts';
import type { StrategyPreview } from '../../protocol/messages.ts';

/**
 * Computes what each strategy would make of a conflict, with the app's own rules and functions. Changes nothing; a
 * resolver is not asked.
 */
export const previewStrategies = (
  stored: StoredConflict,
  kind: SyncKind | undefined,
  config: SyncConfig,
): readonly StrategyPreview[] =>
  conflictStrategies.map((strategy) => {
    const { conflict, detectedAt } = stored;
    return toPreview(
      strategy,
      planConflict({ conflict, detectedAt, strategy, state: 'detected' }, kind, config),
      stored,
    );
  });

function toPreview(strategy: ConflictStrategy, plan: ConflictPlan, { conflict }: StoredConflict): StrategyPreview {
  const none = { localFields: [], serverFields: [] };
  const serverRow = conflict.serverDeleted ? {} : { data: conflict.serverData };
  switch (plan.type) {
    case 'ask':
      return { strategy, result: 'parked', ...none, note: 'asks the resolver' };
    case 'park':
      return { strategy, result: 'parked', ...none, note: plan.reason };
    case 'apply':
    case 'repush': {
      const { resolution } = plan;
      if (resolution.type === 'acceptMerged')
        return {
          strategy,
          result: 'merged',
          data: resolution.data,
          localFields: resolution.mergeInfo?.localFields ?? [],
          serverFields: resolution.mergeInfo?.serverFields ?? [],
        };
      if (plan.type === 'apply') return { strategy, result: 'server', ...serverRow, ...none };
      return {
        strategy,
        result: 'client',
        ...(plan.data === null ? {} : { data: { ...conflict.serverData, ...plan.data } }),
        ...none,
        ...(plan.force ? { note: 'forced' } : {}),
      };
    }
  }
}
