import { deepEqual } from '../rules/values/deep-equal.ts';
import { restart, signIn, type Stage } from './perform-act.ts';
import { simulatedKinds } from './simulated-app.ts';
import type { SimulatedReplica } from './simulated-replica.ts';
import { SimulationViolation } from './virtual-time.ts';
import type { PendingOperation } from '../model/pending-operation.ts';

/** Virtual ms after the last fault within which everything must be done, or explain why not. */
const livenessMs = 120_000;
/** Reasons for which an operation may stay, because somebody must act. */
const restReasons: ReadonlySet<string> = new Set(['conflict', 'stuck', 'ambiguous']);

/** Ends all faults and checks that everything comes to rest: liveness, convergence, and no open promise. */
export async function checkRest(stage: Stage): Promise<void> {
  const { time, log, server, replicas, oracle, world } = stage;
  log.trace('all', '## faults are over');
  server.allow();
  server.backend.releaseLists();
  for (const replica of replicas) {
    replica.connection.areFaultsOn = false;
    replica.connection.isCut = false;
    restart(replica, stage);
  }
  await time.quiet();
  for (const replica of replicas) {
    for (const { clock } of replica.engines) clock.thaw();
    replica.sayOnline(true);
    signIn(replica);
    for (const { engine } of replica.engines) replica.keep('resume', engine.resume());
  }
  await time.quiet();
  const end = time.now() + livenessMs;
  const isDone = (): boolean =>
    replicas.every((replica) => oracle.readQueue(replica).length === 0 && replica.waiting.size === 0);
  for (let round = 0; time.now() < end; round += 1) {
    if (!world.client.automatic && round % 3 === 0)
      for (const replica of replicas) for (const { engine } of replica.engines) replica.keep('sync', engine.sync());
    await time.advance(Math.min(10_000, end - time.now()));
    for (const replica of replicas) oracle.check(replica);
    if (isDone()) break;
  }
  for (const replica of replicas) await checkLiveness(replica, stage);
  await converge(stage);
}

async function checkLiveness(replica: SimulatedReplica, { time, log }: Stage): Promise<void> {
  const [open] = replica.waiting.values();
  if (open !== undefined)
    throw new SimulationViolation(
      'I8',
      `${replica.name}: '${open.what}' has been waiting for ${time.elapsed - open.since} ms of virtual time`,
    );
  const engine = replica.engines[0]?.engine;
  if (engine === undefined) throw new SimulationViolation('crash', `${replica.name} is down`);
  let operations: readonly PendingOperation[] = [];
  replica.keep(
    'explain',
    engine.explain().then((explained) => {
      operations = explained;
    }),
  );
  await time.quiet();
  const parked = new Set(
    operations
      .filter(({ reason }) => restReasons.has(reason))
      .flatMap(({ opId, kind, entityId }) => [opId, `${kind}/${entityId}`]),
  );
  for (const { opId, reason, detail, waitingFor } of operations) {
    const isAtRest = restReasons.has(reason) || (reason === 'waitingFor' && waitingFor !== undefined);
    if (reason === 'waitingFor' && waitingFor !== undefined) parked.add(opId);
    if (!isAtRest)
      throw new SimulationViolation(
        'liveness',
        `${replica.name}: ${opId} is still there ${livenessMs / 1000} s after the last fault: ${reason}, ${detail}`,
      );
    log.trace(replica.name, `rests: ${opId} ${reason} ${detail}`);
  }
}

/** I5: data that is not parked is the same everywhere. */
async function converge(stage: Stage): Promise<void> {
  const { time, replicas, world, oracle } = stage;
  const needsResync =
    // Only a full resync lists writes after the clock went back (F-161).
    oracle.hasServerTurnedBack ||
    world.server.deletes === 'hard' ||
    world.server.paging === 'offsetToken' ||
    (world.server.pageCapBytes !== undefined && !world.server.hasMore);
  const runAll = async (what: 'sync' | 'fullResync'): Promise<void> => {
    for (const replica of replicas) {
      const engine = replica.engines[0]?.engine;
      if (engine !== undefined) replica.keep(what, what === 'sync' ? engine.sync() : engine.fullResync());
      await time.advance(60_000, () => replica.waiting.size === 0);
      const [open] = replica.waiting.values();
      if (open !== undefined)
        throw new SimulationViolation(
          'I8',
          `${replica.name}: '${open.what}' takes more than a minute without any fault`,
        );
    }
  };
  // Replicas must receive what one of them sends or decides, which may require further decisions.
  for (let round = 0; ; round += 1) {
    try {
      for (const replica of replicas) compare(replica, stage);
      break;
    } catch (error) {
      if (round === 4 || !(error instanceof SimulationViolation) || error.invariant !== 'I5') throw error;
    }
    await runAll(needsResync && round === 1 ? 'fullResync' : 'sync');
  }
  comparePoints(stage);
}

