import { AuthError, NetworkError, ParseError, SyncError, TransportError } from '../../model/errors/errors.ts';
import type { JsonObject } from '../../model/values/json.ts';
import { unwritableIn } from '../../model/values/nesting.ts';
import type { Op } from '../../model/operation.ts';
import type { Outcome } from '../../model/outcome.ts';
import type { TakenRequest } from '../../model/ports.ts';
import {
  fetchError,
  pushMalformed,
  pushThrottled,
  pushUnauthorized,
  pushUnavailable,
  type FetchResult,
  type PushResult,
} from '../../model/transport.ts';
import { toOutcome } from '../../rules/answers/outcome.ts';
import { asRefusal } from '../../rules/answers/refused-conflict.ts';
import { isOwnEcho } from '../../rules/answers/own-echo.ts';
import type { EnginePorts } from '../ports/engine-ports.ts';
import { unlessAborted } from '../ports/unless-aborted.ts';

type Ports = Pick<EnginePorts, 'transport' | 'kinds'>;
/** The request sent, and what the client knew of the server's row. */
export type Sent = Pick<TakenRequest, 'op' | 'deltas' | 'isUnseen' | 'wasShown' | 'decidedOn'> &
  Partial<Pick<TakenRequest, 'firstSentAt'>>;
type ConflictOutcome = Extract<Outcome, { type: 'conflict' }>;

/**
 * Interprets an answer that is conclusive by itself; undefined if the server's row must be fetched. A conflict with our
 * own write is no conflict. Neither is one with a row that is unchanged since the request was made (F-151). Applies to
 * answers of any adapter.
 */
export function readAtOnce(request: Sent, result: PushResult, ports: Ports): Outcome | undefined {
  const { op } = request;
  const outcome = toOutcome(op, result);
  if (outcome.type !== 'conflict') return outcome;
  if (outcome.current !== undefined && isRowOf(op, outcome.current, ports))
    return judged(request, conflictWith(request, outcome.current, outcome, ports));
  if (!outcome.deleted) return undefined;
  const gone = asRefusal(request, { ...outcome, current: undefined });
  if (result.type !== 'pushNotFound') return gone;
  // A 404 for an edit may concern a referenced row or the route. Only a fetch proves that the row itself is gone. An
  // earlier request of a creation may have arrived, and its row may have been deleted since.
  return gone.type === 'conflict' || request.firstSentAt !== undefined ? undefined : gone;
}

/**
 * Like {@link readAtOnce}, but fetches the row for a conflict without the entity's own row (F-33, F-34). Never rejects.
 */
export async function readAnswer(
  request: Sent,
  result: PushResult,
  ports: Ports,
  signal: AbortSignal,
): Promise<Outcome> {
  const { op } = request;
  const outcome = readAtOnce(request, result, ports);
  if (outcome !== undefined) return outcome;
  const said = toOutcome(op, result);
  const words = said.type === 'conflict' ? said.words : undefined;
  const fetched = await fetchRow(op, ports, signal);
  switch (fetched.type) {
    case 'fetchSuccess':
      return judged(
        request,
        conflictWith(
          request,
          fetched.data,
          { deleted: false, serverTimestamp: '', version: fetched.version, words },
          ports,
        ),
      );
    case 'fetchNotFound':
      return op.type === 'delete'
        ? { type: 'applied' }
        : asRefusal(request, { type: 'conflict', current: undefined, deleted: true, serverTimestamp: '', words });
    case 'fetchError':
      return { type: 'malformed', error: unreadable(op, fetched.error) };
  }
}

const judged = (request: Sent, outcome: Outcome): Outcome =>
  outcome.type === 'conflict' ? asRefusal(request, outcome) : outcome;

/** The conflict that a verified row implies. The row's own information takes precedence over that of the answer. */
export function conflictWith(
  request: Sent,
  row: JsonObject,
  said: Pick<ConflictOutcome, 'deleted' | 'serverTimestamp' | 'version' | 'words'>,
  ports: Ports,
): Outcome {
  const { op } = request;
  const { version, words } = said;
  const kind = ports.kinds.get(op.kind);
  const deleted = said.deleted || (kind?.isDeleted(row) ?? false);
  if (op.type === 'delete' && deleted) return { type: 'applied', row, version };
  if (isEcho(request, row, ports)) return { type: 'applied', row, version };
  return {
    type: 'conflict',
    current: row,
    deleted,
    serverTimestamp: kind?.readUpdatedAt(row) ?? said.serverTimestamp,
    version,
    words,
  };
}

/**
 * Whether this very operation produced the row. For deltas the answer is no, because another client may have made the
 * same change (F-134).
 */
export function isEcho({ op, deltas }: Sent, row: JsonObject, { kinds }: Pick<EnginePorts, 'kinds'>): boolean {
  const kind = kinds.get(op.kind);
  return deltas === undefined && kind !== undefined && isOwnEcho(op, row, kind.keys);
}

/** Fetches the row of an operation's entity. A row of another entity is an error. Never rejects. */
export async function fetchRow(op: Op, ports: Ports, signal: AbortSignal): Promise<FetchResult> {
  try {
    const fetched = await unlessAborted(ports.transport.fetch({ kind: op.kind, id: op.id, signal }), signal);
    if (fetched === undefined) return fetchError(new NetworkError(`GET ${op.kind}/${op.id} was aborted`));
    if (fetched.type !== 'fetchSuccess') return fetched;
    const unwritable = unwritableIn(fetched.data);
    if (unwritable !== undefined)
      return fetchError(
        new ParseError(
          `GET ${op.kind}/${op.id} answered with a row whose field '${unwritable.field}' ${unwritable.reason}`,
        ),
      );
    if (isRowOf(op, fetched.data, ports)) return fetched;
    return fetchError(
      new ParseError(
        `GET ${op.kind}/${op.id} answered with another row, '${ports.kinds.get(op.kind)?.readId(fetched.data) ?? 'without id'}'`,
      ),
    );
  } catch (error) {
    return fetchError(error);
  }
}

/** Converts a failed fetch before sending into the results by which batches are judged. */
export function fetchFailure(op: Op, error: unknown): { readonly outcome: Outcome; readonly result: PushResult } {
  const cause = unreadable(op, error);
  // The request itself may have been applied long ago, so it stays open whatever the fetch returned.
  return { outcome: { type: 'retryLater', error: cause }, result: asPushResult(error, cause.message) };
}

function asPushResult(error: unknown, message: string): PushResult {
  if (error instanceof AuthError) return pushUnauthorized(message);
  if (error instanceof NetworkError) return pushUnavailable({ dispatched: true, message });
  if (error instanceof ParseError && error.isHtml) return { ...pushMalformed(message), isHtml: true };
  if (!(error instanceof TransportError)) return pushMalformed(message);
  const { statusCode, retryAfterMs } = error;
  if (statusCode === 401) return pushUnauthorized(message);
  if (statusCode === 429) return pushThrottled({ message, retryAfterMs });
  return statusCode >= 500 || statusCode === 408 || statusCode === 425
    ? pushUnavailable({ dispatched: true, statusCode, message })
    : pushMalformed(message);
}

const unreadable = (op: Op, error: unknown): SyncError =>
  error instanceof SyncError
    ? error
    : new ParseError(`GET ${op.kind}/${op.id} failed: ${error instanceof Error ? error.message : String(error)}`, {
        cause: error,
      });

/** Whether a row belongs to the operation's entity (F-34). */
export const isRowOf = (op: Op, row: JsonObject, { kinds }: Pick<EnginePorts, 'kinds'>): boolean =>
  kinds.get(op.kind)?.readId(row) === op.id;
