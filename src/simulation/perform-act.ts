import {
  acceptClient,
  acceptMerged,
  acceptServer,
  defer,
  discard,
  type ConflictResolution,
  type StoredConflict,
} from '../model/conflict.ts';
import { addToSet, increment, removeFromSet } from '../model/values/delta.ts';
import type { JsonObject } from '../model/values/json.ts';
import type { ModelServer } from './model-server.ts';
import { type SimulatedKind, type SimulatedRow } from './simulated-app.ts';
import type { SimulatedReplica } from './simulated-replica.ts';
import type { SimulationLog } from './simulation-log.ts';
import type { SimulationOracle } from './simulation-oracle.ts';
import type { SimulatedAct, SimulatedServerAct, SimulatedWorld, SimulatedWrite } from './simulation-script.ts';
import { SimulationViolation, type VirtualTime } from './virtual-time.ts';
import { writeAsApp } from './write-as-app.ts';

/** Everything that acts act on. */
export interface Stage {
  readonly world: SimulatedWorld;
  readonly time: VirtualTime;
  readonly log: SimulationLog;
  readonly server: ModelServer;
  readonly oracle: SimulationOracle;
  readonly replicas: readonly SimulatedReplica[];
}

/** Begins what somebody does on a replica; it goes on by itself. A replica that is down does nothing. */
export function performAct(
  act: SimulatedAct,
  replica: SimulatedReplica,
  engineIndex: 0 | 1 | undefined,
  stage: Stage,
): void {
  const { time, log, oracle } = stage;
  if (!replica.isUp) return;
  const at = replica.engineAt(engineIndex);
  if (at === undefined) return;
  const { engine, clock, name } = at;
  log.countAct(act.type);
  log.trace(name, `## ${textOf(act)}`);
  time.touch();
  switch (act.type) {
    case 'write':
      return replica.keep(`write ${act.kind}/${act.id}`, write(act.kind, act.id, act.write, replica));
    case 'sync': {
      const abort = new AbortController();
      if (act.giveUpAfterMs !== undefined) time.setTimeout(() => abort.abort(), act.giveUpAfterMs);
      const kinds = act.only === 'push' ? { pullKinds: [] } : act.only === 'pull' ? { pushKinds: [] } : {};
      return replica.keep('sync', engine.sync({ ...kinds, signal: abort.signal }));
    }
    case 'fullResync':
      return replica.keep('fullResync', engine.fullResync());
    case 'pause':
      return replica.keep('pause', engine.pause());
    case 'resume':
      return replica.keep('resume', engine.resume());
    case 'offline':
      replica.connection.isCut = true;
      if (act.portKnows) replica.sayOnline(false);
      return;
    case 'online':
      replica.connection.isCut = false;
      replica.sayOnline(true);
      return;
    case 'expireToken':
      replica.connection.validToken += 1;
      replica.canRefresh = act.canRefresh;
      return;
    case 'signIn':
      signIn(replica);
      return;
    case 'crash':
      replica.crash();
      time.setTimeout(() => restart(replica, stage), act.downMs + 1);
      return;
    case 'reopen':
      replica.keep(
        'reopen',
        replica.close().then(() => restart(replica, stage)),
      );
      return;
    case 'clockStep':
      replica.skewMs += act.ms;
      for (const each of replica.engines) each.clock.skewMs = replica.skewMs;
      return;
    case 'freeze':
      clock.freeze();
      time.setTimeout(() => clock.thaw(), act.ms);
      return;
    case 'decide':
      return replica.keep(
        'decide',
        engine.conflicts().then(async ([conflict]) => {
          if (conflict === undefined) return;
          oracle.noteDecision(conflict.conflict, act.how);
          await engine.resolveConflict(conflict.conflict.opId, decisionOf(act.how, conflict));
        }),
      );
    case 'retryStuck':
      return replica.keep('retryStuck', engine.retryStuckOperations());
    case 'dropStuck':
      return replica.keep('dropStuck', engine.dropStuckOperations());
    case 'amend':
      return replica.keep(
        'amend',
        engine.explain().then(async (operations) => {
          const found = operations.find(({ type, tryCount }) => type === 'upsert' && tryCount > 0);
          if (found !== undefined) await engine.amend(found.opId, { title: `amended ${found.opId}` });
        }),
      );
    case 'undoDiscard':
      return replica.keep(
        'undoDiscard',
        engine.discarded().then(async ([newest]) => {
          if (newest !== undefined) await engine.undoDiscard(newest.opId);
        }),
      );
    default:
      return act satisfies never;
  }
}

export function signIn(replica: SimulatedReplica): void {
  replica.token = replica.connection.validToken;
  replica.canRefresh = true;
  for (const { engine, name } of replica.engines) replica.keep(`signedIn of ${name}`, engine.signedIn());
}

/** Opens what a crash left. */
export function restart(replica: SimulatedReplica, { time, log, oracle }: Stage): void {
  if (replica.isUp) return;
  log.trace(replica.name, '## restart');
  time.touch();
  replica.start().then(
    () => {
      time.touch();
      if (replica.isUp) oracle.afterRestart(replica);
    },
    (error: unknown) =>
      time.fail(
        new SimulationViolation(
          'crash',
          `${replica.name} does not start: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`,
        ),
      ),
  );
}

