import type { QueueState } from '../model/queue.ts';
import type { OutboxState } from './entities.ts';

/** What the stored numbers are called outside of this folder. */
export const stateNames = { 0: 'behind', 1: 'ready', 2: 'waiting', 3: 'parked', 4: 'inFlight' } as const satisfies Readonly<Record<OutboxState, QueueState>>;
