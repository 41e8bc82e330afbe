import type { SimulationOracle } from '../../testing/simulation/simulation-oracle.ts';
import type { VirtualTime } from '../../testing/simulation/virtual-time.ts';
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

/** Puts in what was there when the recording began: rows on both sides, cursors, the outbox, open conflicts. Then the engine starts. */
export async function putIn(plan: ReplayPlan, { replica, server, time, oracle }: PutInParts): Promise<void> {
  for (const row of plan.rows) await replica.seed(row.kind, row.id, row.fields, server.seed(row));
  for (const { kind, ts, lastId, lastPullAt, lastResyncAt } of plan.cursors) {
    if (ts === null && lastPullAt === null && lastResyncAt === null) continue;
    await replica.run('INSERT INTO "sync_cursors" ("kind", "ts", "last_id", "last_pull_at", "last_resync_at") VALUES (?, ?, ?, ?, ?)', [
      kind,
      ts,
      lastId,
      lastPullAt,
      lastResyncAt,
    ]);
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

/** What the store knows of an operation beside what it says: tries, an open request, and that it was parked. */
async function restoreState({ opId, saved, earlierTries, firstCall }: KnownOperation, replica: ReplayReplica): Promise<void> {
  if (saved === undefined) return;
  if (earlierTries > 0) await replica.run('UPDATE "sync_outbox" SET "try_count" = ? WHERE "op_id" = ?', [earlierTries, opId]);
  const wasOpen =
    saved.requestId !== undefined &&
    saved.frozenBody !== undefined &&
    saved.firstSentAt !== undefined &&
    (firstCall === undefined || saved.firstSentAt < firstCall.startedAt);
  if (wasOpen)
    await replica.run('UPDATE "sync_outbox" SET "request_id" = ?, "frozen_body" = ?, "frozen_base" = ?, "first_sent_at" = ?, "attempt" = ? WHERE "op_id" = ?', [
      saved.requestId,
      JSON.stringify(saved.frozenBody),
      saved.baseUpdatedAt ?? null,
      saved.firstSentAt,
      saved.attempt,
      opId,
    ]);
  else if (firstCall === undefined && saved.attempt > 0) await replica.run('UPDATE "sync_outbox" SET "attempt" = ? WHERE "op_id" = ?', [saved.attempt, opId]);
  if (firstCall !== undefined || saved.state !== 'parked') return;
  await replica.run('UPDATE "sync_outbox" SET "state" = 3, "parked" = ?, "last_error" = ?, "error_code" = ? WHERE "op_id" = ?', [
    saved.parkedFor ?? 'stuck',
    saved.lastError ?? null,
    saved.errorCode ?? null,
    opId,
  ]);
}