/** What others do on the server. */
export function performServerAct(act: SimulatedServerAct, { server, log, time, oracle }: Stage): void {
  log.countAct(act.type);
  log.trace('server', `## ${JSON.stringify(act)}`);
  time.touch();
  const stamp = `s${time.elapsed.toFixed(0)}`;
  switch (act.type) {
    case 'serverEdit':
      if (act.field === 'points' && act.kind === 'tasks') {
        if (server.edit(act.kind, act.id, (row) => ({ points: Number(row['points'] ?? 0) + 5 })))
          server.ownIncrements.set(
            `${act.kind}/${act.id}`,
            (server.ownIncrements.get(`${act.kind}/${act.id}`) ?? 0) + 5,
          );
      } else
        server.edit(act.kind, act.id, () => ({
          [act.kind === 'lists' ? 'title' : act.field === 'note' ? 'note' : 'title']: stamp,
        }));
      return;
    case 'serverInsert':
      server.insert(act.kind, serverRow(act.kind, act.id, stamp));
      return;
    case 'serverDelete':
      server.delete(act.kind, act.id);
      return;
    case 'refuse':
      server.refuse(act.kind, act.id, act.status);
      return;
    case 'allow':
      server.allow();
      return;
    case 'holdLists':
      return server.backend.holdLists();
    case 'releaseLists':
      return server.backend.releaseLists();
    case 'serverClockBack':
      oracle.hasServerTurnedBack = true;
      return server.backend.turnBack(act.ms);
    case 'forgetKeys':
      server.backend.forgetIdempotencyKeys();
      return;
    default:
      return act satisfies never;
  }
}

const serverRow = (kind: SimulatedKind, id: string, title: string): JsonObject =>
  kind === 'lists'
    ? { id, title, deletedAt: null }
    : { id, title, note: null, done: false, points: 10, tags: [], listId: null, deletedAt: null };

// ── Writes ──────────────────────────────────────────────────────────────────────────────────────────────────────────

async function write(
  kind: SimulatedKind,
  id: string,
  change: SimulatedWrite,
  replica: SimulatedReplica,
): Promise<void> {
  const writer = replica.writerOf(kind);
  const manager = replica.manager();
  if (writer === undefined || manager === undefined) return;
  const table = tableOf(kind);
  const text = `${replica.name}:${replica.nextOpId().split('.')[1] ?? ''}`;
  /** A form that was opened a while ago. */
  const wait = (): Promise<void> =>
    new Promise((resolve) => {
      replica.engines[0]?.clock.setTimeout(resolve, 300);
    });
  if (replica.capturesWrites)
    return writeAsApp(kind, id, change, { manager, text, newRow: newRow(kind, id, text), wait });
  const row = (await manager.getRepository(table).findOneBy({ id })) as SimulatedRow | null;
  const isSeen = row !== null && row.deletedAt === null && row.deletedAtLocal === null;
  if (!isSeen) {
    if (change.type === 'restore' && row !== null) return writer.restore(id);
    return writer.insertAndEnqueue(newRow(kind, id, text));
  }
  switch (change.type) {
    case 'edit': {
      const field = kind === 'lists' ? 'title' : change.field;
      const after = { ...row, [field]: field === 'done' ? row.done !== true : text };
      if (!change.stale) return writer.replaceAndEnqueue(after);
      await wait();
      await writer.replaceAndEnqueueDiff(row, after);
      return;
    }
    case 'replace':
      return writer.replaceAndEnqueue(
        kind === 'lists'
          ? { ...row, title: text }
          : { ...row, title: text, note: text, listId: row.listId === '1' ? null : '1' },
      );
    case 'delete':
      return writer.enqueueDelete(id);
    case 'restore':
      return;
    case 'increment':
      if (kind === 'tasks') await writer.applyDeltas(id, [increment('points', change.by)]);
      return;
    case 'tag':
      if (kind === 'tasks')
        await writer.applyDeltas(id, [(change.add ? addToSet : removeFromSet)('tags', [change.tag])]);
      return;
    default:
      return change satisfies never;
  }
}

const tableOf = (kind: SimulatedKind): string => kind;

const newRow = (kind: SimulatedKind, id: string, title: string): SimulatedRow => {
  const shared = { id, title, updatedAt: '', deletedAt: null, deletedAtLocal: null };
  return kind === 'lists' ? shared : { ...shared, note: null, done: false, points: 0, tags: null, listId: null };
};

function decisionOf(
  how: Extract<SimulatedAct, { type: 'decide' }>['how'],
  { conflict }: StoredConflict,
): ConflictResolution {
  switch (how) {
    case 'acceptServer':
      return acceptServer();
    case 'acceptClient':
      return acceptClient();
    case 'merge':
      return acceptMerged({ ...conflict.serverData, ...conflict.localData });
    case 'discard':
      return discard();
    case 'defer':
      return defer();
  }
}

const textOf = ({ type, ...rest }: SimulatedAct): string =>
  `${type} ${Object.keys(rest).length === 0 ? '' : JSON.stringify(rest)}`;
