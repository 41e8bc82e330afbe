import type { ConflictResolution } from '../model/conflict.ts';
import { SyncError, syncErrorInfo, ValidationError } from '../model/errors.ts';
import type { DiscardReason, SyncFact } from '../model/events.ts';
import type { JsonObject } from '../model/json.ts';
import type { Answer, TakenRequest } from '../model/ports.ts';
import type { ConflictOutcome, ConflictRef } from '../model/run.ts';
import { markConflict, readConflict, removeConflicts, type ConflictRecord } from './conflict-rows.ts';
import { releaseDependents } from './dependencies.ts';
import { rememberDiscarded, toGivenUp, trimDiscarded } from './discarded.ts';
import { OutboxState } from './entities.ts';
import { EntityChanges } from './entity-changes.ts';
import { boundedError, type StoredOp } from './outbox-rows.ts';
import { settleAnswers, writeChanges } from './settle.ts';
import type { Session } from './session.ts';
import { tableOf, type StoreContext } from './store-context.ts';

/** The operations a conflict is about: all up to the newest it named. Later edits stay behind and are rebased on the outcome. */
const membersOf = (queue: readonly StoredOp[], opId: string): readonly StoredOp[] => queue.slice(0, queue.findIndex((op) => op.opId === opId) + 1);

const resolvedNothing: ConflictOutcome = { type: 'resolved', pushed: 0, errors: 0, facts: [] };

/** The conflict as it stands now: the server side may have been refreshed by a pull since. Undefined while a request that resolves it is open. */
export async function loadConflict(session: Session, ref: ConflictRef): Promise<ConflictRecord | undefined> {
  const head = await session.one(
    `SELECT 1 AS "parked" FROM "sync_outbox" WHERE "kind" = ? AND "entity_id" = ? AND "state" = ${OutboxState.parked} AND "parked" = 'conflict'`, [ref.kind, ref.entityId]);
  return head && readConflict(session, ref.kind, ref.entityId);
}

/** Leaves a conflict: for RESOLVE_CONFLICT, or for the next run. */
export async function parkConflict(
  session: Session, context: StoreContext, ref: ConflictRef, reason: string, options: { readonly nextRun: boolean; readonly countTry: boolean },
): Promise<readonly SyncFact[]> {
  const record = await readConflict(session, ref.kind, ref.entityId);
  if (!record) return [];
  const now = context.unit.clock.now();
  const changes = await EntityChanges.load(session, tableOf(context, ref.kind), [ref.entityId]);
  const queue = changes.queueOf(ref.entityId);
  const members = membersOf(queue, record.conflict.opId);
  const facts: SyncFact[] = [{ type: 'conflict.unresolved', conflict: record.conflict, reason }];
  const head = queue[0];
  const stuck = options.countTry && members.some((op) => op.tryCount + 1 >= context.config.maxOutboxTryCount);
  for (const op of members) {
    changes.transition({
      seq: op.seq, close: op.requestId !== undefined, countTry: options.countTry, error: boundedError(reason), code: 'conflict',
      ...(op.seq !== head?.seq ? {} : stuck ? { state: OutboxState.parked, parked: 'stuck' as const }
        : options.nextRun ? { state: OutboxState.waiting } : { state: OutboxState.parked, parked: 'conflict' as const }),
    });
  }
  if (options.nextRun || stuck) await removeConflicts(session, ref.kind, [ref.entityId]);
  else await markConflict(session, ref.kind, ref.entityId, { state: 'awaiting', reason: boundedError(reason) }, now);
  facts.push(...await writeChanges(session, context, changes));
  if (stuck) {
    const error = new SyncError(reason);
    facts.push(...members.map((op): SyncFact => ({ type: 'op.stuck', opId: op.opId, kind: op.kind, entityId: op.entityId, tryCount: op.tryCount + 1, error, errorInfo: syncErrorInfo(error) })));
  }
  return facts;
}

/** The local change is given up; the local row becomes the server's, later edits stay on top of it (F-36). */
export async function acceptServer(session: Session, context: StoreContext, ref: ConflictRef, resolution: ConflictResolution): Promise<ConflictOutcome> {
  const record = await readConflict(session, ref.kind, ref.entityId);
  if (!record) return resolvedNothing;
  const { conflict } = record;
  const changes = await EntityChanges.load(session, tableOf(context, ref.kind), [ref.entityId]);
  const members = membersOf(changes.queueOf(ref.entityId), conflict.opId);
  const known = changes.knownOf(ref.entityId);
  const server = conflict.serverDeleted && !known.deleted ? { row: undefined, version: undefined, deleted: true } : known;
  changes.depart(ref.entityId, new Set(members.map((op) => op.seq)), 'givenUp', server);
  const refused = await writeChanges(session, context, changes);
  await removeConflicts(session, ref.kind, [ref.entityId]);
  const reason: DiscardReason = resolution.type === 'discard' ? 'discard' : conflict.serverDeleted ? 'serverDeleted' : 'acceptServer';
  const facts = await giveUp(session, context, changes.gone, reason);
  await releaseDependents(session, context, ref.kind, [ref.entityId]);
  const givenUp = changes.gone.map(toGivenUp);
  return { type: 'resolved', pushed: 0, errors: 0, facts: [{ type: 'conflict.resolved', conflict, resolution, resultData: conflict.serverData, givenUp }, ...facts, ...refused] };
}

