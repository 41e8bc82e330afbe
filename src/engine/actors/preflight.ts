import { type SyncError, SyncOperationError } from '../../model/errors/errors.ts';
import type { JsonObject } from '../../model/values/json.ts';
import type { Op } from '../../model/operation.ts';
import type { Outcome } from '../../model/outcome.ts';
import type { TakenRequest } from '../../model/ports.ts';
import type { PushResult } from '../../model/transport.ts';
import { isOwnEcho } from '../../rules/answers/own-echo.ts';
import { isPureDelta } from '../../rules/pending/deltas.ts';
import type { EnginePorts } from '../ports/engine-ports.ts';
import { conflictWith, fetchFailure, fetchRow, isEcho } from './read-answer.ts';

/**
 * `send`: send this operation. `found`: its base is the version of this row, which must be stored first. `answered`:
 * nothing to send; `result` is present if the fetch failed.
 */
export type Preflight =
  | {
      readonly type: 'send';
      readonly op: Op;
      readonly found?: { readonly row: JsonObject; readonly version: string } | undefined;
    }
  | { readonly type: 'answered'; readonly outcome: Outcome; readonly result?: PushResult | undefined };

type Ports = Pick<EnginePorts, 'transport' | 'kinds'>;

/**
 * Reads the server's row before a request that cannot be sent blindly (F-134): its key may be forgotten, or the
 * entity's version is unknown. The result never depends on luck; an unprovable case is left to a person.
 */
export async function preflight(request: TakenRequest, ports: Ports, signal: AbortSignal): Promise<Preflight> {
  const { op, verify } = request;
  if (verify === 'no') return { type: 'send', op };
  // The server applies deltas to any value, so no version is needed.
  if (verify === 'unknownVersion' && request.firstSentAt === undefined && op.type === 'upsert' && isPureDelta(op))
    return { type: 'send', op };
  const fetched = await fetchRow(op, ports, signal);
  if (fetched.type === 'fetchError') return { type: 'answered', ...fetchFailure(op, fetched.error) };
  if (fetched.type === 'fetchNotFound') return withoutRow(request);
  // Only the reply was lost: the row is on the server as sent.
  if (request.firstSentAt !== undefined && isEcho(request, fetched.data, ports))
    return { type: 'answered', outcome: { type: 'applied', row: fetched.data, version: fetched.version } };
  return verify === 'unknownVersion'
    ? afterUnknownVersion(request, fetched.data, fetched.version, ports)
    : afterStaleRequest(request, fetched.data, fetched.version, ports);
}

function withoutRow({ op, verify, isUnseen, wasShown }: TakenRequest): Preflight {
  if (op.type === 'delete') return { type: 'answered', outcome: { type: 'applied' } };
  // The server has nothing that a second arrival could duplicate.
  if ((op.creates && wasShown !== true) || isUnseen === true) return { type: 'send', op };
  if (verify === 'staleRequest' && op.force === true) return { type: 'answered', outcome: unproven(op) };
  return { type: 'answered', outcome: { type: 'conflict', current: undefined, deleted: true, serverTimestamp: '' } };
}

/** Nobody changed the row since our last write. The user saw this row, so its version is the base. */
function afterUnknownVersion(
  request: TakenRequest,
  row: JsonObject,
  version: string | undefined,
  ports: Ports,
): Preflight {
  const { op, lastSent } = request;
  const kind = ports.kinds.get(op.kind);
  const unchanged =
    kind !== undefined && lastSent !== undefined && isOwnEcho({ ...asUpsert(op), payload: lastSent }, row, kind.keys);
  if (!unchanged)
    return {
      type: 'answered',
      outcome: conflictWith(request, row, { deleted: false, serverTimestamp: '', version }, ports),
    };
  const baseUpdatedAt = kind.readUpdatedAt(row);
  return {
    type: 'send',
    op: {
      ...op,
      ...(baseUpdatedAt === undefined ? {} : { baseUpdatedAt }),
      ...(version === undefined ? {} : { baseVersion: version }),
    },
    ...(baseUpdatedAt === undefined ? {} : { found: { row, version: baseUpdatedAt } }),
  };
}

function afterStaleRequest(
  request: TakenRequest,
  row: JsonObject,
  version: string | undefined,
  ports: Ports,
): Preflight {
  const { op, deltas } = request;
  if (op.force === true) return { type: 'answered', outcome: unproven(op) };
  // Every write changes the version, so a row with our base has not received this request.
  const isUntouched =
    op.baseUpdatedAt !== undefined && ports.kinds.get(op.kind)?.readUpdatedAt(row) === op.baseUpdatedAt;
  if (isUntouched) return { type: 'send', op };
  // A changed row does not show whether the delta was applied, and a resend might count it twice.
  if (deltas !== undefined) return { type: 'answered', outcome: unproven(op) };
  return {
    type: 'answered',
    outcome: conflictWith(request, row, { deleted: false, serverTimestamp: '', version }, ports),
  };
}

const asUpsert = ({ opId, kind, id, localTimestamp, creates }: Op) => ({
  type: 'upsert' as const,
  opId,
  kind,
  id,
  localTimestamp,
  creates,
});

const unproven = (op: Op): Outcome => {
  const error: SyncError = new SyncOperationError(
    `${op.kind}/${op.id}: a ${op.force === true ? 'forced request' : 'relative change'} was sent long ago without an answer, and the server's row does not show whether it was applied; retry or drop it`,
    'push',
    op.opId,
  );
  return { type: 'ambiguous', error };
};
