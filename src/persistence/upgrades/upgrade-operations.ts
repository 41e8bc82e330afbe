import { ParseError, syncErrorInfo } from '../../model/errors/errors.ts';
import type { SyncFact } from '../../model/events.ts';
import type { UpsertOp } from '../../model/operation.ts';
import { checkOp, payloadToSend } from '../outbox/enqueue.ts';
import { OutboxState } from '../database/outbox-columns.ts';
import {
  frozenGroup,
  outboxSelection,
  readQueues,
  toOp,
  toStoredOp,
  type RawOutboxRow,
  type StoredOp,
} from '../outbox/outbox-rows.ts';
import { upgradeFailedCode } from '../outbox/error-codes.ts';
import { leaveToNewer } from '../outbox/transitions/wait-for.ts';
import { markUpgraded, rewriteUpgraded } from '../outbox/transitions/upgrade.ts';
import { parkUnreadable } from '../outbox/transitions/park-unreadable.ts';
import type { ReplicaTable } from '../tables/replica-table.ts';
import { chunked, type Session } from '../sql/session.ts';
import { readStaleBases, upgradeBases } from './upgrade-rows.ts';
import { boundedError } from '../sql/stored-reason.ts';

const isStale = (op: StoredOp, table: ReplicaTable): boolean => op.schemaVersion < table.schema.version;

/**
 * Converts an upsert to the table's current format. Throws the error of the hook, or why its result could never be
 * sent.
 */
export function upgradedOp(op: UpsertOp, table: ReplicaTable, fromVersion: number): UpsertOp {
  const upgraded = table.schema.upgradeOperation(op, fromVersion);
  const payload = payloadToSend(upgraded.payload, table);
  checkOp({ ...upgraded, payload }, table);
  return { ...upgraded, payload };
}

interface Failure {
  readonly op: StoredOp;
  readonly message: string;
}

/**
 * Upgrades queued operations to the current format in place. `frozen_body` keeps what an open request sent under its
 * key (I2); only the operations' meaning from now on is rewritten. An operation that the hook cannot convert stays
 * unchanged and blocks only its own entity (I13).
 */
export async function upgradeOperations(
  session: Session,
  table: ReplicaTable,
  ops: readonly StoredOp[],
): Promise<readonly SyncFact[]> {
  const failures: Failure[] = [];
  const upgraded: Upgraded[] = [];
  for (const op of ops) {
    if (!isStale(op, table)) continue;
    try {
      if (op.damaged !== undefined) throw new ParseError(op.damaged);
      const stored = toOp(op);
      upgraded.push({ op, parts: stored.type === 'upsert' ? upgradedOp(stored, table, op.schemaVersion) : undefined });
    } catch (error) {
      failures.push({ op, message: error instanceof Error ? error.message : String(error) });
    }
  }
  if (upgraded.length > 0) await rewrite(session, table, upgraded);
  return failures.length === 0 ? [] : parkFailed(session, table, failures);
}

interface Upgraded {
  readonly op: StoredOp;
  /** Undefined: a delete has no format. */
  readonly parts: UpsertOp | undefined;
}

async function rewrite(session: Session, table: ReplicaTable, all: readonly Upgraded[]): Promise<void> {
  const { kind } = table;
  const { version } = table.schema;
  for (const part of chunked(all, 200)) {
    const rewritten = part.flatMap(({ op, parts }) =>
      parts === undefined
        ? []
        : [
            {
              seq: op.seq,
              payload: JSON.stringify(parts.payload),
              changedFields: textOf(parts.changedFields),
              deltas: parts.deltas?.length === 0 ? null : textOf(parts.deltas),
            },
          ],
    );
    await rewriteUpgraded(session, rewritten);
    await markUpgraded(session, {
      kind,
      entityIds: [...new Set(part.map(({ op }) => op.entityId))],
      seqs: part.map(({ op }) => op.seq),
      version,
    });
  }
}

const textOf = (value: unknown): string | null => (value === undefined ? null : JSON.stringify(value));

