import { AuthError, NetworkError, ParseError, type SyncError, TransportError } from '../model/errors/errors.ts';
import type { Op } from '../model/operation.ts';
import {
  pushAmbiguous,
  pushForbidden,
  pushMalformed,
  pushRejected,
  pushThrottled,
  pushUnauthorized,
  pushUnavailable,
  type PushResult,
} from '../model/transport.ts';

/** One fault at the boundary between engine and network. */
export type TransportFault =
  | { readonly type: 'none' }
  /** Provably nothing is sent. */
  | { readonly type: 'dropBefore' }
  /** Sent and lost on the way. The server never receives it, and the client cannot know. */
  | { readonly type: 'lostRequest' }
  /** The server executes it, and the reply is lost. */
  | { readonly type: 'dropAfter' }
  /** A status replaces the answer. With `afterCommit`, the server executes the request first. */
  | { readonly type: 'status'; readonly status: number; readonly retryAfterMs?: number; readonly afterCommit?: boolean }
  /** The answer is delayed by the injected clock. */
  | { readonly type: 'delay'; readonly delayMs: number }
  /** No answer until the caller aborts. With `afterCommit`, the server executes the request. */
  | { readonly type: 'hang'; readonly afterCommit?: boolean }
  /** An answer that does not come from the API. */
  | { readonly type: 'malformed' }
  /** The server executes it, but its results lack this operation. */
  | { readonly type: 'omitResult' }
  /** The answer also contains a result for an unknown operation. */
  | { readonly type: 'unknownResult' }
  /** The same operation is answered twice; the second answer is invalid. */
  | { readonly type: 'duplicateResult' };

/** A call that a fault may affect: one page, one operation of a push, one fetch, one health check. */
export interface FaultyCall {
  readonly type: 'pull' | 'push' | 'forcePush' | 'fetch' | 'health';
  /** Counted from 0 across all calls. */
  readonly index: number;
  readonly kind?: string | undefined;
  readonly op?: Op | undefined;
}

/** Decides the fault of a call; undefined: none. */
export type FaultScript = readonly TransportFault[] | ((call: FaultyCall) => TransportFault | undefined);

/** The default faults to draw from. A correct engine survives all of them without losing or duplicating a write. */
export const defaultFaults: readonly TransportFault[] = [
  { type: 'dropBefore' },
  { type: 'lostRequest' },
  { type: 'dropAfter' },
  { type: 'status', status: 500 },
  { type: 'status', status: 500, afterCommit: true },
  { type: 'status', status: 503, retryAfterMs: 1000 },
  { type: 'status', status: 429, retryAfterMs: 1000 },
  { type: 'malformed' },
  { type: 'omitResult' },
  { type: 'unknownResult' },
  { type: 'duplicateResult' },
];

/** Whether the server receives the call. */
export const reachesServer = (fault: TransportFault): boolean => {
  switch (fault.type) {
    case 'dropBefore':
    case 'lostRequest':
    case 'malformed':
      return false;
    case 'status':
    case 'hang':
      return fault.afterCommit === true;
    default:
      return true;
  }
};

/** The client's view of one operation's answer; the answer itself if the fault does not affect it. */
export function distortPush(fault: TransportFault, answer: PushResult): PushResult {
  switch (fault.type) {
    case 'dropBefore':
      return pushUnavailable({ dispatched: false, message: 'injected: nothing was sent' });
    case 'lostRequest':
    case 'dropAfter':
    case 'hang':
      return pushAmbiguous({ message: 'injected: no answer came', timedOut: fault.type === 'hang' });
    case 'malformed':
      return pushMalformed('injected: this is no answer of the API');
    case 'status':
      return pushResultOf(fault.status, fault.retryAfterMs);
    default:
      return answer;
  }
}

/** The error of a pull or fetch; undefined if the fault does not affect it. */
export function pullErrorOf(fault: TransportFault): SyncError | undefined {
  switch (fault.type) {
    case 'dropBefore':
    case 'lostRequest':
    case 'dropAfter':
      return new NetworkError('injected: no answer came');
    case 'hang':
      return new NetworkError('injected: no answer came in time', { timedOut: true });
    case 'malformed':
      return new ParseError('injected: this is no answer of the API');
    case 'status':
      return fault.status === 401
        ? new AuthError('injected: 401')
        : TransportError.httpError(fault.status, undefined, fault.retryAfterMs);
    default:
      return undefined;
  }
}

function pushResultOf(status: number, retryAfterMs: number | undefined): PushResult {
  const message = `injected: ${status}`;
  if (status === 401) return pushUnauthorized(message);
  if (status === 403) return pushForbidden(message);
  if (status === 429 || (status === 503 && retryAfterMs !== undefined))
    return pushThrottled({ statusCode: status, message, retryAfterMs });
  if (status >= 500 || status === 408 || status === 425)
    return pushUnavailable({ dispatched: true, statusCode: status, message });
  return pushRejected({ statusCode: status, message });
}
