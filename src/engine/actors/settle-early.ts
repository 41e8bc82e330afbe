import { toSyncFailure } from '../../model/errors/failure.ts';
import type { Answer } from '../../model/ports.ts';
import type { SettleReport } from '../../model/run.ts';
import { toOutcome } from '../../rules/answers/outcome.ts';
import type { EnginePorts } from '../ports/engine-ports.ts';
import type { BatchUnderWay, RunMemory } from './run-memory.ts';
import { withProgress } from './settle-batch.ts';

/** How long an accepted operation waits for others of its batch, to be settled in one transaction with them. */
const patienceMs = 100;

export interface EarlySettling {
  /** An answer has arrived. */
  note(): void;
  /** Begins nothing more; resolves when what was begun is committed. */
  end(): Promise<void>;
}

/**
 * Settles what the server has accepted of a batch while the rest is still under way, so that a slow answer holds up
 * neither the rows nor the progress of those before it. Anything but an acceptance waits for the end of the batch,
 * where the answers are judged together. `tell` gives a committed part to the chart and says whether it was there to
 * hear it. `fenced`: another process runs; nothing more may be sent.
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
      // They are settled with the rest of the batch, where a failure is judged.
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