/**
 * Parks the heads of their entities for a person, or for a release that can upgrade them; reported once. Requests in
 * flight continue first.
 */
async function parkFailed(
  session: Session,
  table: ReplicaTable,
  failures: readonly Failure[],
): Promise<readonly SyncFact[]> {
  const queues = await readQueues(
    session,
    table.kind,
    failures.map(({ op }) => op.entityId),
  );
  const facts: SyncFact[] = [];
  const parked = new Set<string>();
  for (const { op, message } of failures) {
    const queue = queues.get(op.entityId) ?? [];
    const head = queue[0];
    if (head === undefined || parked.has(op.entityId) || frozenGroup(queue).length > 0) continue;
    if (head.errorCode === upgradeFailedCode && head.state === OutboxState.parked) continue;
    parked.add(op.entityId);
    const error = new ParseError(
      `operation ${op.opId} on ${op.kind}/${op.entityId} was created with version ${op.schemaVersion} of the table and cannot be upgraded to ${table.schema.version}: ${message}; update the app to a release that can upgrade it, or drop it`,
    );
    await parkUnreadable(session, head.seq, upgradeFailedCode, boundedError(error.message));
    facts.push({
      type: 'op.stuck',
      opId: head.opId,
      kind: head.kind,
      entityId: head.entityId,
      tryCount: head.tryCount,
      error,
      errorInfo: syncErrorInfo(error),
    });
  }
  return facts;
}

/**
 * Returns queues in the current format, because an older release may queue operations while a newer one runs. Failed
 * upgrades stay unchanged and are reported in `facts`. Free of cost if everything is current.
 */
export async function upgradedQueues(
  session: Session,
  table: ReplicaTable,
  queues: Map<string, StoredOp[]>,
  facts: SyncFact[] = [],
): Promise<Map<string, StoredOp[]>> {
  const stale: StoredOp[] = [];
  for (const queue of queues.values()) for (const op of queue) if (isStale(op, table)) stale.push(op);
  if (stale.length === 0) return queues;
  facts.push(...(await upgradeOperations(session, table, stale)));
  await upgradeBases(
    session,
    table,
    await readStaleBases(session, table, { ids: stale.map(({ entityId }) => entityId) }),
  );
  return readQueues(session, table.kind, [...queues.keys()]);
}

/**
 * Entities that may not be sent, because an operation of their queue has another format. Failed upgrades are parked
 * already. Operations of a newer release wait for the next run, which leaves the whole table to that release. An open
 * request continues as frozen.
 */
export async function withoutOtherShapes(
  session: Session,
  table: ReplicaTable,
  queues: ReadonlyMap<string, readonly StoredOp[]>,
): Promise<ReadonlySet<string>> {
  const { version } = table.schema;
  const unfit = [...queues.values()].filter(
    (queue) => frozenGroup(queue).length === 0 && queue.some((op) => op.schemaVersion !== version),
  );
  const newer = unfit
    .filter((queue) => queue.some((op) => op.schemaVersion > version))
    .flatMap((queue) => queue.slice(0, 1));
  await leaveToNewer(
    session,
    newer.map(({ seq }) => seq),
    `a newer version of the app created it; this one knows version ${version} of the table`,
  );
  return new Set(unfit.flatMap((queue) => queue.slice(0, 1)).map(({ entityId }) => entityId));
}

/** Operations of one version of a table after a position, in outbox order. */
export async function operationsOfVersion(
  session: Session,
  kind: string,
  version: number,
  { after, limit }: { readonly after: number; readonly limit: number },
): Promise<readonly StoredOp[]> {
  const rows = await session.query<RawOutboxRow>(
    `SELECT ${outboxSelection} FROM "sync_outbox" WHERE "schema_version" = ? AND "kind" = ? AND "seq" > ? ORDER BY "seq" LIMIT ?`,
    [version, kind, after, limit],
  );
  return rows.map(toStoredOp);
}
