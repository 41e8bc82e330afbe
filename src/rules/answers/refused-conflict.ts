import type { Op } from '../../model/operation.ts';
import type { Outcome } from '../../model/outcome.ts';
import type { KnownThere, TakenRequest } from '../../model/ports.ts';
import { rejected } from './outcome.ts';

type ConflictOutcome = Extract<Outcome, { type: 'conflict' }>;

/**
 * What the client knew of the server's row when it made a request; undefined if nothing. A base takes precedence,
 * because the request depended on it. A request without a base that resolves a conflict depends on the row of the
 * decision.
 */
export function knownThere({
  op,
  isUnseen,
  wasShown,
  decidedOn,
}: Pick<TakenRequest, 'op' | 'isUnseen' | 'wasShown' | 'decidedOn'>): KnownThere | undefined {
  const { baseUpdatedAt: version, baseVersion: requestVersion } = op;
  if (version !== undefined && version !== '') return { isAbsent: false, version, requestVersion };
  return decidedOn ?? ((op.creates && wasShown !== true) || isUnseen === true ? { isAbsent: true } : undefined);
}

/**
 * Tells a refusal from a conflict by what the client knows (F-151). A conflict requires a server row that differs from
 * the base of the request. If the row is still absent, or still has the same version, the server refused for another
 * reason: a UNIQUE value, a foreign key, a locked record, a PUT that does not create. The refusal keeps the server's
 * explanation.
 */
export function asRefusal(
  request: Pick<TakenRequest, 'op' | 'isUnseen' | 'wasShown' | 'decidedOn'>,
  outcome: ConflictOutcome,
): Outcome {
  const { op } = request;
  const known = knownThere(request);
  if (known === undefined || !isAsKnown(outcome, known)) return outcome;
  const { statusCode, code, message, fields } = outcome.words ?? {};
  return rejected({ statusCode, code, fields, message: message ?? refusalText(op, known, statusCode, code) });
}

function isAsKnown({ current, deleted, serverTimestamp, version }: ConflictOutcome, known: KnownThere): boolean {
  if (current === undefined) return deleted && known.isAbsent;
  if (
    deleted !== (known.isDeleted ?? false) ||
    known.isAbsent ||
    known.version === undefined ||
    serverTimestamp !== known.version
  )
    return false;
  // Two writes within one tick of the server's clock share a timestamp and differ in their ETag.
  return known.requestVersion === undefined || version === undefined || version === known.requestVersion;
}

function refusalText(
  { type, kind, id }: Op,
  { isAbsent, isDeleted, version }: KnownThere,
  statusCode: number | undefined,
  code: string | undefined,
): string {
  const answer = `${statusCode === undefined ? 'as a conflict' : `with ${statusCode}`}${code === undefined ? '' : ` (${code})`}`;
  const fact = isAbsent
    ? 'the server has no such row to conflict with'
    : `the server's ${isDeleted === true ? 'deleted row' : 'row'} is still the version it was made on, ${version}`;
  return `The server refused the ${type} of ${kind}/${id} ${answer} without a reason; ${fact}`;
}
