import type { DiagnosisView } from '../../devtools/protocol/engine-view.ts';
import type { OperationView } from '../../devtools/protocol/messages.ts';
import type { Departure, ReplayStep } from './replay-steps.ts';

export type LeftOperation = Pick<
  OperationView,
  'opId' | 'kind' | 'entityId' | 'type' | 'reason' | 'detail' | 'tryCount'
>;

/** What became of a re-run. Times are epoch ms. */
export interface ReplayReport {
  readonly saved: {
    readonly name: string;
    readonly at: number;
    readonly startAt: number;
    readonly entries: number;
    readonly operations: number;
    /** What was wrong then, the most important first. Files of earlier versions do not say it. */
    readonly diagnosis: readonly DiagnosisView[];
  };
  /** What the file does not say and the re-run took for granted, in sentences. */
  readonly assumed: readonly string[];
  /** What the re-run did until the file was saved, and what the recording says. */
  readonly steps: readonly ReplayStep[];
  readonly recorded: readonly ReplayStep[];
  /** Where they parted first; the end can be the same all the same. */
  readonly departure: Departure | undefined;
  /** Calls that the recording does not have. */
  readonly unexpected: readonly string[];
  /** What waited otherwise than the file says, at the moment it was saved. Sentences. */
  readonly differences: readonly string[];
  /** What the re-run did once no fault was left. */
  readonly after: readonly ReplayStep[];
  /** Operations that left the queue then. */
  readonly drained: readonly Pick<LeftOperation, 'opId' | 'kind' | 'entityId' | 'type'>[];
  /** Operations that are still there at rest, and why. */
  readonly left: readonly LeftOperation[];
  /** How often the database was held to the invariants. */
  readonly commits: number;
  readonly violation: { readonly invariant: string; readonly message: string } | undefined;
  /** `same`: at the moment of saving, the same operations waited for the same reasons. */
  readonly outcome: 'same' | 'different' | 'violated';
}
