import type { PushResult } from '../../model/transport.ts';

/** One answer and the entity it belongs to (any string unique per entity). */
export interface EntityAnswer {
  readonly entity: string;
  readonly result: PushResult;
}

/**
 * What consecutive answers mean for the run. `askHealth`: a probe tells whether the server is down or only these two
 * entities fail.
 */
export interface BatchVerdict {
  readonly verdict: 'fine' | 'unavailable' | 'askHealth' | 'authRequired' | 'throttled' | 'malformed';
  readonly retryAfterMs?: number;
  /** Empty if nothing is wrong. */
  readonly message: string;
}

/**
 * Judges the answers of a batch for the whole run, in order of certainty. Explicit answers of the server come first
 * (401, then Retry-After). Next come a missing connection (one suffices, F-07), answers that are not the API's, and
 * failures; the latter two need two different entities in a row. A caller with small batches must prepend the end of
 * the previous batch, or two in a row never occur.
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

/** 5xx, 408, 425, a timeout, a lost reply. Requests that were never sent do not count. */
const isTransient = (result: PushResult): boolean =>
  result.type === 'pushAmbiguous' || result.type === 'pushUnavailable';

/** A request that was never sent says nothing about the server, so it does not interrupt a row either. */
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
