import { fromPromise } from 'xstate';
import type { SendReport, SettleReport, Taken } from '../../model/run.ts';
import type { BatchInput, TakeInput } from '../../machines/actor-inputs.ts';
import type { SyncMachineEvent } from '../../machines/machine-events.ts';
import { chartOf } from '../conflicts/chart-asker.ts';
import type { EnginePorts } from '../ports/engine-ports.ts';
import { failStep } from '../ports/step-failure.ts';
import { handOverIfWanted } from './hand-over.ts';
import type { BatchUnderWay, RunMemory } from './run-memory.ts';
import { sendBatch } from './send-batch.ts';
import { nothingSettled, settleBatch } from './settle-batch.ts';

/** Takes, sends and settles batches. Bodies and answers stay here under the batch's id; the chart sees counts. */
export function createPushActors(ports: EnginePorts, memory: RunMemory) {
  const { store, transport, config, clock } = ports;

  const take = async ({ runId, kinds }: TakeInput): Promise<BatchUnderWay> => {
    const taken = await store.take({
      kinds,
      limit: Math.min(config.pushBatchSize, transport.capabilities.maxOpsPerPush ?? config.pushBatchSize),
      runId,
      distrustResend: transport.capabilities.idempotency === 'none',
      deltas: transport.capabilities.deltas === true,
    });
    return memory.keep(taken);
  };

  const step = async <T>(work: () => Promise<T>): Promise<T> => {
    try {
      return await memory.during(work);
    } catch (error) {
      return failStep(error, { phase: 'push', at: clock.now() });
    }
  };

  return {
    takeBatch: fromPromise<Taken, TakeInput>(({ input }) =>
      step(async () => {
        await memory.taking;
        // A PAUSE may come between the commit of a take and its answer. That batch is in flight, so it goes first.
        const orphan = memory.unsettled;
        if (orphan !== undefined) return { batchId: orphan.id, count: orphan.requests.length, facts: orphan.facts };
        await handOverIfWanted(ports);
        const taking = take(input);
        memory.taking = taking.catch(() => undefined);
        const batch = await taking;
        return { batchId: batch.id, count: batch.requests.length, facts: batch.facts };
      }),
    ),

    sendBatch: fromPromise<SendReport, BatchInput>(({ input, signal, self }) =>
      step(async () => {
        const batch = memory.batch(input.batchId);
        if (batch === undefined) return { answered: 0, reached: false };
        const tell = (part: SettleReport): boolean => {
          const chart = chartOf(self);
          if (signal.aborted || chart === undefined) return false;
          chart.send({ type: 'answers.settled', part } satisfies SyncMachineEvent);
          return true;
        };
        const sending = sendBatch(batch, ports, memory, { signal, tell });
        batch.sending = sending.catch(() => undefined);
        return sending;
      }),
    ),

    settleBatch: fromPromise<SettleReport, BatchInput>(({ input }) =>
      step(async () => {
        const batch = memory.batch(input.batchId);
        return batch === undefined ? nothingSettled : settleBatch(batch, ports, memory);
      }),
    ),
  };
}
