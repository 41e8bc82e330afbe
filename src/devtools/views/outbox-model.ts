import type { QueueState } from '../../model/queue.ts';
import type { OperationView } from '../protocol/messages.ts';

/** What the outbox can be narrowed to. */
export const outboxFilters: readonly (readonly [
  name: string,
  text: string,
  states: readonly QueueState[] | undefined,
])[] = [
  ['all', 'All', undefined],
  ['moving', 'Ready and in flight', ['ready', 'inFlight']],
  ['waiting', 'Waiting', ['waiting', 'behind']],
  ['parked', 'Needs attention', ['parked']],
];

/** Where an operation is in the queue, as people read it; `reason` says why. */
export const stateNames: Readonly<Record<QueueState, string>> = {
  ready: 'at the head of its line',
  behind: 'behind another of its record',
  waiting: 'put off',
  parked: 'set aside until somebody acts',
  inFlight: 'on its way',
};

/** Why an operation is still queued, in the words of `explain()`, and what the server said before. */
export function whyQueued({ reason, detail, lastError }: OperationView): string {
  // A conflict without a resolver waits for a person, and that is no mistake.
  if (lastError === undefined || reason === 'conflict' || detail.includes(lastError)) return detail;
  return `${detail} Before: ${lastError}`;
}

/** Which repairs make sense for an operation. */
export interface Repairs {
  readonly retry: boolean;
  readonly drop: boolean;
  readonly amend: boolean;
  readonly decide: boolean;
}

export const repairsOf = ({ parkedFor, state, type, requestId }: OperationView): Repairs => {
  const isStuck = state === 'parked' && (parkedFor === 'stuck' || parkedFor === 'ambiguous');
  return {
    retry: isStuck,
    drop: isStuck,
    // An open request never changes (I2).
    amend: type === 'upsert' && requestId === undefined && parkedFor !== 'conflict' && state !== 'inFlight',
    decide: parkedFor === 'conflict',
  };
};

/** Says what an operation does, in a few words. */
export function describeOperation({ type, creates, changedFields, deltas }: OperationView): string {
  if (type === 'delete') return 'delete';
  if (creates) return 'create';
  const fields = [...(changedFields ?? []), ...(deltas ?? []).map(({ field }) => field)];
  return fields.length === 0 ? 'edit' : `edit ${fields.join(', ')}`;
}
