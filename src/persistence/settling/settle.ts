import { outdatedDecision, type Conflict } from '../../model/conflict.ts';
import { type SyncError, syncErrorInfo } from '../../model/errors/errors.ts';
import type { SyncFact } from '../../model/events.ts';
import type { JsonObject } from '../../model/values/json.ts';
import type { UpsertOp } from '../../model/operation.ts';
import type { Outcome } from '../../model/outcome.ts';
import type { Answer, TakenRequest } from '../../model/ports.ts';
import type { ConflictRef, SettleReport } from '../../model/run.ts';
import { deltaRequestOf, rebaseDeltas, withRebasedDeltas } from '../../rules/pending/deltas.ts';
import { foldOps } from '../../rules/pending/fold.ts';
import { outcomeEffects, willRetry, type OutcomeEffects } from '../../rules/answers/outcome-effects.ts';
import { overlay } from '../../rules/pending/overlay.ts';
import { isMadeOnNewest, isOutdated, newestKnown, type BaseRecord } from '../outbox/base-rows.ts';
import { readConflict, readConflictsOf, removeConflicts, writeConflict } from '../outbox/conflict-rows.ts';
import { releaseDependents } from '../taking/dependencies.ts';
import { OutboxState } from '../database/entities.ts';
import { EntityChanges, type KnownRow } from './entity-changes.ts';
import { grouped } from '../../rules/values/grouped.ts';
import { type StoredOp } from '../outbox/outbox-rows.ts';
import type { SettledOperation } from '../outbox/transitions.ts';
import { plainlyApplied, type PlainDeparture } from './plainly-applied.ts';
import { quarantine, type BadRow } from '../replica/quarantine.ts';
import type { ReplicaTable } from '../tables/replica-table.ts';
import { resolvedFacts } from './resolved-facts.ts';
import { markSettled } from '../replica/resync-marks.ts';
import type { Session } from '../sql/session.ts';
import { tableOf, type StoreContext } from '../database/store-context.ts';
import { inTodaysShape } from '../upgrades/upgrade-rows.ts';
import { storedReason } from '../sql/stored-reason.ts';

interface Tally {
  pushed: number;
  errors: number;
  readonly conflicts: ConflictRef[];
  readonly facts: SyncFact[];
}

/** Settles the answers of a batch inside one transaction; facts come in the order of the answers (BEHAVIOURS §11). */
export async function settleAnswers(session: Session, context: StoreContext, answers: readonly Answer[]): Promise<SettleReport> {
  const tally: Tally = { pushed: 0, errors: 0, conflicts: [], facts: [] };
  const changesByKind = new Map<string, EntityChanges>();
  const plain = new Map<Answer, PlainDeparture>();
  for (const [kind, group] of grouped(answers, (answer) => answer.request.kind)) {
    const table = tableOf(context, kind);
    for (const [answer, departure] of await plainlyApplied(session, table, group)) plain.set(answer, departure);
    const others = group.filter((answer) => !plain.has(answer)).map((answer) => answer.request.entityId);
    changesByKind.set(kind, await EntityChanges.load(session, table, others));
  }
  const applied = new Map<string, string[]>();
  for (const answer of answers) {
    const changes = changesByKind.get(answer.request.kind);
    if (!changes) continue;
    const departure = plain.get(answer);
    if (departure !== undefined) {
      changes.leavePlainly(answer.request.entityId, departure);
      tellPushed(departure.ops, tally);
    } else if (!(await settleOne(session, context, changes, answer, tally))) continue;
    const ids = applied.get(answer.request.kind);
    if (ids) ids.push(answer.request.entityId);
    else applied.set(answer.request.kind, [answer.request.entityId]);
  }
  for (const changes of changesByKind.values()) tally.facts.push(...(await writeChanges(session, context, changes)));
  for (const [kind, ids] of applied) {
    await markSettled(session, kind, ids);
    tally.facts.push(...(await closeConflicts(session, kind, ids, answers)));
    await releaseDependents(session, context, kind, ids);
  }
  return {
    batchSize: answers.reduce((sum, { request }) => sum + request.opIds.length, 0),
    pushed: tally.pushed,
    errors: tally.errors,
    conflicts: tally.conflicts,
    facts: tally.facts,
  };
}

/** The conflicts of entities whose request was accepted are over; what they were resolved into is told. */
async function closeConflicts(session: Session, kind: string, ids: readonly string[], answers: readonly Answer[]): Promise<readonly SyncFact[]> {
  const records = await readConflictsOf(session, kind, ids);
  if (records.length === 0) return [];
  await removeConflicts(session, kind, ids);
  return records.flatMap((record) => {
    const answer = answers.find(({ request }) => request.kind === kind && request.entityId === record.conflict.entityId);
    if (record.resolution === undefined || answer?.outcome.type !== 'applied') return [];
    const { op } = answer.request;
    return resolvedFacts(record, record.resolution, op.type === 'upsert' ? { ...op.payload, ...answer.outcome.row } : undefined);
  });
}

