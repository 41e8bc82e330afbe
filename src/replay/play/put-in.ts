import type { SimulationOracle } from '../../simulation/simulation-oracle.ts';
import type { VirtualTime } from '../../simulation/virtual-time.ts';
import type { KnownOperation } from '../plan/known-operations.ts';
import type { ReplayPlan } from '../plan/replay-plan.ts';
import type { ReplayReplica } from './replay-replica.ts';
import type { ReplayServer } from './replay-server.ts';

export interface PutInParts {
  readonly replica: ReplayReplica;
  readonly server: ReplayServer;
  readonly time: VirtualTime;
  readonly oracle: SimulationOracle;
}

/**
 * Restores the state at the start of the recording: rows on both sides, cursors, the outbox, open conflicts. Then
 * starts the engine.
 */
export async function putIn(plan: ReplayPlan, { replica, server, time, oracle }: PutInParts): Promise<void> {
  for (const row of plan.rows) await replica.seed(row.kind, row.id, row.fields, server.seed(row));
  for (const { kind, ts, lastId, lastPullAt, lastResyncAt } of plan.cursors) {
    if (ts === null && lastPullAt === null && lastResyncAt === null) continue;
    await replica.run(
      'INSERT INTO "sync_cursors" ("kind", "ts", "last_id", "last_pull_at", "last_resync_at") VALUES (?, ?, ?, ?, ?)',
      [kind, ts, lastId, lastPullAt, lastResyncAt],
    );
  }
  for (const operation of plan.operations) {
    if (!operation.isEarlier) continue;
    await replica.write(operation);
    await restoreState(operation, replica);
  }
  for (const { conflict, strategy, state, reason, resolution, decidedOn, detectedAt } of plan.conflicts) {
    const text = (value: unknown): string | null => (value === undefined ? null : JSON.stringify(value));
    const { kind, entityId } = conflict;
    if (!plan.operations.some(({ opId }) => opId === conflict.opId)) continue;
    await replica.run(
      `INSERT INTO "sync_conflicts" ("kind", "entity_id", "op_id", "op", "base_data", "local_data", "server_data", "local_timestamp", "server_timestamp", "server_version",
         "changed_fields", "deltas", "server_deleted", "strategy", "state", "reason", "resolution", "decided_on", "detected_at", "changed_at")
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
      [
        kind,
        entityId,
        conflict.opId,
        conflict.isCreation === true ? 'create' : conflict.opType,
        text(conflict.baseData),
        JSON.stringify(conflict.localData),
        JSON.stringify(conflict.serverData),
        conflict.localTimestamp,
        conflict.serverTimestamp,
        conflict.serverVersion ?? null,
        text(conflict.changedFields),
        text(conflict.deltas),
        conflict.serverDeleted ? 1 : 0,
        strategy,
        state,
        reason ?? null,
        text(resolution),
        decidedOn ?? null,
        detectedAt,
        detectedAt,
      ],
    );
    const { ['updatedAt']: _version, ['deletedAt']: _deleted, ...fields } = conflict.serverData;
    if (conflict.serverDeleted) server.model.delete(kind, entityId);
    else server.model.edit(kind, entityId, () => fields);
  }
  const started = replica.engine.start();
  if (plan.startsPaused) void replica.engine.pause().catch(() => undefined);
  await time.quiet();
  await started.catch(() => undefined);
  await time.quiet();
  oracle.afterRestart(replica);
}

/** Restores the history of an operation: attempts, an open request, and whether it was parked. */
async function restoreState(
  { opId, saved, earlierTries, firstCall }: KnownOperation,
  replica: ReplayReplica,
): Promise<void> {
  if (saved === undefined) return;
  const wasOpen =
    saved.requestId !== undefined &&
    saved.frozenBody !== undefined &&
    saved.firstSentAt !== undefined &&
    (firstCall === undefined || saved.firstSentAt < firstCall.startedAt);
  const isParked = firstCall === undefined && saved.state === 'parked';
  await replica.restore(opId, {
    ...(earlierTries > 0 ? { tryCount: earlierTries } : {}),
    ...(wasOpen || (firstCall === undefined && saved.attempt > 0) ? { attempt: saved.attempt } : {}),
    ...(wasOpen
      ? {
          request: {
            requestId: saved.requestId,
            body: JSON.stringify(saved.frozenBody),
            base: saved.baseUpdatedAt,
            firstSentAt: saved.firstSentAt,
          },
        }
      : {}),
    ...(isParked
      ? { parked: { reason: saved.parkedFor ?? 'stuck', error: saved.lastError, code: saved.errorCode } }
      : {}),
  });
}
