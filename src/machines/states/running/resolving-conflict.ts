import type { ConflictOutcome } from '../../../model/run.ts';
import type { ConflictInput } from '../../actor-inputs.ts';
import type { SyncContext } from '../../machine-context.ts';
import { noRef } from '../../placeholders.ts';
import { sync } from '../../setup/sync-setup.ts';
import { announceFacts, failed, outputOf } from '../wiring.ts';

const conflictOf = ({ context: { run } }: { context: SyncContext }): ConflictInput => ({
  runId: run?.id ?? 0,
  ref: run?.conflicts[0] ?? noRef,
  round: run?.round ?? 0,
  explicit: run?.request.explicit ?? false,
});

const outcome = [{ type: 'countOutcome', params: outputOf<ConflictOutcome> }, announceFacts] as const;
/** Result of a conflict. `again` in the last round leaves the conflict for a later run. */
const onOutcome = [
  {
    guard: { type: 'hasFailed', params: outputOf<ConflictOutcome> },
    target: '#assessing',
    actions: [
      ...outcome,
      { type: 'recordFailure', params: ({ event }: { event: { output: ConflictOutcome } }) => event.output.failure },
    ],
  },
  { guard: { type: 'deservesAnotherRound', params: outputOf<ConflictOutcome> }, target: 'spacing', actions: outcome },
  {
    guard: { type: 'isConflictAgain', params: outputOf<ConflictOutcome> },
    target: 'choosingConflict',
    actions: [...outcome, 'leaveConflict'],
  },
  { target: 'choosingConflict', actions: [...outcome, 'noteProgress'] },
] as const;

/** Resolves the conflicts found by the push, one after another. */
export const resolvingConflict = sync.createStateConfig({
  id: 'resolvingConflict',
  initial: 'choosingConflict',
  entry: { type: 'enterPhase', params: 'push' },
  states: {
    // Returns to pushing when no conflict is left, because operations behind a resolved conflict are now ready.
    choosingConflict: { always: [{ guard: 'hasConflict', target: 'deciding' }, { target: '#pushing' }] },
    deciding: {
      invoke: {
        src: 'decideConflict',
        input: conflictOf,
        onDone: [
          {
            guard: { type: 'isDecidedTo', params: ({ event }) => ({ decision: event.output, type: 'apply' }) },
            target: 'applying',
            actions: announceFacts,
          },
          {
            guard: { type: 'isDecidedTo', params: ({ event }) => ({ decision: event.output, type: 'repush' }) },
            target: 'repushing',
            actions: announceFacts,
          },
          { target: 'choosingConflict', actions: [announceFacts, 'leaveConflict'] },
        ],
        onError: failed,
      },
    },
    applying: { invoke: { src: 'applyDecision', input: conflictOf, onDone: onOutcome, onError: failed } },
    repushing: { invoke: { src: 'repushDecision', input: conflictOf, onDone: onOutcome, onError: failed } },
    spacing: { after: { conflictRetryDelay: 'deciding' } },
  },
});