export const flushChanges = (session: Session, context: StoreContext, changes: EntityChanges): Promise<readonly BadRow[]> => {
  const now = context.unit.clock.now();
  return changes.flush(session, { now, maxTryCount: context.config.maxOutboxTryCount, hiddenAt: new Date(now).toISOString() });
};

/**
 * As {@link flushChanges}; server rows that the local table refuses are kept in quarantine, and the operations are settled all the same (F-35). The next pull
 * may make room for such a row, so it is announced when that ends (F-160).
 */
export const writeChanges = async (session: Session, context: StoreContext, changes: EntityChanges): Promise<readonly SyncFact[]> => [
  ...changes.damage,
  ...(await quarantine(
    session,
    changes.table.kind,
    await flushChanges(session, context, changes),
    context.unit.clock.now(),
    changes.table.pushOnly ? 'now' : 'atEndOfPull',
  )),
];

/** Returns whether the operations left as applied. */
async function settleOne(session: Session, context: StoreContext, changes: EntityChanges, answer: Answer, tally: Tally): Promise<boolean> {
  const { request, outcome } = answer;
  const members = new Set(request.opIds);
  const group = changes.queueOf(request.entityId).filter((op) => members.has(op.opId));
  // Dropped or purged while it was under way: the answer has nothing left to settle.
  if (group.length === 0) return false;
  const { table } = changes;
  if (outcome.type === 'applied') {
    if (request.op.type === 'upsert' && outcome.row !== undefined && table.isDeleted(outcome.row)) {
      // Accepted, yet still deleted there: the edit has not arrived (F-120).
      const current: Outcome = { type: 'conflict', current: outcome.row, deleted: true, serverTimestamp: table.readUpdatedAt(outcome.row) ?? '' };
      await settleConflict(session, context, changes, answer, current, group, tally);
      return false;
    }
    settleApplied(changes, answer, outcome.row, group, tally);
    return true;
  }
  if (outcome.type === 'conflict') {
    await settleConflict(session, context, changes, answer, outcome, group, tally);
    return false;
  }
  settleUnapplied(context, changes, answer, outcome, group, tally);
  return false;
}

function settleApplied(changes: EntityChanges, { request }: Answer, row: JsonObject | undefined, group: readonly StoredOp[], tally: Tally): void {
  const leaving = new Set(group.map((member) => member.seq));
  const { known, lastSent } =
    request.op.type === 'delete' ? knownAfterDelete(changes, request, row) : knownAfterUpsert(changes, request, request.op, row, frozenVersionOf(group));
  changes.depart(request.entityId, leaving, 'applied', known, lastSent);
  tellPushed(group, tally);
}

function tellPushed(group: readonly StoredOp[], tally: Tally): void {
  tally.pushed += group.length;
  for (const { opId, kind, entityId, type } of group) tally.facts.push({ type: 'op.pushed', opId, kind, entityId, operationType: type });
}

/** The server's row from now on; `lastSent` where its version is unknown. */
interface KnownAfter {
  readonly known: KnownRow;
  readonly lastSent?: JsonObject;
}

function knownAfterDelete(changes: EntityChanges, request: TakenRequest, row: JsonObject | undefined): KnownAfter {
  const { table } = changes;
  if (row !== undefined && table.isDeleted(row)) return { known: { row, version: table.readUpdatedAt(row), deleted: true } };
  const base = changes.baseOf(request.entityId);
  const newest = newestKnown(base);
  // Somebody brought the row back since.
  if (isOvertaken(request, base) && newest.row !== undefined && !table.isDeleted(newest.row)) return { known: { ...newest, deleted: false } };
  return { known: { row: undefined, version: undefined, deleted: true } };
}

/**
 * A lost answer that comes after all, to a request that was made before a newer row was pulled. The server would have refused the request on that row, so
 * it took it earlier: the pulled row is the later one (F-135). Where it does not compare versions, as with deltas, the next pull brings what it made of it.
 */
const isOvertaken = ({ op, firstSentAt }: TakenRequest, base: BaseRecord | undefined): boolean =>
  firstSentAt !== undefined && op.force !== true && isOutdated(op.baseUpdatedAt, base);

/** The version that a request was made on. A first request of a resolution was made on the row that was decided on, also where it names no base (F-161). */
const madeOn = ({ op, firstSentAt, decidedOn }: TakenRequest): string | undefined =>
  op.baseUpdatedAt || (firstSentAt === undefined ? decidedOn?.version : undefined);

