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
 * `send`: this is what goes out; `found`: with this row's version as its base, which must be stored first. `answered`:
 * nothing needs to; `result` is there when the fetch failed.
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
 * Looks at the server's row before a request is sent that cannot be sent blindly (F-134): one whose key the server may
 * have forgotten, and one whose entity's version is unknown. The answer never depends on luck: what cannot be proven is
 * left to a person.
 */
export async function preflight(request: TakenRequest, ports: Ports, signal: AbortSignal): Promise<Preflight> {
  const { op, verify } = request;
  if (verify === 'no') return { type: 'send', op };
  // The server applies it to whatever it has: no version is needed.
  if (verify === 'unknownVersion' && request.firstSentAt === undefined && op.type === 'upsert' && isPureDelta(op))
    return { type: 'send', op };
  const fetched = await fetchRow(op, ports, signal);
  if (fetched.type === 'fetchError') return { type: 'answered', ...fetchFailure(op, fetched.error) };
  if (fetched.type === 'fetchNotFound') return withoutRow(request);
  // A lost reply after all: the row is there as we sent it.
  if (request.firstSentAt !== undefined && isEcho(request, fetched.data, ports))
    return { type: 'answered', outcome: { type: 'applied', row: fetched.data, version: fetched.version } };
  return verify === 'unknownVersion'
    ? afterUnknownVersion(request, fetched.data, fetched.version, ports)
    : afterStaleRequest(request, fetched.data, fetched.version, ports);
}

function withoutRow({ op, verify, isUnseen, wasShown }: TakenRequest): Preflight {
  if (op.type === 'delete') return { type: 'answered', outcome: { type: 'applied' } };
  // Nothing there that a second arrival could double.
  if ((op.creates && wasShown !== true) || isUnseen === true) return { type: 'send', op };
  if (verify === 'staleRequest' && op.force === true) return { type: 'answered', outcome: unproven(op) };
  return { type: 'answered', outcome: { type: 'conflict', current: undefined, deleted: true, serverTimestamp: '' } };
}

/** Nobody has touched the row since our own last write: that row is what the user saw, so its version is the base. */
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
  // The version moves with every write, so a row that still has our base has not seen this request.
  const isUntouched =
    op.baseUpdatedAt !== undefined && ports.kinds.get(op.kind)?.readUpdatedAt(row) === op.baseUpdatedAt;
  if (isUntouched) return { type: 'send', op };
  // Applied or not, a row that moved on cannot tell; doing it again might count it twice.
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
    `${op.kind}/${op.id}: a ${op.force === true ? 'forced request' : 'relative change'} was sent long ago without an answer, and the server's row does not tell whether it was applied; retry or drop it`,
    'push',
    op.opId,
  );
  return { type: 'ambiguous', error };
};
