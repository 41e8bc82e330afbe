import type { SyncFact } from '../../model/events.ts';
import type { Answer, TakenBatch, TakenRequest } from '../../model/ports.ts';
import type { Op } from '../../model/operation.ts';
import type { Outcome } from '../../model/outcome.ts';
import type { SendReport, SettleReport } from '../../model/run.ts';
import type { PushResult } from '../../model/transport.ts';
import type { EntityAnswer } from '../../rules/answers/judge-batch.ts';

/** A batch in flight: the answers received so far and their interpretation. */
export interface BatchUnderWay {
  readonly id: number;
  readonly requests: readonly TakenRequest[];
  readonly facts: readonly SyncFact[];
  /** By the op id of the request, in order of arrival. Includes answers received before an abort (I9). */
  readonly answers: Map<string, PushResult>;
  readonly outcomes: Map<string, Outcome>;
  readonly warnings: SyncFact[];
  /** Operations sent with a base that was found by reading the server's row, by op id. */
  readonly foundBases: Map<string, Op>;
  /** Op ids handed to the transport. */
  readonly dispatched: Set<string>;
  /** Op ids of requests settled before the batch had all its answers. */
  readonly settled: Set<string>;
  /** Reports of such parts that the chart has not received yet. */
  readonly untold: SettleReport[];
  /** The last of these transactions. */
  settlingEarly: Promise<unknown>;
  /** Answers being settled, kept for a retry. */
  settling?: readonly Answer[] | undefined;
  /** Settles when the transport is finished with the batch. */
  sending: Promise<unknown>;
  /** The report that the chart received. A batch with a report is not sent again. */
  report?: SendReport | undefined;
}

/** The request as it was actually sent. */
export const sentAs = ({ foundBases }: BatchUnderWay, request: TakenRequest): TakenRequest => {
  const op = foundBases.get(request.op.opId);
  return op === undefined ? request : { ...request, op };
};

/** State that the actors of one engine share during a run. None of it has to survive a crash. */
export class RunMemory {
  readonly #batches = new Map<number, BatchUnderWay>();
  readonly #failures = new Map<string, number>();
  #lastBatchId = 0;
  #runId = 0;
  readonly #steps = new Set<Promise<unknown>>();
  stepsBegun = 0;
  /** Start of the run, epoch ms. */
  startedAt = 0;
  /** Whether a request of this run was accepted. A request that fails alone then fails because of itself (F-132). */
  succeeded = false;
  /** The last answer of the previous batch, so that "two in a row" does not depend on the batch size. */
  lastAnswer: EntityAnswer | undefined;
  clockOffsetNoted = false;
  /** The engine pauses itself briefly. A restart must not treat this as a pause of the app. */
  pausesBriefly = false;
  /** Operations settled in this run, for the progress of the push. */
  settled = 0;
  /** The last take, which may still commit after its actor was stopped. */
  taking: Promise<unknown> = Promise.resolve();
  /** Epoch ms of the last successful run; undefined: never. */
  lastSyncedAt: number | undefined;
  /** The stored server time minus local time, in ms. */
  clockOffsetMs = 0;
  /** The conflict request that an abort left in flight. */
  settlingConflict: Promise<unknown> = Promise.resolve();

  /**
   * Resets the state for a planned run. The store took back what an earlier plan or run had in flight. The counts
   * belong to the run.
   */
  beginRun(runId: number, at: number): void {
    this.#batches.clear();
    this.lastAnswer = undefined;
    if (runId === this.#runId) return;
    this.#runId = runId;
    this.startedAt = at;
    this.succeeded = false;
    this.clockOffsetNoted = false;
    this.settled = 0;
  }

  /** Executes one step of a run and shows the lease keeper that the run is active. */
  async during<T>(step: () => Promise<T>): Promise<T> {
    const work = step();
    this.#steps.add(work);
    this.stepsBegun += 1;
    try {
      return await work;
    } finally {
      this.#steps.delete(work);
    }
  }

  get stepsUnderWay(): number {
    return this.#steps.size;
  }

  /** Resolves when no step runs any more, including those of stopped actors. */
  async quiet(): Promise<void> {
    while (this.#steps.size > 0) await Promise.allSettled(this.#steps);
  }

  keep({ requests, facts }: TakenBatch): BatchUnderWay {
    const batch: BatchUnderWay = {
      id: ++this.#lastBatchId,
      requests,
      facts,
      answers: new Map(),
      outcomes: new Map(),
      warnings: [],
      foundBases: new Map(),
      dispatched: new Set(),
      settled: new Set(),
      untold: [],
      settlingEarly: Promise.resolve(),
      sending: Promise.resolve(),
    };
    if (requests.length > 0) this.#batches.set(batch.id, batch);
    return batch;
  }

  batch(id: number | undefined): BatchUnderWay | undefined {
    return id === undefined ? undefined : this.#batches.get(id);
  }

  /** The batch that was taken and not settled. */
  get unsettled(): BatchUnderWay | undefined {
    return this.#batches.values().next().value;
  }

  forget(batch: BatchUnderWay): void {
    this.#batches.delete(batch.id);
  }

  /**
   * Counts one more failure of a request that fails alone, across runs. Its waits grow until it gets another answer.
   */
  countFailure(opId: string): number {
    const failures = (this.#failures.get(opId) ?? 0) + 1;
    this.#failures.set(opId, failures);
    return failures;
  }

  forgetFailures(opId: string): void {
    this.#failures.delete(opId);
  }
}
