import type { SyncInput } from '../../machines/machine-context.ts';
import type { SyncMachineEvent } from '../../machines/machine-events.ts';
import type { SyncSnapshot } from '../../machines/sync-machine.ts';
import { SyncStepError, type SyncFailure } from '../../model/errors/failure.ts';
import type { ConflictOutcome, ConflictRef, Plan, SettleReport } from '../../model/run.ts';

/** The cause of a step of the chart. */
export type SyncCause =
  /** The app, a trigger or the engine itself sends an event. */
  | { readonly type: 'command'; readonly event: SyncMachineEvent }
  /** A wait of the chart ends. */
  | { readonly type: 'delay'; readonly delay: string }
  /** An actor ends: `answer` names its result, `failure` names its failure. */
  | {
      readonly type: 'actor';
      readonly actor: string;
      readonly answer: string;
      readonly failure?: SyncFailure['type'] | undefined;
    };

/** The options with which `getShortestPaths(syncMachine, …)` of `xstate/graph` reaches every state of the chart. */
export interface SyncGraph {
  readonly input: SyncInput;
  readonly events: (snapshot: SyncSnapshot) => SyncMachineEvent[];
  readonly serializeState: (snapshot: SyncSnapshot) => never;
  readonly stopWhen: (snapshot: SyncSnapshot) => boolean;
  readonly limit: number;
}

/** The kinds of the paths: two, so that a run can stop between them. */
const kinds = ['first', 'second'];

/** Settings that bound the graph. An engine that follows a path needs the same ones. */
export const pathLimits = {
  backoffMinMs: 1_000,
  backoffMaxMs: 120_000,
  backoffMultiplier: 2,
  maxRetries: 2,
  maxConflictRetries: 2,
  conflictRetryDelayMs: 500,
} as const;

/** Wait in ms between two checks of a lease that another process holds. */
export const leasePollMs = 250;

/** A path of names into a state value, such as `running.pushing.sending`. */
export const pathOf = (value: unknown): string =>
  typeof value === 'string'
    ? value
    : Object.entries(value as object)
        .map(([key, below]) => `${key}.${pathOf(below)}`)
        .join('|');

/** The engine's position; in parentheses the pending command. */
export function placeOf({ value: { activity, intent } }: SyncSnapshot): string {
  const place = pathOf(activity);
  return intent === 'working' || /^(paused|stopped)/.test(place) ? place : `${place} (${intent})`;
}

const isSettling = (value: unknown): boolean => pathOf(value).includes('settling');

/** States that differ only in counts and times are equal. */
export function stateKey(snapshot: SyncSnapshot): string {
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
    // During settling, the kind of answers matters.
    !isSettling(value) || run?.report === undefined ? '' : run.report.failure === undefined ? 'answered' : 'cut off',
  ]
    .filter((word) => word !== '')
    .join(', ');
}

const unavailable: SyncFailure = { type: 'unavailable', message: 'no connection', at: 0 };
const storeBusy: SyncFailure = { type: 'storeBusy', message: 'database is locked', at: 0 };
const storeFailed: SyncFailure = { type: 'storeFailed', message: 'disk full', at: 0 };

const plan: Plan = { pushKinds: kinds, pullKinds: kinds, resyncKinds: [], conflicts: [], facts: [] };
const settled = (changes: Partial<SettleReport> = {}): SettleReport => ({
  batchSize: 1,
  pushed: 1,
  errors: 0,
  conflicts: [],
  facts: [],
  ...changes,
});
const conflict: ConflictRef = { kind: 'first', entityId: 'a row', opId: 'an operation' };
const decided = (type: 'apply' | 'repush') => ({ type, facts: [] });
const ended = (type: ConflictOutcome['type']): ConflictOutcome => ({ type, pushed: 0, errors: 0, facts: [] });
const report = { answered: 1, reached: true };

