import type { TakenRequest } from '../../model/ports.ts';
import type { StoredOp } from './outbox-rows.ts';

const operationsOf = new WeakMap<TakenRequest, readonly StoredOp[]>();

/**
 * Stores the operations of a request when it is taken. A `seq` is never reused, so settling need not read them all
 * again.
 */
export const rememberTaken = (request: TakenRequest, ops: readonly StoredOp[]): void =>
  void operationsOf.set(request, ops);

/** The operations that a request covered when it was taken; undefined for a request made elsewhere. */
export const takenOperations = (request: TakenRequest): readonly StoredOp[] | undefined => operationsOf.get(request);
