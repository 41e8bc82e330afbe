import type { OutboxState } from '../../database/outbox-columns.ts';

export type State = keyof typeof OutboxState;

interface Transition {
  readonly from: readonly State[];
  /** `gone`: the operation leaves the outbox. */
  readonly to: readonly (State | 'gone')[];
  readonly when: string;
}

const headStates = ['ready', 'waiting', 'parked', 'inFlight'] as const;
const allStates = ['behind', ...headStates] as const;

/** The transitions of a queued operation: start states, target states, and cause. */
export const operationTransitions = {
  take: { from: ['ready'], to: ['inFlight'], when: 'a request is frozen and about to be sent' },
  takeBack: { from: ['inFlight'], to: ['ready'], when: 'a new run finds a request without an answer' },
  fallDue: { from: ['waiting'], to: ['ready'], when: 'a run starts: the wait is over, or the run is explicit' },
  waitFor: { from: ['ready'], to: ['waiting'], when: 'another operation must go first' },
  stopWaiting: { from: ['waiting'], to: ['ready'], when: 'the other operation has left, or goes later' },
  leaveToNewer: { from: ['ready'], to: ['waiting'], when: 'a newer release of the app has queued it' },
  settle: { from: ['inFlight'], to: ['ready', 'waiting', 'parked'], when: 'the answer leaves it queued' },
  countTry: { from: ['waiting'], to: ['waiting', 'parked'], when: 'a run ends in which it failed alone' },
  keepParked: { from: ['parked'], to: ['parked'], when: 'its conflict stays, with a new reason' },
  resolve: { from: ['parked'], to: ['inFlight'], when: 'the resolution of its conflict is frozen' },
  parkAgain: { from: ['ready', 'waiting'], to: ['parked'], when: 'the resolution of its conflict was not judged' },
  parkUnreadable: { from: headStates, to: ['parked'], when: 'it is damaged, or no upgrade fits it' },
  parkExhausted: { from: ['ready', 'waiting', 'inFlight'], to: ['parked'], when: 'it has used up its tries' },
  unparkUpgraded: { from: ['parked'], to: ['ready', 'parked'], when: 'a release of the app can upgrade it' },
  retry: { from: ['waiting', 'parked'], to: ['ready'], when: 'someone retries or amends it' },
  followTries: {
    from: ['ready', 'waiting', 'parked'],
    to: ['ready', 'parked'],
    when: 'the app counts or resets its tries',
  },
  promote: { from: ['behind'], to: ['ready', 'parked'], when: 'the operations before it have left' },
  leave: { from: allStates, to: ['gone'], when: 'it was applied, folded away, resolved or given up' },
  repair: {
    from: allStates,
    to: ['behind', 'ready', 'parked'],
    when: 'another program wrote a state that does not follow from the queue',
  },
} as const satisfies Readonly<Record<string, Transition>>;
export type TransitionName = keyof typeof operationTransitions;