/**
 * As {@link isOvertaken}, for an accepted upsert whose answer tells no version, also where it names no base: it was made where no row was, so a row that lives
 * has been pulled since, and is believed. Where the server took the request after that row, its write has a newer version, and the next pull lists it.
 */
function isWrittenOver(table: ReplicaTable, request: TakenRequest, base: BaseRecord | undefined): boolean {
  const { op, firstSentAt } = request;
  if (op.baseUpdatedAt) return isOvertaken(request, base);
  return firstSentAt !== undefined && op.force !== true && base?.serverRow !== undefined && !table.isDeleted(base.serverRow);
}

function knownAfterUpsert(
  changes: EntityChanges,
  request: TakenRequest,
  op: UpsertOp,
  answered: JsonObject | undefined,
  frozenVersion: number | undefined,
): KnownAfter {
  const { table } = changes;
  const base = changes.baseOf(op.id);
  const before = newestKnown(base);
  const version = answered === undefined ? undefined : table.readUpdatedAt(answered);
  const isLate = version === undefined ? isWrittenOver(table, request, base) : isOutdated(version, base) && !isMadeOnNewest(madeOn(request), base);
  if (isLate) return { known: { ...before, deleted: before.row !== undefined && table.isDeleted(before.row) } };
  const written = writtenBy(op, before.row, table);
  // What the answer does not say is as we knew and sent it; it lives, else it would not have been accepted.
  const { [table.keys.updatedAt]: updatedAt, ...rest } = { ...before.row, ...inTodaysShape(table, written, frozenVersion) };
  const believed = { ...rest, [table.keys.id]: rest[table.keys.id] ?? op.id, [table.keys.deletedAt]: null, ...answered };
  if (version !== undefined) return { known: { row: believed, version, deleted: false } };
  // Accepted without saying what the version is now, until a fetch or a pull tells. A request that was sent before may be older than a row pulled since.
  const isOlder = request.firstSentAt !== undefined && base?.serverRow !== undefined;
  return {
    known: { row: updatedAt === undefined || isOlder ? believed : { ...believed, [table.keys.updatedAt]: updatedAt }, version: undefined, deleted: false },
    lastSent: written,
  };
}

/** Of a request that was frozen by an older release. */
const frozenVersionOf = (group: readonly StoredOp[]): number | undefined => group.find((op) => op.requestId !== undefined)?.frozenVersion;

/** The row's fields as the request left them there, as far as we know: of deltas that the server applied itself, what they make of its own values. */
function writtenBy(op: UpsertOp, known: JsonObject | undefined, table: ReplicaTable): JsonObject {
  const sent = known === undefined ? undefined : deltaRequestOf(op, table.keys.id);
  return sent === undefined ? op.payload : rebaseDeltas({ ...known, ...sent.payload }, sent.deltas);
}

async function settleConflict(
  session: Session,
  context: StoreContext,
  changes: EntityChanges,
  { request }: Answer,
  outcome: Outcome & { type: 'conflict' },
  group: readonly StoredOp[],
  tally: Tally,
): Promise<void> {
  const { table } = changes;
  const { entityId } = request;
  const earlier = await readConflict(session, table.kind, entityId);
  const { conflict, head } = describeConflict(changes, entityId, outcome, { isCreation: isNewThere(request, changes.queueOf(entityId)[0], earlier?.conflict) });
  if (!head) return;
  const now = context.unit.clock.now();
  for (const member of group)
    changes.transition({
      seq: member.seq,
      close: member.requestId !== undefined,
      ...(member.seq === head.seq ? { state: OutboxState.parked, parked: 'conflict' as const } : {}),
    });
  if (outcome.current !== undefined || outcome.deleted) {
    changes.refresh(entityId, { row: outcome.current, version: outcome.serverTimestamp || undefined, deleted: outcome.deleted });
  }
  if (outcome.current !== undefined) {
    const { row, deletedLocally } = overlay(outcome.current, changes.queueOf(entityId), table.keys);
    if (row !== undefined) changes.writeRow({ id: entityId, row, server: outcome.current }, deletedLocally);
  }
  const strategy = context.strategyOf(table.kind);
  // What was decided by a person was about another row: it is asked again, and not left to the strategy.
  const wasDecided = earlier?.state === 'decided';
  await writeConflict(
    session,
    { conflict, strategy, detectedAt: now, ...(wasDecided ? { state: 'awaiting', reason: outdatedDecision } : { state: 'detected' }) },
    now,
    table.schema.version,
  );
  tally.conflicts.push({ kind: table.kind, entityId, opId: conflict.opId });
  tally.facts.push({ type: 'conflict.detected', conflict, strategy });
}

