import type { PendingOp } from '../../rules/pending/pending-op.ts';
import type { StoredOp } from '../outbox/outbox-rows.ts';
import { rebuildOperations } from '../outbox/transitions/contents.ts';
import { leave, promote } from '../outbox/transitions/lead-line.ts';
import { settleOperations, type SettledOperation } from '../outbox/transitions/settle-operations.ts';
import type { Session } from '../sql/session.ts';

/** The changes of one transaction to queued operations. */
export class OperationChanges {
  readonly #gone: StoredOp[] = [];
  readonly #rebuilt: PendingOp[] = [];
  readonly #promoted: number[] = [];
  readonly #transitions: SettledOperation[] = [];

  /** The operations that left, with their data. */
  get gone(): readonly StoredOp[] {
    return this.#gone;
  }

  leave(ops: readonly StoredOp[]): void {
    this.#gone.push(...ops);
  }

  /** Keeps these operations after others have left; the first becomes the head of the line. */
  stay(ops: readonly PendingOp[], isReadable: (op: PendingOp) => boolean): void {
    // Damaged operations stay as stored, to be shown and repaired (F-164).
    this.#rebuilt.push(...ops.filter(isReadable));
    const [head] = ops;
    if (head) this.#promoted.push(head.seq);
  }

  transition(change: SettledOperation): void {
    this.#transitions.push(change);
  }

  async write(
    session: Session,
    { now, maxTryCount }: { readonly now: number; readonly maxTryCount: number },
  ): Promise<void> {
    await leave(
      session,
      this.#gone.map(({ seq }) => seq),
    );
    await rebuildOperations(
      session,
      this.#rebuilt.map(({ seq, payload, baseUpdatedAt, creates }) => ({
        seq,
        payload: payload === undefined ? null : JSON.stringify(payload),
        base: baseUpdatedAt,
        creates,
      })),
    );
    await settleOperations(session, this.#transitions, now);
    await promote(session, this.#promoted, maxTryCount);
  }
}