/** The possible answers of each actor by name. They depend on the state if the run's request decides. */
const answers: Readonly<Record<string, (snapshot: SyncSnapshot) => Readonly<Record<string, unknown>>>> = {
  hydrate: () => ({ ready: { paused: false, attempt: 0 }, paused: { paused: true, attempt: 0 } }),
  acquireLease: ({ value }) => ({
    held: { held: true, continued: pathOf(value).includes('asking') },
    taken: { held: false },
  }),
  planRun: ({ context: { run } }) => ({
    plan:
      (run?.request.resyncKinds.length ?? 0) > 0
        ? { ...plan, resyncKinds: kinds, resyncReason: 'manual' as const }
        : plan,
  }),
  takeBatch: () => ({ filled: { batchId: 7, count: 1, facts: [] }, empty: { batchId: 8, count: 0, facts: [] } }),
  sendBatch: () => ({ answered: report, cutOff: { ...report, reached: false, failure: unavailable } }),
  settleBatch: ({ context: { run } }) =>
    run?.report !== undefined && run.report.failure === undefined
      ? { applied: settled(), conflict: settled({ pushed: 0, conflicts: [conflict] }) }
      : { nothing: settled({ batchSize: 0, pushed: 0 }) },
  decideConflict: () => ({ apply: decided('apply'), repush: decided('repush') }),
  applyDecision: () => ({ resolved: ended('resolved') }),
  repushDecision: () => ({ resolved: ended('resolved'), again: ended('again') }),
  prepareResync: () => ({ done: undefined }),
  pullKind: () => ({ done: undefined }),
  sweepResync: () => ({ done: { facts: [] } }),
  finishRun: () => ({ done: { tookMs: 5, at: 90_000, facts: [] } }),
  rememberPaused: () => ({ done: undefined }),
  rememberWait: () => ({ done: undefined }),
};

/** Actors that fail with the database. */
const storeActors = new Set([
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
]);
const failuresOf = (actor: string): readonly SyncFailure[] => [
  ...(storeActors.has(actor) ? [storeBusy, storeFailed] : []),
  ...(actor === 'pullKind' ? [unavailable] : []),
];

const commands: readonly SyncMachineEvent[] = [
  { type: 'SYNC' },
  { type: 'FULL_RESYNC' },
  { type: 'PAUSE' },
  { type: 'RESUME' },
  { type: 'STOP' },
  { type: 'outbox.changed' },
  { type: 'lease.lost' },
  { type: 'session.expired' },
];
const delays = [
  'retryDelay.backoff',
  'retryDelay.sync.activity.starting.blocked',
  'leasePollDelay.sync.activity.standby.watching.waiting',
  'conflictRetryDelay.sync.activity.running.resolvingConflict.spacing',
];

interface CausedEvent {
  readonly type: string;
  readonly cause?: SyncCause;
}

/** The cause of an event of the graph; undefined for any other event. */
export const causeOf = (event: object): SyncCause | undefined => (event as CausedEvent).cause;

function eventsOf(snapshot: SyncSnapshot): CausedEvent[] {
  const running = Object.values(snapshot.children as Record<string, { readonly id: string; readonly src: unknown }>);
  const ofActors = running.flatMap(({ id, src }) => {
    const actor = String(src);
    const ends = Object.entries(answers[actor]?.(snapshot) ?? {}).map(([answer, output]) => ({
      type: `xstate.done.actor.${id}`,
      output,
      cause: { type: 'actor', actor, answer } as const,
    }));
    const fails = failuresOf(actor).map((failure) => ({
      type: `xstate.error.actor.${id}`,
      error: new SyncStepError(failure),
      cause: { type: 'actor', actor, answer: 'failure', failure: failure.type } as const,
    }));
    return [...ends, ...fails];
  });
  return [
    ...ofActors,
    ...commands.map((event) => ({ ...event, cause: { type: 'command', event } as const })),
    ...delays.map((delay) => ({ type: `xstate.after.${delay}`, cause: { type: 'delay', delay } as const })),
  ];
}

/**
 * The options with which `getShortestPaths(syncMachine, syncGraph())` finds every state. Without them it knows no
 * answer of an actor and stops at the first one. States that differ only in counts and times are equal. A path ends
 * after two consecutive failures and at the end of the engine.
 */
export const syncGraph = (): SyncGraph => ({
  input: { pushKinds: kinds, pullKinds: kinds, limits: pathLimits, seed: 1 },
  events: (snapshot) => eventsOf(snapshot) as object[] as SyncMachineEvent[],
  limit: 100_000,
  serializeState: (snapshot) => stateKey(snapshot) as never,
  stopWhen: ({ status, context: { run } }) =>
    status !== 'active' || (run?.conflicts.length ?? 0) > 1 || (run?.attempts ?? 0) > 1,
});
