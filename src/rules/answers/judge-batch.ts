import type { PushResult } from '../../model/transport.ts';

/** One answer, and the entity it belongs to (any text that is unique per entity). */
export interface EntityAnswer {
  readonly entity: string;
  readonly result: PushResult;
}

/** What answers in a row mean for the run. `askHealth`: a probe decides between everybody and these two. */
export interface BatchVerdict {
  readonly verdict: 'fine' | 'unavailable' | 'askHealth' | 'authRequired' | 'throttled' | 'malformed';
  readonly retryAfterMs?: number;
  /** Empty when fine. */
  readonly message: string;
}

/**
 * Judges the answers of a batch for the whole run. What the server says plainly goes first
 * (401, then Retry-After), then no connection (one is enough, F-07), then answers that are not the API's, then
 * failures, for two different entities in a row. A caller that sends small batches puts the end of the last batch
 * before this one, or "in a row" never comes about.
 */
export function judgeBatch(answers: readonly EntityAnswer[]): BatchVerdict {
  const unauthorized = answers.find(({ result }) => result.type === 'pushUnauthorized');
  if (unauthorized !== undefined) return { verdict: 'authRequired', message: messageOf(unauthorized.result) };

  const throttled = answers.map(({ result }) => result).filter((result) => result.type === 'pushThrottled');
  const [firstThrottled] = throttled;
  if (firstThrottled !== undefined) {
    const waits = throttled.map((result) => result.retryAfterMs).filter((wait) => wait !== undefined);
    return {
      verdict: 'throttled',
      message: firstThrottled.message,
      ...(waits.length === 0 ? {} : { retryAfterMs: Math.max(...waits) }),
    };
  }

  const cut = answers.find(({ result }) => result.type === 'pushUnavailable' && result.noConnection === true);
  if (cut !== undefined) return { verdict: 'unavailable', message: messageOf(cut.result) };

  const malformed = twoInARow(answers, (result) => result.type === 'pushMalformed');
  if (malformed !== undefined) return { verdict: 'malformed', message: messageOf(malformed) };
  const failing = twoInARow(answers, isTransient);
  if (failing !== undefined) return { verdict: 'askHealth', message: messageOf(failing) };
  return { verdict: 'fine', message: '' };
}

/** 5xx, 408, 425, a timeout, a lost reply; what never left is not asked. */
const isTransient = (result: PushResult): boolean =>
  result.type === 'pushAmbiguous' || result.type === 'pushUnavailable';

/** A request that never left says nothing about the server, so it does not end a row either. */
const saysNothing = (result: PushResult): boolean => result.type === 'pushUnavailable' && !result.dispatched;

/** The answer that completes a row of two different entities. */
function twoInARow(answers: readonly EntityAnswer[], is: (result: PushResult) => boolean): PushResult | undefined {
  let before: string | undefined;
  for (const { entity, result } of answers) {
    if (saysNothing(result)) continue;
    if (!is(result)) before = undefined;
    else if (before === undefined || before === entity) before = entity;
    else return result;
  }
  return undefined;
}

const messageOf = (result: PushResult): string => ('message' in result ? result.message : undefined) ?? result.type;
