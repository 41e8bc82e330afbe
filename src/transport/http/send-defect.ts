import type { SyncErrorCode } from '../../model/errors/error-codes.ts';
import { SyncError } from '../../model/errors/errors.ts';

/**
 * The app's `send` has a bug or returned no answer; `cause` is the thrown value. Not a network failure, and only a new
 * release of the app fixes it.
 */
export class SendDefect extends SyncError {
  override readonly code: SyncErrorCode = 'SEND_DEFECT';
}

/** Errors that only a programming mistake throws. */
const programmingErrors: ReadonlySet<string> = new Set([
  'TypeError',
  'ReferenceError',
  'RangeError',
  'SyntaxError',
  'URIError',
  'EvalError',
]);

/**
 * `fetch` reports network failures as `TypeError`, in browsers without a code, so that only the text tells them apart.
 */
const fetchFailures =
  /^(fetch failed|failed to fetch|network ?error|load failed|network request failed|terminated|cancelled|the (internet|network) connection|a server with the specified hostname|error in (input|body) stream)/i;

/**
 * Interprets what `send` threw: a bug becomes {@link SendDefect}, anything else stays unchanged. `what` names the
 * request.
 */
export function readThrown(thrown: unknown, what: string): unknown {
  if (!(thrown instanceof Error) || !programmingErrors.has(thrown.name)) return thrown;
  if (thrown.name === 'TypeError' && (thrown.cause !== undefined || fetchFailures.test(thrown.message))) return thrown;
  return new SendDefect(`send threw ${thrown.name}: ${thrown.message}, in ${what}`, { cause: thrown });
}
