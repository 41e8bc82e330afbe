import type { Op } from '../../model/operation.ts';
import type { PushResult } from '../../model/transport.ts';

/** The remaining operations of one entity, each with its position among all. */
interface EntityQueue {
  ops: readonly Op[];
  positions: readonly number[];
}

const none: readonly never[] = [];

/** Operations of one entity that are lent until they are returned. */
export interface Lent {
  readonly ops: readonly Op[];
  readonly queue: EntityQueue;
}

/** Whether an entity's next operation may follow this answer (F-24). */
export const letsNextFollow = (op: Op, result: PushResult): boolean =>
  result.type === 'pushSuccess' || (result.type === 'pushNotFound' && op.type === 'delete');

/**
 * The operations of a push by entity. Lending operations of an entity blocks the rest of that entity and nothing else
 * (I3, F-25).
 */
export class EntityQueues {
  /** In reverse order, so that the next one is taken from the end. */
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
   * Lends the first operations of the next entity, at most `limit`. With `wholeOnly`, lends none unless all operations
   * of the entity fit.
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

  /** The operations that will probably be lent next. */
  *upcoming(): Generator<Op> {
    for (let index = this.#ready.length - 1; index >= 0; index -= 1) yield* this.#ready[index]?.ops ?? none;
  }

  /**
   * Returns an entity after answers that allow its next operation. Without this call, the rest of the entity is never
   * lent.
   */
  giveBack({ queue }: Lent): void {
    const [position] = queue.positions;
    if (position === undefined) return;
    const later = this.#ready.findLastIndex((other) => (other.positions[0] ?? 0) > position);
    this.#ready.splice(later + 1, 0, queue);
  }
}
