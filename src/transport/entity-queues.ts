import type { Op } from '../model/operation.ts';
import type { PushResult } from '../model/transport.ts';
import { entityKeyOf } from './push-breaker.ts';

/** What is left of one entity, with each operation's position among all. */
interface EntityQueue {
  readonly ops: Op[];
  readonly positions: number[];
}

/** Operations of one entity, lent out until they are given back. */
export interface Lent {
  readonly ops: readonly Op[];
  readonly queue: EntityQueue;
}

/** Says whether an entity's next operation may follow this answer (F-24). */
export const letsNextFollow = (op: Op, result: PushResult): boolean =>
  result.type === 'pushSuccess' || (result.type === 'pushNotFound' && op.type === 'delete');

/** The operations of a push by entity: what is lent out for one entity blocks the rest of it, and nothing else (I3, F-25). */
export class EntityQueues {
  /** Latest first, so that the next one is taken from the end. */
  readonly #ready: EntityQueue[];

  constructor(ops: readonly Op[]) {
    const byEntity = new Map<string, EntityQueue>();
    ops.forEach((op, position) => {
      const key = entityKeyOf(op);
      const queue = byEntity.get(key);
      if (queue === undefined) byEntity.set(key, { ops: [op], positions: [position] });
      else {
        queue.ops.push(op);
        queue.positions.push(position);
      }
    });
    this.#ready = [...byEntity.values()].reverse();
  }

  /** Lends the next entity's first operations, at most `limit`; with `wholeOnly` none unless all of the entity's fit. */
  lend(limit: number, wholeOnly = false): Lent | undefined {
    const queue = this.#ready.at(-1);
    if (queue === undefined || (wholeOnly && queue.ops.length > limit)) return undefined;
    this.#ready.pop();
    queue.positions.splice(0, limit);
    return { queue, ops: queue.ops.splice(0, limit) };
  }

  /** Takes the entity back after answers that let its next operation follow; without this call the rest of it is not lent again. */
  giveBack({ queue }: Lent): void {
    const [position] = queue.positions;
    if (position === undefined) return;
    const later = this.#ready.findLastIndex((other) => (other.positions[0] ?? 0) > position);
    this.#ready.splice(later + 1, 0, queue);
  }
}
