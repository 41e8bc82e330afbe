import { DatabaseError } from '../../../model/errors/errors.ts';
import { OutboxState } from '../../database/outbox-columns.ts';
import { listOf, type Session } from '../../sql/session.ts';
import { operationTransitions, type State, type TransitionName } from './transition-table.ts';

/**
 * The state machine of a queued operation. No file outside this folder updates or deletes rows of `sync_outbox`. Each
 * function performs the transition of its name in `transition-table.ts`. If the caller names an operation in another
 * state than the transition starts from, throws `DatabaseError`. The transaction is then rolled back, because the
 * caller has misread the queue.
 */

/** A single state uses `=`, as the partial indexes require. */
const isIn = (states: readonly State[]): string => {
  const numbers = states.map((state) => OutboxState[state]);
  return numbers.length === 1 ? `= ${numbers.join()}` : `IN (${numbers.join(', ')})`;
};
/** SQL condition: the operation is in a start state of the transition. */
export const startsFrom = (name: TransitionName): string =>
  `"sync_outbox"."state" ${isIn(operationTransitions[name].from)}`;
export const seqIn = (session: Session): string => session.dialect.inList('"seq"');

/** Applies a transition to the named operations. Throws `DatabaseError` if one of them is in another state. */
export async function move(
  session: Session,
  name: TransitionName,
  seqs: readonly number[],
  set: string,
  parameters: readonly unknown[] = [],
): Promise<void> {
  if (seqs.length === 0) return;
  const changed = await session.changed(
    `UPDATE "sync_outbox" SET ${set} WHERE ${seqIn(session)} AND ${startsFrom(name)}`,
    [...parameters, listOf(seqs)],
  );
  if (changed !== new Set(seqs).size) await refuse(session, name, seqs);
}

export async function refuse(session: Session, name: TransitionName, seqs: readonly number[]): Promise<void> {
  const { from, to } = operationTransitions[name];
  const rows = await session.query<{ seq: number | string; opId: string; state: number }>(
    `SELECT "seq", "op_id" AS "opId", "state" FROM "sync_outbox" WHERE ${seqIn(session)}`,
    [listOf(seqs)],
  );
  const nameOf = (state: number): string =>
    Object.entries(OutboxState).find(([, number]) => number === state)?.[0] ?? `state ${state}`;
  const states = rows.map(({ opId, state }) => ({ opId, state: nameOf(state) }));
  // The changed operations are in a target state of the transition.
  const others = states.filter(({ state }) => !(to as readonly string[]).includes(state));
  const told = (others.length > 0 ? others : states).map(({ opId, state }) => `${opId} is ${state}`);
  const known = new Set(rows.map(({ seq }) => Number(seq)));
  const missing = seqs.filter((seq) => !known.has(seq)).map((seq) => `the operation of seq ${seq} is gone`);
  throw new DatabaseError(
    `The outbox does not allow '${name}': it starts from ${from.join(' or ')}, but ${[...told, ...missing].join(', ')}`,
  );
}
