import type { DiagnosisView } from '../../devtools/protocol/engine-view.ts';
import type { OperationView } from '../../devtools/protocol/messages.ts';
import type { Departure, ReplayStep } from './replay-steps.ts';

export type LeftOperation = Pick<
  OperationView,
  'opId' | 'kind' | 'entityId' | 'type' | 'reason' | 'detail' | 'tryCount'
>;

/** The result of a replay. Times are epoch ms. */
export interface ReplayReport {
  readonly saved: {
    readonly name: string;
    readonly at: number;
    readonly startAt: number;
    readonly entries: number;
    readonly operations: number;
    /** The diagnosis at the time of saving, most important first. Absent in files of earlier versions. */
    readonly diagnosis: readonly DiagnosisView[];
  };
  /** Assumptions about what the file does not contain, as sentences. */
  readonly assumed: readonly string[];
  /** The steps of the replay until the time of saving, and those of the recording. */
  readonly steps: readonly ReplayStep[];
  readonly recorded: readonly ReplayStep[];
  /** The first difference between both. The final state may still be the same. */
  readonly departure: Departure | undefined;
  /** Calls that the recording does not contain. */
  readonly unexpected: readonly string[];
  /** Differences between the waiting operations at the time of saving, as sentences. */
  readonly differences: readonly string[];
  /** The steps of the replay after all faults have ended. */
  readonly after: readonly ReplayStep[];
  /** Operations that left the queue during these steps. */
  readonly drained: readonly Pick<LeftOperation, 'opId' | 'kind' | 'entityId' | 'type'>[];
  /** Operations that remain at the end, and why. */
  readonly left: readonly LeftOperation[];
  /** How often the invariants were checked. */
  readonly commits: number;
  readonly violation: { readonly invariant: string; readonly message: string } | undefined;
  /** `same`: at the time of saving, the same operations waited for the same reasons. */
  readonly outcome: 'same' | 'different' | 'violated';
}
