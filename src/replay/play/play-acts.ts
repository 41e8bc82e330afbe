import type { SimulationOracle } from '../../simulation/simulation-oracle.ts';
import type { VirtualTime } from '../../simulation/virtual-time.ts';
import type { PlannedAct } from '../plan/planned-acts.ts';
import type { ReplayPlan } from '../plan/replay-plan.ts';
import type { ReplayReplica } from './replay-replica.ts';

export interface Played {
  readonly replica: ReplayReplica;
  readonly time: VirtualTime;
  readonly oracle: SimulationOracle;
}

/** Performs the external events at their times, and leaves the rest to the engine. */
export async function playActs({ acts }: ReplayPlan, { replica, time, oracle }: Played): Promise<void> {
  for (const act of acts) {
    await time.advance(Math.max(0, act.at - time.now()));
    await perform(act, replica);
    // Work that needs no time finishes before the next event at the same time.
    await time.advance(0);
    oracle.check(replica);
  }
}

/** Starts an act. Awaits only writes, because an app queues an edit before it continues. */
async function perform(act: PlannedAct, replica: ReplayReplica): Promise<void> {
  const { engine } = replica;
  switch (act.type) {
    case 'write':
      return replica.write(act.operation);
    case 'sync': {
      const { automatic, pushKinds, pullKinds } = act;
      if (automatic) engine.actor.send({ type: 'SYNC', pushKinds, pullKinds, automatic });
      else quietly(engine.sync({ pushKinds, pullKinds }));
      return;
    }
    case 'fullResync':
      return quietly(engine.fullResync({ kinds: act.kinds }));
    case 'remoteChanged':
      return engine.actor.send({ type: 'remote.changed', kinds: act.kinds });
    case 'pause':
      return quietly(engine.pause());
    case 'resume':
      return quietly(engine.resume());
    case 'signedIn':
      return quietly(engine.signedIn());
    case 'online':
    case 'offline':
      return replica.sayOnline(act.type === 'online');
    case 'retry':
      return quietly(engine.retryStuckOperations(act.opIds.length === 0 ? {} : { opIds: act.opIds }));
    case 'drop':
      return quietly(engine.dropStuckOperations({ opIds: act.opIds }));
    case 'decide':
      return quietly(engine.resolveConflict(act.opId, act.resolution));
    default:
      return act satisfies never;
  }
}

/** Events also report the rejection of a command. */
const quietly = (work: Promise<unknown>): void => void work.catch(() => undefined);
