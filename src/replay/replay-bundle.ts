import { wholeFrom } from '../model/options/bounds.ts';
import { completeOptions, ownedBy } from '../model/options/complete-options.ts';
import { byDefault, type OptionList } from '../model/options/option-list.ts';
import type { Json } from '../model/values/json.ts';
import { parseBundle } from '../devtools/protocol/parse-bundle.ts';
import { SimulationOracle } from '../simulation/simulation-oracle.ts';
import { SimulationViolation, VirtualTime } from '../simulation/virtual-time.ts';
import { recordedDraws } from './plan/draws.ts';
import { compareAtSave } from './play/compare-at-save.ts';
import { finishReplay, operationsNow } from './play/finish-replay.ts';
import { knownConflicts } from './play/known-conflicts.ts';
import { playActs } from './play/play-acts.ts';
import { resolutionOf } from './plan/planned-acts.ts';
import { putIn } from './play/put-in.ts';
import { recordedSpan } from './plan/recorded-span.ts';
import { RecordedAnswers } from './plan/recorded-answers.ts';
import { planReplay } from './plan/replay-plan.ts';
import { recordedResolver, ReplayReplica, toWireRow } from './play/replay-replica.ts';
import type { ReplayReport } from './play/replay-report.ts';
import { ReplayServer } from './play/replay-server.ts';
import { firstDeparture, stepsOf, type ReplayStep } from './play/replay-steps.ts';
import { ReplayTransport } from './play/replay-transport.ts';

export interface ReplayOptions {
  /** Draws values that the recording lacks, such as the waits of single operations. @defaultValue 1 */
  readonly seed?: number | undefined;
}

/** Defaults and bounds of {@link ReplayOptions}. */
export const replayOptions = { seed: byDefault(1, wholeFrom(0)) } satisfies OptionList<ReplayOptions>;

/**
 * Replays a saved file of the devtools: the real engine on SQLite in memory, the edits and commands at their times, and
 * the server's recorded answers, under a virtual clock and the simulator's invariants. Then continues without faults
 * until nothing changes. Deterministic. Throws `TypeError` that names the invalid part of the file, or `DatabaseError`
 * that names what to install. Resolves with the report, even if an invariant is violated.
 */
export async function replayBundle(file: Json, options: ReplayOptions = {}): Promise<ReplayReport> {
  const { seed } = completeOptions<ReplayOptions, typeof replayOptions>(
    ownedBy('replayBundle'),
    replayOptions,
    options,
  );
  const bundle = parseBundle(file);
  const plan = planReplay(bundle);
  const { entries } = recordedSpan(bundle);
  const time = new VirtualTime(plan.startAt);
  // The server has its own clock. Its new timestamps must be newer than those in the file.
  const newest = Math.max(
    plan.startAt,
    ...[...plan.cursors.map(({ ts }) => ts), ...plan.rows.map(({ version }) => version)].flatMap((text) =>
      timeOf(text),
    ),
  );
  const server = new ReplayServer(
    () => time.now() + (newest + 1 - plan.startAt),
    plan.capabilities,
    knownConflicts(bundle, entries),
  );
  const unexpected: string[] = [];
  const answers = new RecordedAnswers(plan.calls);
  const transport = new ReplayTransport({
    time,
    server,
    answers,
    capabilities: plan.capabilities,
    isUnderWay: plan.isUnderWay,
    onUnexpected: (what) => unexpected.push(what),
  });
  const strategies = new Set(plan.tables.map(({ strategy }) => strategy));
  const [only] = strategies;
  const oracle = new SimulationOracle(
    {
      server: { paging: 'keyset' },
      client: {
        strategy: strategies.size === 1 && only !== undefined ? only : 'manual',
        mergedPush: plan.config.mergedPush ?? 'conditional',
      },
    },
    server.model,
    { kinds: plan.tables.map(({ kind }) => kind), toWire: (_kind, row) => toWireRow(row), ownerOf: () => 'device' },
  );
  const watched: { replica?: ReplayReplica; commits: number } = { commits: 0 };
  const replica = await ReplayReplica.open({
    plan,
    time,
    transport,
    random: recordedDraws({
      seed: plan.seed,
      dueTimes: plan.dueTimes,
      limits: { backoffMinMs: 1_000, backoffMaxMs: 120_000, backoffMultiplier: 2, ...plan.config },
      now: () => time.now(),
      fallbackSeed: seed,
    }),
    resolver: plan.hasResolver ? recordedResolver((opId) => resolutionOf(opId, entries, bundle)) : undefined,
    onCommit: () => {
      if (watched.replica === undefined) return;
      watched.commits += 1;
      try {
        oracle.onCommit(watched.replica);
      } catch (error) {
        time.fail(asViolation(error));
      }
    },
  });
  watched.replica = replica;
  replica.engine.events$.subscribe((event) => oracle.onEvent(event));

  const begun = { logId: 0, endId: undefined as number | undefined };
  const stepsFrom = (afterId: number, untilId?: number, phase?: string): readonly ReplayStep[] =>
    stepsOf(
      replica.agent.log.read({ afterId }).filter(({ id }) => untilId === undefined || id <= untilId),
      phase,
    );
  const recorded = stepsOf(entries);
  const base = {
    saved: {
      name: bundle.engine.name,
      at: bundle.at,
      startAt: plan.startAt,
      entries: bundle.entries.length,
      operations: bundle.operations.total,
      diagnosis: bundle.view.diagnosis ?? [],
    },
    assumed: plan.assumed,
    recorded,
    unexpected,
  };
  const report = (rest: Pick<ReplayReport, 'differences' | 'drained' | 'left' | 'violation'>): ReplayReport => {
    const steps = stepsFrom(begun.logId, begun.endId);
    const departure = recorded.length === 0 ? undefined : firstDeparture(steps, recorded);
    return {
      ...base,
      steps,
      after:
        begun.endId === undefined
          ? []
          : stepsFrom(begun.endId, undefined, steps.findLast(({ type }) => type === 'phase')?.text),
      departure,
      commits: watched.commits,
      ...rest,
      outcome: rest.violation !== undefined ? 'violated' : rest.differences.length > 0 ? 'different' : 'same',
    };
  };
  try {
    await putIn(plan, { replica, server, time, oracle });
    begun.logId = replica.agent.log.lastId;
    await playActs(plan, { replica, time, oracle });
    await time.advance(Math.max(0, plan.endAt - time.now()));
    begun.endId = replica.agent.log.lastId;
    const differences = compareAtSave(bundle, await operationsNow(replica));
    const { drained, left } = await finishReplay(plan, { replica, transport, time, oracle });
    return report({ differences, drained, left, violation: undefined });
  } catch (error) {
    const { invariant, message } = asViolation(error);
    return report({ differences: [], drained: [], left: [], violation: { invariant, message } });
  } finally {
    await replica.close();
  }
}

const timeOf = (text: string | null | undefined): readonly number[] => {
  const time = text === null || text === undefined ? NaN : /^\d+$/.test(text) ? Number(text) : Date.parse(text);
  return Number.isNaN(time) ? [] : [time];
};

const asViolation = (error: unknown): SimulationViolation =>
  error instanceof SimulationViolation
    ? error
    : new SimulationViolation(
        'crash',
        `the re-run itself failed: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`,
      );
