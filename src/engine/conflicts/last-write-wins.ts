import { acceptClient, acceptServer, type Conflict } from '../../model/conflict.ts';
import { compareTimestamps, parseTimestamp } from '../../rules/values/timestamp.ts';
import { repushLocal, type DecidedPlan, type StrategyContext } from './conflict-plan.ts';

/**
 * The later side wins as a whole; the server wins ties and unknown times. The local timestamp is corrected by the known
 * offset of the local clock (F-67). The re-push is conditional, as always.
 */
export function lastWriteWins(context: StrategyContext): DecidedPlan {
  const { conflict, kind, config, clockOffsetMs } = context;
  const insisted = conflict.opType === 'delete' ? kind?.conflict.deleteConflict : undefined;
  const localWins = insisted === undefined ? isLocalLater(conflict, clockOffsetMs) : insisted === 'delete';
  return localWins
    ? repushLocal(context, { resolution: acceptClient(), force: config.mergedPush === 'force' })
    : { type: 'apply', resolution: acceptServer() };
}

function isLocalLater({ localTimestamp, serverTimestamp }: Conflict, clockOffsetMs: number): boolean {
  const local = Date.parse(localTimestamp) + clockOffsetMs;
  if (Number.isNaN(local) || parseTimestamp(serverTimestamp) === undefined) return false;
  return compareTimestamps(new Date(local).toISOString(), serverTimestamp) > 0;
}