/** Records what left unapplied, within the bounded history; the facts name it. */
export async function giveUp(session: Session, context: StoreContext, gone: readonly StoredOp[], reason: DiscardReason): Promise<readonly SyncFact[]> {
  if (gone.length === 0) return [];
  await rememberDiscarded(session, gone, reason, context.unit.clock.now());
  await trimDiscarded(session, context.config.discardHistory);
  return gone.map((op) => ({ type: 'op.discarded', opId: op.opId, kind: op.kind, entityId: op.entityId, reason, givenUp: [toGivenUp(op)] }));
}

/** Freezes what resolves a conflict as a new request under a new key (F-32), on the newest operation the conflict is about. */
export async function freezeResolution(
  session: Session, context: StoreContext, ref: ConflictRef,
  resolution: { readonly data: JsonObject | null; readonly base?: string | undefined; readonly version?: string | undefined; readonly force: boolean; readonly creates: boolean },
): Promise<TakenRequest | undefined> {
  const record = await readConflict(session, ref.kind, ref.entityId);
  const table = tableOf(context, ref.kind);
  const queue = (await EntityChanges.load(session, table, [ref.entityId])).queueOf(ref.entityId);
  const members = record ? membersOf(queue, record.conflict.opId) : [];
  const newest = members.at(-1);
  const head = members[0];
  if (!record || !newest || !head) return undefined;
  const requestId = newest.attempt === 0 ? newest.opId : `${newest.opId}#${newest.attempt + 1}`;
  const now = context.unit.clock.now();
  // What resolves may be of the other type: a delete that is taken back becomes an upsert, so that a restart re-sends what was decided.
  await session.run(
    `UPDATE "sync_outbox" SET "op" = ?, "creates" = ?, "payload" = COALESCE(?, "payload"), "request_id" = ?, "frozen_body" = ?, "frozen_base" = ?, "force" = ?, "first_sent_at" = ?, "attempt" = "attempt" + 1 WHERE "seq" = ?`,
    [
      resolution.data === null ? 'delete' : 'upsert', resolution.creates ? 1 : 0, resolution.data === null ? null : JSON.stringify(resolution.data), requestId,
      resolution.data === null ? null : JSON.stringify(resolution.data), resolution.base ?? null, resolution.force ? 1 : 0, now, newest.seq,
    ]);
  await session.run(`UPDATE "sync_outbox" SET "state" = ${OutboxState.inFlight}, "parked" = NULL WHERE "seq" = ?`, [head.seq]);
  const shared = {
    opId: newest.opId, kind: ref.kind, id: ref.entityId, localTimestamp: newest.localTimestamp, requestId, force: resolution.force,
    ...(resolution.base === undefined ? {} : { baseUpdatedAt: resolution.base }),
    ...(resolution.version === undefined ? {} : { baseVersion: resolution.version }),
  };
  return {
    kind: ref.kind,
    entityId: ref.entityId,
    op: resolution.data === null ? { type: 'delete', ...shared, creates: false } : { type: 'upsert', ...shared, creates: resolution.creates, payload: resolution.data },
    opIds: members.map((op) => op.opId),
    firstSentAt: undefined,
    verify: 'no',
  };
}

/** Settles the answer to a resolution's request; a conflict again is stored with the fresh server row for the next round. */
export async function settleResolution(session: Session, context: StoreContext, ref: ConflictRef, answer: Answer, resolution: ConflictResolution): Promise<ConflictOutcome> {
  const record = await readConflict(session, ref.kind, ref.entityId);
  const report = await settleAnswers(session, context, [answer]);
  if (answer.outcome.type === 'conflict') {
    // Announced once; the round that follows decides on fresh data.
    return { type: 'again', pushed: report.pushed, errors: report.errors, facts: report.facts.filter((fact) => fact.type !== 'conflict.detected') };
  }
  if (answer.outcome.type !== 'applied') {
    const settled = answer.outcome.type === 'rejected' || answer.outcome.type === 'forbidden';
    // A definite refusal ends this decision; otherwise the same request is sent again and the conflict stays to be shown.
    if (settled) await removeConflicts(session, ref.kind, [ref.entityId]);
    const unresolved: readonly SyncFact[] = settled && record ? [{ type: 'conflict.unresolved', conflict: record.conflict, reason: answer.outcome.error.message }] : [];
    return { type: 'left', pushed: report.pushed, errors: report.errors, facts: [...report.facts, ...unresolved] };
  }
  await removeConflicts(session, ref.kind, [ref.entityId]);
  const resultData = answer.request.op.type === 'upsert' ? answer.outcome.row ?? answer.request.op.payload : undefined;
  const resolved: readonly SyncFact[] = record ? [{ type: 'conflict.resolved', conflict: record.conflict, resolution, ...(resultData === undefined ? {} : { resultData }) }] : [];
  return { type: 'resolved', pushed: report.pushed, errors: report.errors, facts: [...report.facts, ...resolved] };
}

/** Stores a decision; it names the server version it was made on, so that an outdated one is noticed. Throws `ValidationError` when there is no such conflict. */
export async function decideConflict(session: Session, context: StoreContext, opId: string, resolution: ConflictResolution): Promise<ConflictRef> {
  const row = await session.one<{ kind: string; entityId: string; version: string }>(
    'SELECT "kind", "entity_id" AS "entityId", "server_timestamp" AS "version" FROM "sync_conflicts" WHERE "op_id" = ?', [opId]);
  if (!row) throw new ValidationError(`no conflict waits for a decision under operation '${opId}'; engine.conflicts() lists those that do`);
  await markConflict(session, row.kind, row.entityId, { state: 'decided', resolution, decidedOn: row.version }, context.unit.clock.now());
  return { kind: row.kind, entityId: row.entityId, opId };
}
