import type { QueueState } from '../../model/queue.ts';
import type { OutboxState } from '../database/outbox-columns.ts';

/** Names of the stored numbers outside this folder. */
export const stateNames = {
  0: 'behind',
  1: 'ready',
  2: 'waiting',
  3: 'parked',
  4: 'inFlight',
} as const satisfies Readonly<Record<OutboxState, QueueState>>;

/** The next run repairs an unknown state number. Until then the operation is not sent. */
export const stateNameOf = (state: number): QueueState =>
  new Map<unknown, QueueState>(Object.entries(stateNames)).get(String(state)) ?? 'parked';
