import type { KnownThere, TakenRequest, TakeOptions } from '../../model/ports.ts';
import { isPureDelta } from '../../rules/pending/deltas.ts';
import { readBases, type BaseRecord } from '../outbox/base-rows.ts';
import { decidedOnRow, readConflictsOf } from '../outbox/conflict-rows.ts';
import type { Group } from './request-group.ts';
import type { ReplicaTable } from '../tables/replica-table.ts';
import type { Session } from '../sql/session.ts';
import type { StoreContext } from '../database/store-context.ts';

/** For resent requests without a base that resolve a conflict: the server's row of the decision. */
export async function decidedRows(
  session: Session,
  kind: string,
  groups: readonly Group[],
): Promise<ReadonlyMap<string, KnownThere>> {
  const again = groups
    .filter(({ frozen, newest }) => frozen && (newest.frozenBase ?? '') === '')
    .map(({ entityId }) => entityId);
  const records = again.length === 0 ? [] : await readConflictsOf(session, kind, again);
  return new Map(
    records.flatMap(({ conflict }): [string, KnownThere][] => {
      const known = decidedOnRow(conflict);
      return known === undefined ? [] : [[conflict.entityId, known]];
    }),
  );
}

/** Filters resent creations to those whose live row a pull has returned meanwhile. */
export async function shownCreations(
  session: Session,
  table: ReplicaTable,
  requests: readonly TakenRequest[],
): Promise<ReadonlySet<string>> {
  const again = requests
    .filter(({ op, firstSentAt }) => op.creates && firstSentAt !== undefined)
    .map(({ entityId }) => entityId);
  const bases = await readBases(session, table.kind, again);
  return new Set(
    [...bases.values()].flatMap(({ entityId, serverRow }) =>
      serverRow !== undefined && !table.isDeleted(serverRow) ? [entityId] : [],
    ),
  );
}

export function withVerification(
  request: TakenRequest,
  base: BaseRecord | undefined,
  options: TakeOptions,
  context: StoreContext,
): TakenRequest {
  // Also applies when it is taken again: a frozen request is not yet sent, and a sent one carried the version found by
  // a fetch. Relative changes sent as such have no base, so the same request is resent under its key.
  const needsVersion = request.op.type !== 'upsert' || request.op.deltas === undefined || !isPureDelta(request.op);
  const wasNeverSent = base?.versionUnknown === true && base.lastSent === undefined;
  // A row from the server is known to exist there, or to have existed.
  if (wasNeverSent && needsVersion && request.op.baseUpdatedAt === undefined && request.op.force !== true)
    return { ...request, verify: 'unknownVersion', lastSent: base.baseRow, isUnseen: base.serverRow === undefined };
  if (base?.versionUnknown && !wasNeverSent && needsVersion)
    return { ...request, verify: 'unknownVersion', lastSent: base.lastSent };
  if (request.firstSentAt === undefined) return request;
  // It was frozen for a server that accepts deltas. Sent otherwise, it would be another request under the same key.
  const isOfOtherForm = request.op.type === 'upsert' && request.op.deltas !== undefined && options.deltas !== true;
  const age = context.unit.clock.now() - request.firstSentAt;
  return options.distrustResend || isOfOtherForm || age > context.config.idempotencyWindowMs
    ? { ...request, verify: 'staleRequest' }
    : request;
}
