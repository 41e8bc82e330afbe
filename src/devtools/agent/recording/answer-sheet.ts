import type { Clock } from '../../../model/platform/clock.ts';
import type { Op } from '../../../model/operation.ts';
import type { OpPushResult, PushResult } from '../../../model/transport.ts';

/** What an operation was answered first. */
export interface Answered {
  readonly result: PushResult;
  /** Ms after the call began. */
  readonly afterMs: number;
}

/** Notes the answers of one push as they come: two numbers in a row for each, since there is one for each operation. */
export interface AnswerSheet {
  note(answer: OpPushResult): void;
  /** Looks up by operation and its place among `ops`. `results`: answers that came with the end of the call. */
  of(
    ops: readonly Op[],
    results: readonly OpPushResult[] | undefined,
  ): (opId: string, place: number) => Answered | undefined;
}

/** Begins when the call does. */
export function createAnswerSheet(clock: Clock): AnswerSheet {
  const startedAt = clock.now();
  const answers: OpPushResult[] = [];
  const times: number[] = [];
  const note = (answer: OpPushResult): void => {
    answers.push(answer);
    times.push(clock.now() - startedAt);
  };
  const at = (index: number): Answered | undefined => {
    const answer = answers[index];
    return answer === undefined ? undefined : { result: answer.result, afterMs: times[index] ?? 0 };
  };
  return {
    note,
    of: (ops, results = []) => {
      // Most adapters give at the end what they told before.
      for (const [index, answer] of results.entries()) if (answers[index]?.opId !== answer.opId) note(answer);
      // Told in the order of the operations, each has its answer in its own place.
      if (answers.every(({ opId }, index) => opId === ops[index]?.opId)) return (_, place) => at(place);
      const first = new Map<string, number>();
      for (const [index, { opId }] of answers.entries()) if (!first.has(opId)) first.set(opId, index);
      return (opId) => {
        const index = first.get(opId);
        return index === undefined ? undefined : at(index);
      };
    },
  };
}