function compare(replica: SimulatedReplica, { oracle, server }: Stage): void {
  oracle.check(replica);
  const pending = new Set(oracle.readQueue(replica).map(({ kind, id }) => `${kind}/${id}`));
  for (const { kind, entity_id } of replica.database?.look<{ kind: string; entity_id: string }>(
    'SELECT "kind", "entity_id" FROM "sync_quarantine"',
  ) ?? [])
    pending.add(`${kind}/${entity_id}`);
  for (const kind of simulatedKinds) {
    const local = oracle.localRows(replica, kind);
    const ids = new Set([...local.keys(), ...server.backend.getAll(kind).map((row) => String(row['id']))]);
    for (const id of ids) {
      if (pending.has(`${kind}/${id}`)) continue;
      const there = server.backend.get(kind, id);
      const row = local.get(id);
      const here = row !== undefined && row['deletedAt'] === null && row['deletedAtLocal'] === null ? row : undefined;
      const where = `${replica.name}: ${kind}/${id}`;
      if ((there === undefined) !== (here === undefined))
        throw new SimulationViolation(
          'I5',
          `${where} is ${here === undefined ? 'not ' : ''}shown here, and ${there === undefined ? 'not ' : ''}on the server; here ${JSON.stringify(row)}`,
        );
      if (there === undefined || here === undefined) continue;
      for (const [field, value] of Object.entries(here)) {
        if (field === 'deletedAtLocal' || deepEqual(value, there[field] ?? emptyOf(field))) continue;
        throw new SimulationViolation(
          'I5',
          `${where}.${field} is ${JSON.stringify(value)} here and ${JSON.stringify(there[field])} on the server`,
        );
      }
    }
  }
}

/** The value of a column that the server has never sent. */
const emptyOf = (field: string): null | false | 0 => (field === 'done' ? false : field === 'points' ? 0 : null);

/** I2: relative changes of a row that was never deleted add up exactly. */
function comparePoints({ oracle, server, world, replicas }: Stage): void {
  // Parked changes may or may not have been applied.
  const open = new Set(replicas.flatMap((replica) => oracle.readQueue(replica).map(({ id }) => id)));
  const { client } = world;
  if (
    !['autoPreserve', 'merge'].includes(client.strategy) ||
    client.mergedPush === 'force' ||
    client.skipConflictingOps
  )
    return;
  const operations = [...oracle.operations.values()].filter(({ kind }) => kind === 'tasks');
  if (operations.some(({ opId }) => !opId.startsWith('r'))) return;
  for (const row of server.backend.getAll('tasks')) {
    const id = String(row['id']);
    const ofRow = operations.filter((op) => op.id === id);
    const states = server.backend.history.get(`tasks/${id}`) ?? [];
    if (
      ofRow.length === 0 ||
      open.has(id) ||
      ofRow.some(({ type, creates }) => type === 'delete' || creates) ||
      states.includes(null)
    )
      continue;
    // An app that saves a row read before an increment writes the old number back, and lists the field as changed.
    if (ofRow.some(({ changed }) => changed?.includes('points') === true)) continue;
    const applied = ofRow.filter(({ opId }) => oracle.fates.get(opId) === 'applied').flatMap(({ deltas }) => deltas);
    const sum = applied.reduce((total, delta) => total + (delta.type === 'increment' ? delta.by : 0), 0);
    const expected = Number(states[0]?.['points'] ?? 0) + sum + (server.ownIncrements.get(`tasks/${id}`) ?? 0);
    if (Number(row['points']) !== expected)
      throw new SimulationViolation(
        'I2',
        `tasks/${id}.points is ${JSON.stringify(row['points'])} on the server; the applied increments make it ${expected}`,
      );
  }
}
