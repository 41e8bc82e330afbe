import type { Op } from '../../model/operation.ts';
import type { PushResult } from '../../model/transport.ts';

/** What is left of one entity, with each operation's position among all. */
interface EntityQueue {
  ops: readonly Op[];
  positions: readonly number[];
}

const none: readonly never[] = [];

/** Operations of one entity, lent out until they are given back. */
export interface Lent {
  readonly ops: readonly Op[];
  readonly queue: EntityQueue;
}

/** Says whether an entity's next operation may follow this answer (F-24). */
export const letsNextFollow = (op: Op, result: PushResult): boolean =>
  result.type === 'pushSuccess' || (result.type === 'pushNotFound' && op.type === 'delete');

/**
 * The operations of a push by entity: what is lent out for one entity blocks the rest of it, and nothing else (I3,
 * F-25).
 */
export class EntityQueues {
  /** Latest first, so that the next one is taken from the end. */
  readonly #ready: EntityQueue[];

  constructor(ops: readonly Op[]) {
    const byKind = new Map<string, Map<string, { ops: Op[]; positions: number[] }>>();
    const inOrder: EntityQueue[] = [];
    ops.forEach((op, position) => {
      let byId = byKind.get(op.kind);
      if (byId === undefined) byKind.set(op.kind, (byId = new Map()));
      const queue = byId.get(op.id);
      if (queue === undefined) {
        const first = { ops: [op], positions: [position] };
        byId.set(op.id, first);
        inOrder.push(first);
      } else {
        queue.ops.push(op);
        queue.positions.push(position);
      }
    });
    this.#ready = inOrder.reverse();
  }

  /**
   * Lends the next entity's first operations, at most `limit`; with `wholeOnly` none unless all of the entity's fit.
   */
  lend(limit: number, wholeOnly = false): Lent | undefined {
    const queue = this.#ready.at(-1);
    if (queue === undefined || (wholeOnly && queue.ops.length > limit)) return undefined;
    this.#ready.pop();
    const { ops } = queue;
    const isWhole = ops.length <= limit;
    queue.positions = isWhole ? none : queue.positions.slice(limit);
    queue.ops = isWhole ? none : ops.slice(limit);
    return { queue, ops: isWhole ? ops : ops.slice(0, limit) };
  }

  /** The next operations that are not lent yet, as they will probably be lent. */
  *upcoming(): Generator<Op> {
    for (let index = this.#ready.length - 1; index >= 0; index -= 1) yield* this.#ready[index]?.ops ?? none;
  }

  /**
   * Takes the entity back after answers that let its next operation follow; without this call the rest of it is not
   * lent again.
   */
  giveBack({ queue }: Lent): void {
    const [position] = queue.positions;
    if (position === undefined) return;
    const later = this.#ready.findLastIndex((other) => (other.positions[0] ?? 0) > position);
    this.#ready.splice(later + 1, 0, queue);
  }
}
