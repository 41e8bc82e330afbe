import { getShortestPaths } from 'xstate/graph';
import type { SyncMachineEvent } from '../../src/machines/machine-events.ts';
import { syncMachine, type SyncSnapshot } from '../../src/machines/sync-machine.ts';
import { SyncStepError, type SyncFailure } from '../../src/model/errors/failure.ts';
import {
  childrenOf,
  nothingTaken,
  outcome,
  pathOf,
  placeOf,
  plan,
  record,
  ref,
  report,
  settledWith,
  storeBusy,
  storeFailed,
  taken,
  unavailable,
  hydrated,
  decided,
} from '../machines/chart-script.ts';

/** A step as the world has to bring it about. */
export type Cause =
  | { readonly type: 'command'; readonly event: SyncMachineEvent }
  | { readonly type: 'delay'; readonly delay: string }
  | {
      readonly type: 'actor';
      readonly actor: string;
      readonly answer: string;
      readonly failure?: SyncFailure['type'] | undefined;
    };
export interface ChartStep {
  readonly cause: Cause;
  /** Where the chart stands after it. */
  readonly place: string;
  readonly key: string;
}
export interface ChartPath {
  readonly key: string;
  readonly place: string;
  readonly steps: readonly ChartStep[];
}

export const pathKinds = ['lists', 'tasks'];
export const pathLimits = {
  backoffMinMs: 1_000,
  backoffMaxMs: 120_000,
  backoffMultiplier: 2,
  maxRetries: 2,
  maxConflictRetries: 2,
  conflictRetryDelayMs: 500,
};

const isSettling = (value: unknown): boolean => pathOf(value).includes('settling');

/** States that differ only in counts and times are one. */
export function keyOf(snapshot: SyncSnapshot): string {
  const {
    value,
    context: { run, next },
  } = snapshot;
  return [
    placeOf(snapshot),
    next === undefined ? '' : 'more',
    run?.toPull.length === 1 ? 'half pulled' : '',
    run?.conflicts.length === 1 ? 'conflict' : '',
    run?.planned === true ? 'planned' : '',
    (run?.toSweep.length ?? 0) > 0 ? 'resync' : '',
    // While they are settled it matters what the answers were.
    !isSettling(value) || run?.report === undefined ? '' : run.report.failure === undefined ? 'answered' : 'cut off',
  ]
    .filter((word) => word !== '')
    .join(', ');
}

const aPlan = plan({ pushKinds: pathKinds, pullKinds: pathKinds });
const conflicted = settledWith({ pushed: 0, conflicts: [ref('op1')] });
const cutOff = { ...report, reached: false, failure: unavailable };

/**
 * What each actor can answer, with a name by which the world knows how to bring it about; by what the run asks for
 * where that decides.
 */
const answers: Readonly<Record<string, (snapshot: SyncSnapshot) => Readonly<Record<string, unknown>>>> = {
  hydrate: () => ({ ready: hydrated(), paused: hydrated({ paused: true }) }),
  acquireLease: ({ value }) => ({
    held: { held: true, continued: pathOf(value).includes('asking') },
    taken: { held: false },
  }),
  planRun: ({ context: { run } }) => ({
    plan:
      (run?.request.resyncKinds.length ?? 0) > 0
        ? plan({ ...aPlan, resyncKinds: pathKinds, resyncReason: 'manual' })
        : aPlan,
  }),
  takeBatch: () => ({ filled: taken, empty: nothingTaken }),
  sendBatch: () => ({ answered: report, cutOff }),
  settleBatch: ({ context: { run } }) =>
    run?.report !== undefined && run.report.failure === undefined
      ? { applied: settledWith(), conflict: conflicted }
      : { nothing: settledWith({ batchSize: 0, pushed: 0 }) },
  decideConflict: () => ({ apply: decided('apply'), repush: decided('repush') }),
  applyDecision: () => ({ resolved: outcome('resolved') }),
  repushDecision: () => ({ resolved: outcome('resolved'), again: outcome('again') }),
  prepareResync: () => ({ done: undefined }),
  pullKind: () => ({ done: undefined }),
  sweepResync: () => ({ done: { facts: [] } }),
  finishRun: () => ({ done: record() }),
  rememberPaused: () => ({ done: undefined }),
  rememberWait: () => ({ done: undefined }),
};
const storeActors = [
  'hydrate',
  'acquireLease',
  'planRun',
  'takeBatch',
  'settleBatch',
  'decideConflict',
  'applyDecision',
  'prepareResync',
  'sweepResync',
  'finishRun',
];
const failuresOf = (actor: string): readonly SyncFailure[] => [
  ...(storeActors.includes(actor) ? [storeBusy, storeFailed] : []),
  ...(actor === 'pullKind' ? [unavailable] : []),
];
const commands = [
  'SYNC',
  'FULL_RESYNC',
  'PAUSE',
  'RESUME',
  'STOP',
  'outbox.changed',
  'lease.lost',
  'session.expired',
] as const;
const delays = [
  'retryDelay.backoff',
  'retryDelay.sync.activity.starting.blocked',
  'leasePollDelay.sync.activity.standby.watching.waiting',
  'conflictRetryDelay.sync.activity.running.resolvingConflict.spacing',
];

interface Told {
  readonly type: string;
  readonly cause?: Cause;
}

function eventsOf(snapshot: SyncSnapshot): Told[] {
  const ofActors = childrenOf(snapshot).flatMap(({ id, src }) => {
    const actor = String(src);
    return [
      ...Object.entries(answers[actor]?.(snapshot) ?? {}).map(([answer, output]) => ({
        type: `xstate.done.actor.${id}`,
        output,
        cause: { type: 'actor', actor, answer },
      })),
      ...failuresOf(actor).map((failure) => ({
        type: `xstate.error.actor.${id}`,
        error: new SyncStepError(failure),
        cause: { type: 'actor', actor, answer: 'failure', failure: failure.type },
      })),
    ];
  });
  return [
    ...ofActors,
    ...commands.map((type) => ({ type, cause: { type: 'command', event: { type } } })),
    ...delays.map((delay) => ({ type: `xstate.after.${delay}`, cause: { type: 'delay', delay } })),
  ] as Told[];
}

/** A shortest path to each state that differs, from XState's own graph of the chart. */
export function chartPaths(): readonly ChartPath[] {
  const found = getShortestPaths(syncMachine, {
    input: { pushKinds: pathKinds, pullKinds: pathKinds, limits: pathLimits, seed: 1 },
    events: (snapshot) => eventsOf(snapshot) as unknown as SyncMachineEvent[],
    limit: 100_000,
    serializeState: (snapshot) => keyOf(snapshot) as never,
    stopWhen: ({ status, context: { run } }) =>
      status !== 'active' || (run?.conflicts.length ?? 0) > 1 || (run?.attempts ?? 0) > 1,
  });
  return found.map(({ state, steps }) => ({
    key: keyOf(state),
    place: placeOf(state),
    steps: steps.slice(1).map(({ event, state: after }) => {
      const { cause } = event as unknown as Told;
      if (cause === undefined) throw new Error(`no cause for ${event.type}`);
      return { cause, place: placeOf(after), key: keyOf(after) };
    }),
  }));
}
