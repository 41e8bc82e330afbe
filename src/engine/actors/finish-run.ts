import type { FinishInput } from '../../machines/actor-inputs.ts';
import type { RunRecord } from '../../model/run.ts';
import type { OpenQuestions } from '../conflicts/open-questions.ts';
import type { EnginePorts } from '../ports/engine-ports.ts';
import type { LeaseKeeper } from './lease-keeper.ts';
import type { RunMemory } from './run-memory.ts';

/**
 * Ends runs. A patient end waits for the run's open resolvers without the lease, so that an open dialog blocks no other
 * tab or process (F-145). After an answer, the run returns to its conflict.
 */
export function createFinish(
  { store, clock }: EnginePorts,
  memory: RunMemory,
  keeper: LeaseKeeper,
  questions: OpenQuestions,
) {
  /** The record of the waiting run's end. Its facts are emitted with the final result. */
  let closed: { readonly runId: number; readonly record: RunRecord } | undefined;

  const close = async ({ runId, pushed, kinds }: FinishInput): Promise<RunRecord> => {
    const { facts, nextDueInMs } = await store.finishRun({
      runId,
      othersSucceeded: memory.succeeded || pushed > 0,
      kinds,
    });
    const at = clock.now();
    return { tookMs: at - memory.startedAt, at, facts, ...(nextDueInMs === undefined ? {} : { nextDueInMs }) };
  };
  const isHeld = async (): Promise<boolean> => {
    if (store.lease.expiresAt() > clock.now()) return true;
    const answer = await keeper.acquire();
    return answer.held && answer.continued;
  };

  return async (input: FinishInput, signal: AbortSignal): Promise<RunRecord> => {
    const { runId, patient } = input;
    const record = closed?.runId === runId ? closed.record : await close(input);
    closed = { runId, record };
    if (patient && questions.isWaitingFor(runId) && !questions.hasDecided(runId)) {
      keeper.release();
      await questions.nextDecision(runId, signal);
    }
    // Another run takes over. The next end of this run reports the stored facts.
    if (signal.aborted) return record;
    const goesBack = questions.hasDecided(runId) && (await isHeld());
    if (signal.aborted) return record;
    closed = undefined;
    const at = clock.now();
    const ended = { ...record, tookMs: at - memory.startedAt, at };
    if (goesBack) return { ...ended, reopened: questions.takeDecided(runId) };
    // Another process has worked meanwhile, so this run's plan is outdated. The decisions are stored, and the next run
    // applies them.
    questions.wakeFor(runId);
    return ended;
  };
}