/** What was sent before may be the row that the server has deleted since: its reply may be lost. */
const isNewThere = ({ firstSentAt }: TakenRequest, head: StoredOp | undefined, earlier: Conflict | undefined): boolean =>
  firstSentAt === undefined && (earlier === undefined ? head?.creates === true : earlier.isCreation === true);

/** The conflict of an entity as it stands: all its unsent operations folded, against the server's row. */
export function describeConflict(
  changes: EntityChanges,
  entityId: string,
  outcome: Outcome & { type: 'conflict' },
  { isCreation }: { readonly isCreation: boolean },
): { readonly conflict: Conflict; readonly head: StoredOp | undefined } {
  const queue = changes.queueOf(entityId);
  const newest = queue.at(-1);
  const folded = queue.length === 0 ? undefined : foldOps(queue);
  const deltas = folded?.type === 'upsert' ? folded.deltas : undefined;
  const serverData = outcome.current ?? {};
  const conflict: Conflict = {
    kind: changes.table.kind,
    entityId,
    opId: newest?.opId ?? '',
    opType: folded?.type === 'upsert' ? 'upsert' : 'delete',
    localData: folded?.type === 'upsert' ? withRebasedDeltas(folded.payload, { deltas, serverData, serverDeleted: outcome.deleted }) : {},
    serverData,
    baseData: changes.baseOf(entityId)?.baseRow,
    localTimestamp: newest?.localTimestamp ?? '',
    serverTimestamp: outcome.serverTimestamp,
    serverVersion: outcome.version,
    changedFields: folded?.type === 'upsert' ? folded.changedFields && [...folded.changedFields, ...new Set(deltas?.map(({ field }) => field))] : undefined,
    ...(deltas === undefined ? {} : { deltas }),
    serverDeleted: outcome.deleted,
    ...(isCreation && folded?.type === 'upsert' ? { isCreation } : {}),
  };
  return { conflict, head: queue[0] };
}

/** Settles an outcome that leaves the operations queued, as {@link outcomeEffects} says. */
function settleUnapplied(
  context: StoreContext,
  changes: EntityChanges,
  answer: Answer,
  outcome: Exclude<Outcome, { type: 'applied' | 'conflict' }>,
  group: readonly StoredOp[],
  tally: Tally,
): void {
  const { config, unit } = context;
  const { error } = outcome;
  const { request, countsTry, head: becomes, isFailure } = outcomeEffects[outcome.type];
  const countTry = countsTry === 'always';
  const tries = Math.max(...group.map((op) => op.tryCount)) + (countTry ? 1 : 0);
  const isStuck = countTry && tries >= config.maxOutboxTryCount;
  const shared = {
    error: storedReason(error.message, syncErrorInfo(error).fields),
    code: outcome.type === 'rejected' ? outcome.code : outcome.type,
    dueAt: answer.dueInMs === undefined ? undefined : unit.clock.now() + answer.dueInMs,
    countTry,
    close: request !== 'open',
  };
  const head = changes.queueOf(answer.request.entityId)[0];
  for (const op of group)
    changes.transition({
      ...shared,
      seq: op.seq,
      reuseKey: request === 'neverSent' && op.requestId !== undefined,
      ...(op.seq === head?.seq ? stateOf(isStuck ? 'stuck' : becomes) : {}),
    });
  if (isFailure) tellFailed(group, error, willRetry(outcome.type, tries, config.maxOutboxTryCount), tally);
  if (isStuck || becomes === 'ambiguous') tellStuck(group, error, countTry ? 1 : 0, tally);
}

function stateOf(becomes: OutcomeEffects['head'] | 'stuck'): Pick<SettledOperation, 'state' | 'parked'> {
  switch (becomes) {
    case 'ready':
      return { state: OutboxState.ready };
    case 'waiting':
      return { state: OutboxState.waiting };
    case 'stuck':
    case 'ambiguous':
    case 'conflict':
      return { state: OutboxState.parked, parked: becomes };
    case 'gone':
      return {};
  }
}

function tellFailed(group: readonly StoredOp[], error: SyncError, willRetry: boolean, tally: Tally): void {
  tally.errors += group.length;
  tally.facts.push(
    ...group.map(
      (op): SyncFact => ({ type: 'op.failed', opId: op.opId, kind: op.kind, entityId: op.entityId, error, errorInfo: syncErrorInfo(error), willRetry }),
    ),
  );
}

function tellStuck(group: readonly StoredOp[], error: SyncError, more: number, tally: Tally): void {
  tally.facts.push(
    ...group.map(
      (op): SyncFact => ({
        type: 'op.stuck',
        opId: op.opId,
        kind: op.kind,
        entityId: op.entityId,
        tryCount: op.tryCount + more,
        error,
        errorInfo: syncErrorInfo(error),
      }),
    ),
  );
}
