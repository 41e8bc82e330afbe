import type { QueueState } from '../../model/queue.ts';
import type { OutboxState } from '../database/outbox-columns.ts';

/** What the stored numbers are called outside of this folder. */
export const stateNames = {
  0: 'behind',
  1: 'ready',
  2: 'waiting',
  3: 'parked',
  4: 'inFlight',
} as const satisfies Readonly<Record<OutboxState, QueueState>>;

/** A number that is no state is put right by the next run; until then nothing is sent of it. */
export const stateNameOf = (state: number): QueueState =>
  new Map<unknown, QueueState>(Object.entries(stateNames)).get(String(state)) ?? 'parked';
