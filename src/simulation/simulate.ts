import type { JsonObject } from '../model/values/json.ts';
import { aFunction, anObject, wholeFrom } from '../model/options/bounds.ts';
import { completeOptions, ownedBy } from '../model/options/complete-options.ts';
import { byDefault, optional, type OptionList } from '../model/options/option-list.ts';
import type { TransportAdapter } from '../model/transport.ts';
import { drawScript } from './draw-script.ts';
import { ModelServer } from './model-server.ts';
import { performAct, performServerAct, type Stage } from './perform-act.ts';
import { emptyDatabase } from './simulated-app.ts';
import { SimulatedReplica, simulatedRestTransport, type SimulatedTransportParts } from './simulated-replica.ts';
import { checkRest } from './simulation-end.ts';
import { SimulationLog, type SimulationCounts } from './simulation-log.ts';
import { SimulationOracle } from './simulation-oracle.ts';
import type { SimulatedStep, SimulationScript } from './simulation-script.ts';
import { SimulationViolation, VirtualTime } from './virtual-time.ts';

export interface SimulateOptions {
  /** Draws world, acts and faults if there is no script. @defaultValue 1 */
  readonly seed?: number;
  /** The steps of the run. @defaultValue drawn from the seed */
  readonly script?: SimulationScript;
  /** Creates the transport of each engine, to test your own. @defaultValue `RestTransport` */
  readonly transport?: (parts: SimulatedTransportParts) => TransportAdapter;
}

/** Defaults and bounds of {@link SimulateOptions}. */
export const simulateOptions = {
  seed: byDefault(1, wholeFrom(0)),
  script: optional(anObject),
  transport: optional(aFunction),
} satisfies OptionList<SimulateOptions>;

export interface SimulationResult {
  readonly script: SimulationScript;
  /** The violated invariant; undefined: none. */
  readonly violation: SimulationViolation | undefined;
  /** All events in virtual time. The same script gives the same lines. */
  readonly trace: readonly string[];
  readonly counts: SimulationCounts;
  /** Virtual ms. */
  readonly elapsedMs: number;
}

/**
 * Runs replicas with the real engine on real SQLite against a model server, under one virtual clock and the faults of
 * the script. Checks the invariants at each commit, after each step and at rest. Deterministic: the seed or the script
 * defines the run. Never rejects because of the engine.
 */
export async function simulate(options: SimulateOptions): Promise<SimulationResult> {
  const { seed, script = drawScript(seed) } = completeOptions<SimulateOptions, typeof simulateOptions>(
    ownedBy('simulate'),
    simulateOptions,
    options,
  );
  const time = new VirtualTime();
  const log = new SimulationLog(time);
  const server = new ModelServer(script.world.server, () => time.now());
  const oracle = new SimulationOracle(script.world, server);
  const result = (violation: SimulationViolation | undefined): SimulationResult => ({
    script,
    violation,
    trace: log.lines,
    counts: log.counts,
    elapsedMs: time.elapsed,
  });
  const replicas: SimulatedReplica[] = [];
  try {
    seedServer(server, script);
    const bytes = await emptyDatabase();
    const watch = {
      onCommit: (replica: SimulatedReplica) => {
        log.counts.commits += 1;
        try {
          oracle.onCommit(replica);
        } catch (error) {
          time.fail(asViolation(error));
        }
      },
      onEvent: (_replica: SimulatedReplica, event: Parameters<SimulationOracle['onEvent']>[0]) => {
        oracle.onEvent(event);
        try {
          oracle.checkDeletion(event);
        } catch (error) {
          time.fail(asViolation(error));
        }
      },
    };
    for (const index of replicasOf(script.steps))
      replicas.push(
        new SimulatedReplica(
          index,
          script.world,
          time,
          server,
          log,
          watch,
          bytes,
          options.transport ?? simulatedRestTransport,
        ),
      );
    for (const replica of replicas) await replica.start();
    await time.quiet();
    const stage: Stage = { world: script.world, time, log, server, oracle, replicas };
    if (script.world.warm) {
      for (const replica of replicas)
        for (const { engine } of replica.engines.slice(0, 1)) replica.keep('first sync', engine.sync());
      await time.advance(60_000, () => replicas.every(({ waiting }) => waiting.size === 0));
    }
    for (const replica of replicas) replica.connection.areFaultsOn = true;
    await play(script.steps, stage);
    await checkRest(stage);
    return result(undefined);
  } catch (error) {
    return result(asViolation(error));
  } finally {
    log.counts.operations = oracle.operations.size;
    for (const replica of replicas) {
      log.counts.requests += replica.connection.requests;
      log.counts.crashes += replica.crashes;
      replica.crash();
    }
  }
}

async function play(steps: readonly SimulatedStep[], stage: Stage): Promise<void> {
  const { time, replicas, oracle, log } = stage;
  const replicaOf = (index: number): SimulatedReplica | undefined =>
    replicas.find((replica) => replica.index === index);
  for (const step of steps)
    if ('fault' in step) replicaOf(step.on)?.connection.faults[step.of].set(step.request, step.fault);
  const disarm: (() => void)[] = [];
  for (const step of steps) {
    if ('fault' in step) continue;
    await time.advance(step.afterMs);
    if ('serverAct' in step) performServerAct(step.serverAct, stage);
    else {
      const replica = replicaOf(step.on);
      if (replica === undefined) continue;
      const { boundary, act, engine } = step;
      if (boundary === undefined) performAct(act, replica, engine, stage);
      else if (act.type === 'crash')
        disarm.push(
          replica.arm(boundary, () => {
            log.trace(replica.name, `## crash ${boundary.at}`);
            performAct(act, replica, engine, stage);
          }),
        );
      else {
        // During other work, but outside it: an act must not join the transaction that it interrupts.
        const met = new Promise<void>((resolve) => disarm.push(replica.arm(boundary, resolve)));
        void met.then(() => performAct(act, replica, engine, stage));
      }
    }
    await time.quiet();
    for (const replica of replicas) oracle.check(replica);
  }
  await time.advance(500);
  for (const end of disarm) end();
}

function seedServer(server: ModelServer, { world }: SimulationScript): void {
  if (world.seededRows === 0) return;
  const stamp = String(server.backend.stamp());
  const rowOf = (index: number): JsonObject => ({
    id: String(index + 1),
    title: `seed ${index + 1}`,
    note: null,
    done: false,
    points: 10,
    tags: ['a'],
    listId: null,
    deletedAt: null,
    updatedAt: stamp,
  });
  server.seed(
    'tasks',
    Array.from({ length: world.seededRows }, (_, index) => rowOf(index)),
  );
  server.seed('lists', [{ id: '1', title: 'seed list', deletedAt: null, updatedAt: stamp }]);
}

/** Only replicas with at least one act exist. */
const replicasOf = (steps: readonly SimulatedStep[]): readonly number[] => {
  const named = [...new Set(steps.flatMap((step) => ('on' in step ? [step.on] : [])))].sort((a, b) => a - b);
  return named.length === 0 ? [0] : named;
};

const asViolation = (error: unknown): SimulationViolation =>
  error instanceof SimulationViolation
    ? error
    : new SimulationViolation(
        'crash',
        `the simulation itself failed: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`,
      );
