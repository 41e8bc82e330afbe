import type { ConflictRef, Kinds, Remaining, SyncRequest, Wait } from '../model/run.ts';

export interface PlanInput {
  readonly runId: number;
  readonly request: SyncRequest;
  readonly remaining: Remaining | undefined;
}
export interface TakeInput {
  readonly runId: number;
  readonly kinds: Kinds;
}
export interface BatchInput {
  readonly batchId: number;
}
/** `explicit`: asks a resolver again that deferred its decision. */
export interface ConflictInput {
  readonly runId: number;
  readonly ref: ConflictRef;
  readonly round: number;
  readonly explicit: boolean;
}
export interface PullInput {
  readonly runId: number;
  readonly kind: string;
  readonly resync: boolean;
  readonly totalDone: number;
}
export interface PrepareInput {
  readonly runId: number;
  readonly kinds: Kinds;
}
export interface SweepInput {
  readonly runId: number;
  readonly kind: string;
  readonly requested: boolean;
}
/**
 * `patient`: may wait for open resolvers. `succeeded`: no kind failed. Idempotent, because it runs again (without
 * patience) when another request arrives.
 */
export interface FinishInput {
  readonly runId: number;
  readonly kinds: Kinds;
  readonly pullKinds: Kinds;
  readonly pushed: number;
  readonly succeeded: boolean;
  readonly patient: boolean;
}
/** `request`: the automatic work that waits. */
export interface RememberWaitInput {
  readonly attempt: number;
  readonly wait: Wait | undefined;
  readonly request: SyncRequest | undefined;
}
