import type { AnyActorRef } from 'xstate';
import type { SyncMachineEvent } from '../../machines/machine-events.ts';
import type { SyncSnapshot } from '../../machines/sync-machine.ts';
import type { Asker } from './open-questions.ts';

/** The chart as the caller of resolvers; undefined for an actor without a chart, as in a test of the actor alone. */
export const askerOf = (chart: AnyActorRef | undefined): Asker => {
  const snapshot = (): SyncSnapshot | undefined => chart?.getSnapshot() as SyncSnapshot | undefined;
  const isAlive = (): boolean => snapshot()?.status === 'active';
  return {
    isAlive,
    isRunning: (runId) => isAlive() && snapshot()?.context.run?.id === runId,
    wake: ({ opId }, resolution) => {
      if (isAlive()) chart?.send({ type: 'RESOLVE_CONFLICT', opId, resolution } satisfies SyncMachineEvent);
    },
  };
};

/** The chart that invoked an actor. */
export const chartOf = ({ _parent }: { readonly _parent?: AnyActorRef | undefined }): AnyActorRef | undefined =>
  _parent;
