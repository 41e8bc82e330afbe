import { toSyncFailure } from '../../model/errors/failure.ts';
import type { Answer } from '../../model/ports.ts';
import type { SettleReport } from '../../model/run.ts';
import { toOutcome } from '../../rules/answers/outcome.ts';
import type { EnginePorts } from '../ports/engine-ports.ts';
import type { BatchUnderWay, RunMemory } from './run-memory.ts';
import { withProgress } from './settle-batch.ts';

/** Time in ms that an accepted operation waits for others of its batch, to share one transaction. */
const patienceMs = 100;

export interface EarlySettling {
  /** Reports the arrival of an answer. */
  note(): void;
  /** Starts nothing more. Resolves when pending transactions are committed. */
  end(): Promise<void>;
}

/**
 * Settles accepted operations of a batch while the rest is in flight, so that a slow answer delays neither rows nor
 * progress of earlier ones. Any other answer waits for the end of the batch, where all are judged together. `tell`
 * passes a committed part to the chart and returns whether the chart received it. `fenced`: another process runs, so
 * nothing more may be sent.
 */
export function settleEarly(
  batch: BatchUnderWay,
  { store, clock }: EnginePorts,
  memory: RunMemory,
  { tell, fenced }: { readonly tell: (part: SettleReport) => boolean; readonly fenced: () => void },
): EarlySettling {
  let timer: unknown;
  let isOver = false;
  let settling: Promise<void> | undefined;

  const settlePart = async (): Promise<void> => {
    const answers = accepted(batch);
    if (answers.length === 0) return;
    try {
      const part = withProgress(await store.settle(answers), memory);
      for (const { request } of answers) {
        batch.settled.add(request.op.opId);
        memory.forgetFailures(request.op.opId);
      }
      memory.succeeded = true;
      if (!tell(part)) batch.untold.push(part);
    } catch (error) {
      // The end of the batch settles them with the rest, and judges the failure there.
      isOver = true;
      if (toSyncFailure(error).type === 'leaseLost') fenced();
    }
  };
  const note = (): void => {
    if (isOver || timer !== undefined || settling !== undefined) return;
    timer = clock.setTimeout(() => {
      timer = undefined;
      settling = settlePart().finally(() => {
        settling = undefined;
        if (accepted(batch).length > 0) note();
      });
      batch.settlingEarly = settling;
    }, patienceMs);
  };

  return {
    note,
    end: async () => {
      isOver = true;
      if (timer !== undefined) clock.clearTimeout(timer);
      timer = undefined;
      await settling;
    },
  };
}

const accepted = (batch: BatchUnderWay): Answer[] =>
  batch.requests.flatMap((request): Answer[] => {
    const { opId } = request.op;
    const result = batch.answers.get(opId);
    return result?.type !== 'pushSuccess' || batch.settled.has(opId)
      ? []
      : [{ request, outcome: toOutcome(request.op, result) }];
  });
