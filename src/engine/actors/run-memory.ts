import type { SyncFact } from '../../model/events.ts';
import type { Answer, TakenBatch, TakenRequest } from '../../model/ports.ts';
import type { Op } from '../../model/operation.ts';
import type { Outcome } from '../../model/outcome.ts';
import type { SendReport, SettleReport } from '../../model/run.ts';
import type { PushResult } from '../../model/transport.ts';
import type { EntityAnswer } from '../../rules/answers/judge-batch.ts';

/** A taken batch on its way: what the server said so far, and what that means once it was read. */
export interface BatchUnderWay {
  readonly id: number;
  readonly requests: readonly TakenRequest[];
  readonly facts: readonly SyncFact[];
  /** By the op id of the request, as they arrived: also those received before an abort (I9). */
  readonly answers: Map<string, PushResult>;
  readonly outcomes: Map<string, Outcome>;
  readonly warnings: SyncFact[];
  /** Operations that were sent with a base found by looking at the server's row, by op id. */
  readonly foundBases: Map<string, Op>;
  /** Op ids that were handed to the transport. */
  readonly dispatched: Set<string>;
  /** Op ids of requests that were settled before the batch had all its answers. */
  readonly settled: Set<string>;
  /** Reports of such parts that the chart has not heard of. */
  readonly untold: SettleReport[];
  /** The last of these transactions. */
  settlingEarly: Promise<unknown>;
  /** What is settled, kept for a second try. */
  settling?: readonly Answer[] | undefined;
  /** Settles when the transport has let go of it. */
  sending: Promise<unknown>;
  /** What the chart was told; a batch that has one is not sent again. */
  report?: SendReport | undefined;
}

/** The request as it was really sent. */
export const sentAs = ({ foundBases }: BatchUnderWay, request: TakenRequest): TakenRequest => {
  const op = foundBases.get(request.op.opId);
  return op === undefined ? request : { ...request, op };
};

/** What the actors of one engine keep between them while a run lasts. Nothing in it has to survive a crash. */
export class RunMemory {
  readonly #batches = new Map<number, BatchUnderWay>();
  readonly #failures = new Map<string, number>();
  #lastBatchId = 0;
  #runId = 0;
  readonly #steps = new Set<Promise<unknown>>();
  stepsBegun = 0;
  /** Epoch ms of the run's beginning. */
  startedAt = 0;
  /** Whether a request of this run was accepted: then one that fails alone fails by itself (F-132). */
  succeeded = false;
  /** The last answer of the batch before, since "two in a row" must not depend on the batch size. */
  lastAnswer: EntityAnswer | undefined;
  clockOffsetNoted = false;
  /** The engine stands still for a moment, by its own doing: a restart must not find it paused. */
  pausesBriefly = false;
  /** Operations settled in this run, for the progress of the push. */
  settled = 0;
  /** The last take, which may still be committing after its actor was stopped. */
  taking: Promise<unknown> = Promise.resolve();
  /** Epoch ms of the last run that ended well; undefined: never. */
  lastSyncedAt: number | undefined;
  /** Server time minus local time as it is stored. */
  clockOffsetMs = 0;
  /** The conflict request that an abort left on its way. */
  settlingConflict: Promise<unknown> = Promise.resolve();

  /**
   * A planned run has nothing under way: what an earlier plan or run had was taken back by the store. The counts belong
   * to the run.
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

  /** Does one step of a run, and lets the lease keeper see that somebody is at work. */
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

  /** Resolves when no step is under way any more, also of those whose actor was stopped. */
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

  /** A batch that was taken and not settled. */
  get unsettled(): BatchUnderWay | undefined {
    return this.#batches.values().next().value;
  }

  forget(batch: BatchUnderWay): void {
    this.#batches.delete(batch.id);
  }

  /** Counts one more failure of a request that fails alone, over runs: its waits grow until it gets another answer. */
  countFailure(opId: string): number {
    const failures = (this.#failures.get(opId) ?? 0) + 1;
    this.#failures.set(opId, failures);
    return failures;
  }

  forgetFailures(opId: string): void {
    this.#failures.delete(opId);
  }
}
