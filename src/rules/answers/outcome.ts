import {
  AuthError,
  NetworkError,
  ParseError,
  SyncError,
  TransportError,
  ValidationError,
} from '../../model/errors/errors.ts';
import type { JsonObject } from '../../model/values/json.ts';
import { unwritableIn } from '../../model/values/nesting.ts';
import type { Op } from '../../model/operation.ts';
import type { Outcome } from '../../model/outcome.ts';
import type { PushConflict, PushResult, PushUnavailable, RefusalWords } from '../../model/transport.ts';
import { timestampText } from '../values/timestamp.ts';

/** Turns a transport answer into exactly one outcome. Never throws; an unknown answer is malformed. */
export function toOutcome(op: Op, result: PushResult): Outcome {
  switch (result.type) {
    case 'pushSuccess':
      // Applied even if the returned row is unusable. The next pull brings the row.
      return { type: 'applied', row: readable(result.serverData), version: result.serverVersion };
    case 'pushConflict':
      return conflictOutcome(op, result);
    case 'pushNotFound':
      // A delete has its result. An edit finds that somebody else deleted the row (F-22).
      return op.type === 'delete'
        ? { type: 'applied' }
        : { type: 'conflict', current: undefined, deleted: true, serverTimestamp: '', ...wordsOf(result) };
    case 'pushRejected':
      return rejected(result);
    case 'pushForbidden':
      return {
        type: 'forbidden',
        error: new TransportError(withReasons(result), 403, undefined, {
          serverCode: result.code,
          fields: result.fields,
        }),
      };
    case 'pushUnauthorized':
      return { type: 'authRequired', error: new AuthError(result.message) };
    case 'pushThrottled': {
      const { retryAfterMs, statusCode = 429 } = result;
      const error = new TransportError(result.message, statusCode, undefined, { retryAfterMs });
      return { type: statusCode >= 500 ? 'unavailable' : 'throttled', error, retryAfterMs };
    }
    case 'pushUnavailable':
      return unavailableOutcome(result);
    case 'pushAmbiguous':
      return { type: 'retryLater', error: new NetworkError(result.message, { timedOut: result.timedOut ?? false }) };
    case 'pushMalformed':
      return {
        type: 'malformed',
        error:
          result.cause === undefined
            ? new ParseError(result.message, { isHtml: result.isHtml })
            : new SyncError(result.message, { cause: result.cause }),
      };
    default:
      return { type: 'malformed', error: unknownAnswer(op, result) };
  }
}

function conflictOutcome(op: Op, result: PushConflict): Outcome {
  const deleted = result.serverDeleted ?? false;
  if (op.type === 'delete' && deleted)
    return { type: 'applied', row: result.serverData, version: result.serverVersion };
  const current = readable(result.serverData);
  return {
    type: 'conflict',
    current,
    // A row that cannot be read must be fetched.
    deleted: deleted && (current !== undefined || result.serverData === undefined),
    serverTimestamp: result.serverTimestamp ?? updatedAtOf(result.serverData) ?? '',
    version: result.serverVersion,
    ...wordsOf(result),
  };
}

/** Returns the row, unless walking it would exceed the nesting limit (I13). */
const readable = (row: JsonObject | undefined): JsonObject | undefined =>
  row !== undefined && unwritableIn(row) !== undefined ? undefined : row;

/** Empty if the server gave no reason. */
function wordsOf({ statusCode, code, message, fields }: RefusalWords): { readonly words?: RefusalWords } {
  if (statusCode === undefined && code === undefined && message === undefined && fields === undefined) return {};
  return { words: { statusCode, code, message, fields } };
}

const updatedAtOf = (row: JsonObject | undefined): string | undefined =>
  timestampText(row?.updatedAt ?? row?.updated_at);

/** The message with the reasons of single fields. It is stored, and is all that remains after a restart. */
function withReasons({
  message,
  fields,
}: {
  readonly message: string;
  readonly fields?: Readonly<Record<string, string>> | undefined;
}): string {
  return `${message}${reasonsOf(fields)}`;
}

/** The message alone, for a screen that shows the reasons at their fields. */
export const withoutReasons = (text: string, fields: Readonly<Record<string, string>> | undefined): string => {
  const reasons = reasonsOf(fields);
  return reasons !== '' && text.endsWith(reasons) ? text.slice(0, -reasons.length) : text;
};

function reasonsOf(fields: Readonly<Record<string, string>> = {}): string {
  const reasons = Object.entries(fields).map(([field, reason]) => `${field}: ${reason}`);
  return reasons.length === 0 ? '' : ` (${reasons.join('; ')})`;
}

/** Statuses that usually do not mean the refusal of one operation. */
const soundsOtherwise: ReadonlySet<number> = new Set([404, 409, 410, 412]);

/** A definite refusal with the server's own explanation. */
export const rejected = (words: RefusalWords & { readonly message: string }): Outcome => ({
  type: 'rejected',
  error: rejection(words),
  code: words.code ?? (words.statusCode === undefined ? 'rejected' : `http_${words.statusCode}`),
});

function rejection({ statusCode, code, message, fields }: RefusalWords & { readonly message: string }): SyncError {
  const text = withReasons({ message, fields });
  return statusCode === undefined
    ? new ValidationError(text)
    : new TransportError(text, statusCode, undefined, {
        serverCode: code,
        fields,
        isRefusal: soundsOtherwise.has(statusCode),
      });
}

function unavailableOutcome({ dispatched, statusCode, message, noConnection }: PushUnavailable): Outcome {
  const error = statusCode === undefined ? new NetworkError(message) : new TransportError(message, statusCode);
  // A request that was provably never sent is closed and folds with later edits. The batch verdict decides whether the
  // run must wait.
  if (!dispatched) return { type: 'notSent', error };
  return { type: noConnection === true ? 'unavailable' : 'retryLater', error };
}

/** An adapter in plain JavaScript can return anything. */
const unknownAnswer = (op: Op, result: never): SyncError =>
  new ParseError(`The transport answered ${op.kind}/${op.id} with an unknown result: expected a PushResult`, {
    cause: result,
  });
