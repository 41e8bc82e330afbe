import type { SyncFact } from '../../model/events.ts';
import type { TakenBatch, TakenRequest, TakeOptions } from '../../model/ports.ts';
import { readUnknownVersions, toldOfDamagedBases, type BaseRecord } from '../outbox/base-rows.ts';
import { holdBack } from './dependencies.ts';
import { foldLimits } from './fold-limits.ts';
import { grouped } from '../../rules/values/grouped.ts';
import type { Group } from './request-group.ts';
import { readHeads, readLines } from '../outbox/outbox-heads.ts';
import { readQueues, type StoredOp } from '../outbox/outbox-rows.ts';
import { parkDamagedHead } from './park-damaged.ts';
import type { ReplicaTable } from '../tables/replica-table.ts';
import type { Session } from '../sql/session.ts';
import { tableOf, type StoreContext } from '../database/store-context.ts';
import { upgradedQueues, withoutOtherShapes } from '../upgrades/upgrade-operations.ts';
import { rememberTaken } from '../outbox/taken-operations.ts';
import { unfrozenOf, foldableIn, groupOf, toGroup, onNewestRows } from './group-operations.ts';
import { freeze } from './freeze-requests.ts';
import { decidedRows, shownCreations, withVerification } from './verify-requests.ts';
import { leaveUnsent } from './leave-unsent.ts';

/**
 * Takes the next heads of line, folds each entity's unsent operations, and freezes the requests. Commits before the
 * first byte is sent (I2). The cost depends on the batch, not on the outbox, because a partial index finds the heads.
 */
export async function takeReady(session: Session, context: StoreContext, options: TakeOptions): Promise<TakenBatch> {
  const facts: SyncFact[] = [];
  for (;;) {
    const heads = await readHeads(session, options);
    if (heads.length === 0) return { requests: [], facts };
    const requests = await takeLines(session, context, heads, options, facts);
    // If all of them wait, were parked or needed no request, continue with those behind them, because an empty batch
    // ends the push.
    if (requests.length > 0) return { requests, facts };
  }
}

async function takeLines(
  session: Session,
  context: StoreContext,
  heads: readonly StoredOp[],
  options: TakeOptions,
  facts: SyncFact[],
): Promise<readonly TakenRequest[]> {
  const requests: TakenRequest[] = [];
  const byKind = grouped(heads, (head) => head.kind);
  // Opening a ring of creations rewrites operations of any kind.
  let isOutdated = false;
  for (const [kind, kindHeads] of byKind) {
    const table = tableOf(context, kind);
    const ids = kindHeads.map((head) => head.entityId);
    const unknown = await readUnknownVersions(session, kind, ids);
    // The fetch of the server's row replaces their content.
    facts.push(...toldOfDamagedBases(kind, unknown.values()));
    const lines = isOutdated ? await linesOf(session, kind, ids) : await readLines(session, kind, kindHeads);
    const { ready, hasOpened } = await readyGroups(session, context, { table, unknown, options, facts }, lines);
    isOutdated ||= hasOpened;
    const frozen = await freeze(session, ready, context.unit.clock.now());
    const decidedOn = await decidedRows(session, kind, ready);
    const shown = await shownCreations(session, table, frozen);
    ready.forEach((group, index) => {
      const request = frozen[index];
      if (request === undefined) return;
      const { entityId } = request;
      const known = decidedOn.get(entityId);
      const facts = {
        ...(known === undefined ? {} : { decidedOn: known }),
        ...(shown.has(entityId) ? { wasShown: true } : {}),
      };
      const taken = withVerification({ ...request, ...facts }, unknown.get(entityId), options, context);
      rememberTaken(taken, group.ops);
      requests.push(taken);
    });
  }
  if (byKind.size === 1) return requests;
  // Kinds were read one after another; the outbox order is the order of heads.
  const order = new Map(heads.map((head, index) => [`${head.kind}\n${head.entityId}`, index]));
  return requests.sort(
    (a, b) => (order.get(`${a.kind}\n${a.entityId}`) ?? 0) - (order.get(`${b.kind}\n${b.entityId}`) ?? 0),
  );
}

/** State of all heads of one kind. */
interface KindOfTake {
  readonly table: ReplicaTable;
  readonly unknown: ReadonlyMap<string, BaseRecord>;
  readonly options: TakeOptions;
  readonly facts: SyncFact[];
}

const linesOf = async (session: Session, kind: string, ids: readonly string[]): Promise<Map<string, StoredOp[]>> => {
  const queues = await readQueues(session, kind, ids);
  return new Map(ids.map((id) => [id, queues.get(id) ?? []]));
};

/**
 * The groups of these lines that may be sent now. `hasOpened`: operations were rewritten to open a ring of creations.
 */
async function readyGroups(
  session: Session,
  context: StoreContext,
  kindOfTake: KindOfTake,
  lines: Map<string, StoredOp[]>,
): Promise<{ readonly ready: readonly Group[]; readonly hasOpened: boolean }> {
  const { table, unknown, options, facts } = kindOfTake;
  const queues = await upgradedQueues(session, table, lines, facts);
  const unfit = await withoutOtherShapes(session, table, queues);
  const foldable = foldableIn(
    context.config.coalesce ? await foldLimits(session, context, table, unfrozenOf(queues)) : undefined,
  );
  const damaged = new Set(
    [...queues]
      .filter(([entityId, queue]) => groupOf(queue, foldable(entityId, queue)).some((op) => op.damaged !== undefined))
      .map(([entityId]) => entityId),
  );
  if (damaged.size > 0)
    facts.push(
      ...(await parkDamaged(
        session,
        [...damaged].map((entityId) => queues.get(entityId) ?? []),
      )),
    );
  const groups = await onNewestRows(
    session,
    [...lines.keys()]
      .filter((entityId) => !damaged.has(entityId) && !unfit.has(entityId))
      .flatMap((entityId) => {
        const queue = queues.get(entityId) ?? [];
        const group = toGroup(
          table,
          entityId,
          groupOf(queue, foldable(entityId, queue)),
          unknown.get(entityId),
          options.deltas,
        );
        return group ? [group] : [];
      }),
  );
  const nothing = groups.filter((group) => group.folded.type === 'nothing');
  facts.push(...(await leaveUnsent(session, context, table, nothing, queues)));
  const others = groups.filter((group) => group.folded.type !== 'nothing');
  const ready = await holdBack(session, context, table, others, facts);
  if (ready !== undefined) return { ready, hasOpened: false };
  const again = await linesOf(
    session,
    table.kind,
    others.map(({ entityId }) => entityId),
  );
  return { ...(await readyGroups(session, context, kindOfTake, again)), hasOpened: true };
}

/** Parks the heads of lines that contain something damaged, for a person. */
async function parkDamaged(session: Session, lines: readonly (readonly StoredOp[])[]): Promise<readonly SyncFact[]> {
  const facts: SyncFact[] = [];
  for (const line of lines) {
    const [head] = line;
    const bad = line.find(({ damaged }) => damaged !== undefined);
    if (head === undefined || bad?.damaged === undefined) continue;
    const message = `${bad.damaged}; drop operation ${bad.opId}, or repair that row and retry`;
    facts.push(await parkDamagedHead(session, head, message));
  }
  return facts;
}
