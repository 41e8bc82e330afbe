import { NetworkError, syncErrorInfo } from '../../model/errors/errors.ts';
import type { SyncFact } from '../../model/events.ts';
import type { Kinds } from '../../model/run.ts';
import { readConflicts } from '../outbox/conflict-rows.ts';
import { OutboxState } from '../database/outbox-columns.ts';
import { toStoredOp } from '../outbox/outbox-rows.ts';
import { countTries, fallDue, takeBack } from '../outbox/transitions/begin-run.ts';
import { listOf, type Session } from '../sql/session.ts';
import type { StoreContext } from '../database/store-context.ts';
import { numberOr } from '../sql/stored-shape.ts';

/**
 * Takes back what a dead run left in flight, and makes waiting heads ready: all for an explicit run, otherwise those
 * that are due.
 */
export async function readyForRun(
  session: Session,
  context: StoreContext,
  options: { readonly explicit: boolean },
): Promise<void> {
  const now = context.unit.clock.now();
  await takeBack(session);
  // A wait beyond the maximum means that the clock was set back.
  await fallDue(session, options.explicit ? undefined : [now, now + context.config.backoffMaxMs]);
}

/**
 * Conflicts with work in this run: found and undecided, decided since, deferred (in an explicit run, or after a change
 * of the server's row), or waiting for a resolver that this process may not have called yet.
 */
export async function conflictsToWork(
  session: Session,
  context: StoreContext,
  { kinds, explicit }: { readonly kinds: Kinds; readonly explicit: boolean },
): Promise<readonly { readonly kind: string; readonly entityId: string; readonly opId: string }[]> {
  const unfit = await unfitConflicts(session, context, kinds);
  return (await readConflicts(session))
    .filter(({ conflict }) => !unfit.has(`${conflict.kind}\n${conflict.entityId}`))
    .filter(({ conflict }) => kinds.includes(conflict.kind))
    .filter(({ state, conflict, strategy, decidedOn }) => {
      if (state !== 'awaiting') return true;
      if (decidedOn !== undefined) return explicit || decidedOn !== conflict.serverTimestamp;
      return (
        strategy === 'manual' &&
        (context.registry.get(conflict.kind)?.conflict.resolver ?? context.config.conflictResolver) !== undefined
      );
    })
    .map(({ conflict }) => ({ kind: conflict.kind, entityId: conflict.entityId, opId: conflict.opId }));
}

/**
 * Conflicts that are not in the current format of their table. The upgrade failed, and nothing is decided on unreadable
 * data.
 */
async function unfitConflicts(session: Session, context: StoreContext, kinds: Kinds): Promise<ReadonlySet<string>> {
  const unfit = new Set<string>();
  for (const kind of kinds) {
    const rows = await session.query<{ entityId: string }>(
      'SELECT "entity_id" AS "entityId" FROM "sync_conflicts" WHERE "kind" = ? AND "schema_version" <> ?',
      [kind, context.registry.get(kind)?.schema.version ?? 1],
    );
    for (const { entityId } of rows) unfit.add(`${kind}\n${entityId}`);
  }
  return unfit;
}

/** Kinds with queued operations but no registered table. The operations stay, and the engine reports them (F-101). */
export async function unregisteredKinds(session: Session, registered: Kinds): Promise<readonly string[]> {
  // Jumps from kind to kind along the index and skips the operations in between.
  const rows = await session.query<{ kind: string }>(
    `WITH RECURSIVE "kinds"("kind") AS (SELECT MIN("kind") FROM "sync_outbox" UNION ALL
       SELECT (SELECT MIN("kind") FROM "sync_outbox" WHERE "kind" > "kinds"."kind") FROM "kinds" WHERE "kinds"."kind" IS NOT NULL)
     SELECT "kind" FROM "kinds" WHERE "kind" IS NOT NULL AND NOT (${session.dialect.inList('"kind"')})`,
    [listOf(registered)],
  );
  return rows.map(({ kind }) => kind);
}

/**
 * Ends a run. Counts an attempt of operations that failed alone while other requests succeeded; they become stuck at
 * the limit (F-132). Returns when the earliest waiting operation is due.
 */
export async function closeRun(
  session: Session,
  context: StoreContext,
  options: { readonly since: number; readonly othersSucceeded: boolean; readonly kinds: Kinds },
): Promise<{ readonly facts: readonly SyncFact[]; readonly nextDueInMs?: number | undefined }> {
  const now = context.unit.clock.now();
  const kinds = listOf(options.kinds);
  const { inList } = session.dialect;
  const facts: SyncFact[] = [];
  if (options.othersSucceeded) {
    const rows = await countTries(session, {
      kinds: options.kinds,
      since: options.since,
      maxTryCount: context.config.maxOutboxTryCount,
    });
    for (const op of rows.map(toStoredOp)) {
      if (op.parked !== 'stuck') continue;
      const error = new NetworkError(
        `operation ${op.opId} on ${op.kind}/${op.entityId} keeps failing while others succeed: ${op.lastError ?? 'no answer'}`,
      );
      facts.push({
        type: 'op.stuck',
        opId: op.opId,
        kind: op.kind,
        entityId: op.entityId,
        tryCount: op.tryCount,
        error,
        errorInfo: syncErrorInfo(error),
      });
    }
  }
  const due = await session.one<{ dueAt: number | string | null }>(
    `SELECT MIN("due_at") AS "dueAt" FROM "sync_outbox" WHERE "state" = ${OutboxState.waiting} AND "due_at" IS NOT NULL AND ${inList('"kind"')}`,
    [kinds],
  );
  const dueAt = numberOr(due?.dueAt ?? null, undefined);
  return { facts, ...(dueAt === undefined ? {} : { nextDueInMs: Math.max(0, dueAt - now) }) };
}
