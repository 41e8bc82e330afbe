import type { Op } from '../../model/operation.ts';
import {
  pushUnavailable,
  type BatchPushResult,
  type OpPushResult,
  type PushContext,
  type PushResult,
} from '../../model/transport.ts';

/** Collects the answers of one push. Each operation's first answer counts and is reported at once (I9). */
export class PushAnswers {
  readonly #ops: readonly Op[];
  readonly #onAnswer: PushContext['onAnswer'];
  readonly #results = new Map<string, OpPushResult>();
  readonly #warnings: string[] = [];

  constructor(ops: readonly Op[], context: PushContext) {
    this.#ops = ops;
    this.#onAnswer = context.onAnswer;
  }

  add(op: Op, result: PushResult): void {
    if (this.#results.has(op.opId)) return;
    const answer: OpPushResult = { opId: op.opId, result };
    this.#results.set(op.opId, answer);
    try {
      this.#onAnswer?.(answer);
    } catch (error) {
      this.warn(`onAnswer failed for operation ${op.opId}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }

  warn(warning: string): void {
    this.#warnings.push(warning);
  }

  /** Answers unsent operations with the reason, and returns all answers in the order of the operations. */
  finish(whyNotSent: string): BatchPushResult {
    for (const op of this.#ops) {
      if (!this.#results.has(op.opId))
        this.add(op, pushUnavailable({ dispatched: false, message: `Not sent: ${whyNotSent}` }));
    }
    const results = this.#ops.flatMap(({ opId }): OpPushResult[] => {
      const answer = this.#results.get(opId);
      return answer === undefined ? [] : [answer];
    });
    return this.#warnings.length === 0 ? { results } : { results, warnings: this.#warnings };
  }
}
