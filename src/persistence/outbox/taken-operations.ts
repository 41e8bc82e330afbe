import type { TakenRequest } from '../../model/ports.ts';
import type { StoredOp } from './outbox-rows.ts';

const operationsOf = new WeakMap<TakenRequest, readonly StoredOp[]>();

/**
 * Keeps what a request stands for as it was read when it was taken: a `seq` is never given to another row, so settling
 * need not read it all again.
 */
export const rememberTaken = (request: TakenRequest, ops: readonly StoredOp[]): void =>
  void operationsOf.set(request, ops);

/** The operations that a request stood for when it was taken; undefined for one made elsewhere. */
export const takenOperations = (request: TakenRequest): readonly StoredOp[] | undefined => operationsOf.get(request);
