import type { Op } from '../../model/operation.ts';
import type { BatchPushResult, PushContext } from '../../model/transport.ts';
import { EntityQueues, letsNextFollow } from './entity-queues.ts';
import { PushAnswers } from './push-answers.ts';
import { PushBreaker } from './push-breaker.ts';
import { slideWindow } from './push-window.ts';
import { sendOp, refusedBeforeSending } from '../requests/send-op.ts';
import type { SendParts } from '../requests/send-parts.ts';

export interface PushParts extends SendParts {
  readonly health: (signal: AbortSignal | undefined) => Promise<boolean>;
}

/** Why an operation was not sent, for its answer. */
export const whyNotSent = (breaker: PushBreaker, signal: AbortSignal | undefined): string =>
  signal?.aborted
    ? 'the push was aborted'
    : (breaker.openedBy ?? 'an earlier operation of the same entity did not succeed');

/** Sends each operation in its own request, `pushConcurrency` at a time, one per entity. */
export async function pushSingle(ops: readonly Op[], context: PushContext, parts: PushParts): Promise<BatchPushResult> {
  const { signal } = context;
  const answers = new PushAnswers(ops, context);
  const breaker = new PushBreaker(() => parts.health(signal));
  const queues = new EntityQueues(ops);

  await slideWindow(parts.settings.pushConcurrency, () => {
    if (signal?.aborted || breaker.openedBy !== undefined) return undefined;
    const lent = queues.lend(1);
    const op = lent?.ops[0];
    if (lent === undefined || op === undefined) return undefined;
    return async () => {
      const refused = refusedBeforeSending(op, parts);
      const result = refused ?? (await sendOp(op, parts, signal));
      answers.add(op, result);
      if (letsNextFollow(op, result)) queues.giveBack(lent);
      if (refused === undefined && !signal?.aborted) breaker.observe(op, result);
      await breaker.settled();
    };
  });
  return answers.finish(whyNotSent(breaker, signal));
}
