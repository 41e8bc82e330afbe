import type { QueuedOperation } from '../../model/queue.ts';
import { isRefusalCode } from '../answers/refusal-code.ts';

/** Whether the server refused an operation, or its result is unknown. Somebody may then amend, retry or drop it. */
export const needsRepair = ({ state, parkedFor, errorCode }: QueuedOperation): boolean =>
  parkedFor === 'stuck' ||
  parkedFor === 'ambiguous' ||
  (state === 'waiting' && (errorCode === 'forbidden' || isRefusalCode(errorCode)));
