import { SyncError } from '../../model/errors/errors.ts';

/**
 * The app's `send` has a bug, or gave no answer: its `cause` is what was thrown. No failure of the network; nothing
 * mends it but another release.
 */
export class SendDefect extends SyncError {}

/** What only a mistake in the program throws. */
const programmingErrors: ReadonlySet<string> = new Set([
  'TypeError',
  'ReferenceError',
  'RangeError',
  'SyntaxError',
  'URIError',
  'EvalError',
]);

/** `fetch` says "no network" by a `TypeError`, in browsers without any code: there the text is all there is. */
const fetchFailures =
  /^(fetch failed|failed to fetch|network ?error|load failed|network request failed|terminated|cancelled|the (internet|network) connection|a server with the specified hostname|error in (input|body) stream)/i;

/**
 * What `send` threw, as the transport shall know it: a bug as {@link SendDefect}, anything else as it is. `what` names
 * the request.
 */
export function readThrown(thrown: unknown, what: string): unknown {
  if (!(thrown instanceof Error) || !programmingErrors.has(thrown.name)) return thrown;
  if (thrown.name === 'TypeError' && (thrown.cause !== undefined || fetchFailures.test(thrown.message))) return thrown;
  return new SendDefect(`send threw ${thrown.name}: ${thrown.message}, in ${what}`, { cause: thrown });
}
