/** Drives the bare chart by hand, one event at a time, with the pure `transition`: no actor runs, no clock ticks. */
import { initialTransition, transition } from 'xstate';
import { phaseOf } from '../../src/machines/phase-of.ts';
import type { SyncEmitted, SyncMachineEvent } from '../../src/machines/machine-events.ts';
import { syncMachine, type SyncSnapshot } from '../../src/machines/sync-machine.ts';
import type { SyncFact } from '../../src/model/events.ts';
import { SyncStepError, type SyncFailure } from '../../src/model/errors/failure.ts';
import type { ConflictOutcome, ConflictRef, Plan, SettleReport, Taken } from '../../src/model/run.ts';

export const limits = {
  backoffMinMs: 1_000,
  backoffMaxMs: 120_000,
  backoffMultiplier: 2,
  maxRetries: 2,
  maxConflictRetries: 2,
  conflictRetryDelayMs: 500,
};
export const kinds = ['todos', 'lists'];
export const input = { pushKinds: kinds, pullKinds: kinds, limits, seed: 1 };

// ── What actors answer ──────────────────────────────────────────────────────────────────────────────────────────────

export const plan = (changes: Partial<Plan> = {}): Plan => ({
  pushKinds: kinds,
  pullKinds: kinds,
  resyncKinds: [],
  conflicts: [],
  facts: [],
  ...changes,
});
export const taken: Taken = { batchId: 7, count: 1, facts: [] };
export const nothingTaken: Taken = { batchId: 8, count: 0, facts: [] };
export const report = { answered: 1, reached: true };
export const settledWith = (changes: Partial<SettleReport> = {}): SettleReport => ({
  batchSize: 1,
  pushed: 1,
  errors: 0,
  conflicts: [],
  facts: [],
  ...changes,
});
export const ref = (opId: string): ConflictRef => ({ kind: 'todos', entityId: `entity of ${opId}`, opId });
export const decided = (type: 'apply' | 'repush' | 'leave') => ({ type, facts: [] });
export const outcome = (type: ConflictOutcome['type'], changes: Partial<ConflictOutcome> = {}): ConflictOutcome => ({
  type,
  pushed: 0,
  errors: 0,
  facts: [],
  ...changes,
});
export const page = (kind: string, pulled: number, facts: readonly SyncFact[] = []) => ({
  kind,
  pageSize: pulled,
  pulled,
  ignored: 0,
  facts,
});
export const record = (changes: object = {}) => ({ tookMs: 5, at: 90_000, facts: [], ...changes });
export const hydrated = (changes: object = {}) => ({ paused: false, attempt: 0, ...changes });
export const fact = (message: string): SyncFact => ({ type: 'transport.warning', message });

export const unavailable: SyncFailure = { type: 'unavailable', message: 'no connection', at: 50_000 };
export const unauthorized: SyncFailure = { type: 'authRequired', message: '401', at: 50_000 };
export const throttled = (retryAfterMs: number): SyncFailure => ({
  type: 'throttled',
  message: '429',
  at: 50_000,
  retryAfterMs,
});
export const kindFailed = (kind: string, phase: 'push' | 'pull' = 'pull'): SyncFailure => ({
  type: 'kindFailed',
  kind,
  phase,
  message: `${phase} failed for kind=${kind}`,
  at: 50_000,
});
export const storeBusy: SyncFailure = { type: 'storeBusy', message: 'database is locked', at: 50_000 };
export const storeFailed: SyncFailure = { type: 'storeFailed', message: 'disk full', at: 50_000 };
export const scopeChanged: SyncFailure = {
  type: 'scopeChanged',
  message: 'the database belongs to another user',
  at: 50_000,
};
export const leaseLost: SyncFailure = { type: 'leaseLost', message: 'another process works', at: 50_000 };
export const failures = [
  unavailable,
  unauthorized,
  throttled(1),
  throttled(1e9),
  kindFailed('todos'),
  kindFailed('todos', 'push'),
  storeBusy,
  storeFailed,
  scopeChanged,
  leaseLost,
] as const;

// ── The script ──────────────────────────────────────────────────────────────────────────────────────────────────────

export interface AnyEvent {
  readonly type: string;
}
interface Child {
  readonly id: string;
  readonly src: unknown;
}
export const childrenOf = (snapshot: SyncSnapshot): readonly Child[] =>
  Object.values(snapshot.children as Record<string, Child>);
export const pathOf = (value: unknown): string =>
  typeof value === 'string'
    ? value
    : Object.entries(value as object)
        .map(([key, below]) => `${key}.${pathOf(below)}`)
        .join('|');

/** Where the engine works; with what it was told to do afterwards, while it still has to finish that work. */
export function placeOf({ value: { activity, intent } }: SyncSnapshot): string {
  const place = pathOf(activity);
  return intent === 'working' || /^(paused|stopped)/.test(place) ? place : `${place} (${intent})`;
}

/** A chart at one moment; every step gives a new one. `emitted` is what the last `send`, `done`, … told. */
export class Script {
  constructor(
    readonly snapshot: SyncSnapshot,
    readonly emitted: readonly SyncEmitted[] = [],
    readonly actions: readonly string[] = [],
  ) {}

  private step(event: AnyEvent): Script {
    // An actor that is done takes no more events; the pure `transition` would.
    if (this.snapshot.status !== 'active') return new Script(this.snapshot);
    const [next, actions] = transition(syncMachine, this.snapshot, event as SyncMachineEvent);
    const executed = actions as readonly { readonly type: string; readonly params?: unknown }[];
    const emitted = executed.flatMap(({ type, params }) =>
      type === 'xstate.emit' ? [(params as { event: SyncEmitted }).event] : [],
    );
    return new Script(
      next,
      emitted,
      executed.map(({ type }) => type),
    );
  }
  private child(src: string): string {
    const child = childrenOf(this.snapshot).find((one) => one.src === src);
    if (!child) throw new Error(`${src} is not running in ${JSON.stringify(this.snapshot.value)}`);
    return child.id;
  }
  send(...events: readonly SyncMachineEvent[]): Script {
    let script: Script = this;
    const emitted: SyncEmitted[] = [];
    const actions: string[] = [];
    for (const event of events) {
      script = script.step(event);
      emitted.push(...script.emitted);
      actions.push(...script.actions);
    }
    return new Script(script.snapshot, emitted, actions);
  }
  done(src: string, output?: unknown): Script {
    return this.step({ type: `xstate.done.actor.${this.child(src)}`, output } as AnyEvent);
  }
  fail(src: string, failure: unknown): Script {
    const error =
      typeof failure === 'object' && failure !== null && 'message' in failure && 'type' in failure
        ? new SyncStepError(failure as SyncFailure)
        : failure;
    return this.step({ type: `xstate.error.actor.${this.child(src)}`, error } as AnyEvent);
  }
  page(kind: string, pulled: number, facts: readonly SyncFact[] = []): Script {
    return this.step({
      type: `xstate.snapshot.${this.child('pullKind')}`,
      snapshot: { status: 'active', context: page(kind, pulled, facts) },
    } as AnyEvent);
  }
  /** Lets a wait pass: the delay's name and the id of the state that waits. */
  elapse(delay = 'retryDelay', state = 'backoff'): Script {
    return this.step({ type: `xstate.after.${delay}.${state}` });
  }

  get phase() {
    return phaseOf(this.snapshot);
  }
  get place(): string {
    return placeOf(this.snapshot);
  }
  get context() {
    return this.snapshot.context;
  }
  get told(): readonly string[] {
    return this.emitted.map((event) => event.type);
  }
  running(src: string): boolean {
    return childrenOf(this.snapshot).some((child) => child.src === src);
  }
  /** The input that a running actor was given. */
  inputOf(src: string): unknown {
    const child = childrenOf(this.snapshot).find((one) => one.src === src) as
      | { getPersistedSnapshot(): { input?: unknown } }
      | undefined;
    return child?.getPersistedSnapshot().input;
  }
  is(place: Parameters<SyncSnapshot['matches']>[0]): boolean {
    return this.snapshot.matches(place);
  }
}

// ── Ways to every place ─────────────────────────────────────────────────────────────────────────────────────────────

export const sync = { type: 'SYNC', waiter: 'w1' } as const;
export const automatic = { type: 'SYNC', automatic: true } as const;

export const starting = (): Script => new Script(initialTransition(syncMachine, input)[0]);
export const idle = (): Script => starting().done('hydrate', hydrated());
export const asking = (event: SyncMachineEvent = sync): Script => idle().send(event);
export const held = { held: true, continued: true };
export const planning = (event: SyncMachineEvent = sync): Script => asking(event).done('acquireLease', held);
export const taking = (changes: Partial<Plan> = {}, event: SyncMachineEvent = sync): Script =>
  planning(event).done('planRun', plan(changes));
export const sending = (event: SyncMachineEvent = sync): Script => taking({}, event).done('takeBatch', taken);
export const settling = (event: SyncMachineEvent = sync): Script => sending(event).done('sendBatch', report);
export const deciding = (): Script =>
  settling()
    .done('settleBatch', settledWith({ pushed: 0, conflicts: [ref('op1'), ref('op2')] }))
    .done('takeBatch', nothingTaken);
export const applying = (): Script => deciding().done('decideConflict', decided('apply'));
export const repushing = (): Script => deciding().done('decideConflict', decided('repush'));
export const spacing = (): Script => repushing().done('repushDecision', outcome('again'));
export const paging = (event: SyncMachineEvent = sync): Script => taking({}, event).done('takeBatch', nothingTaken);
export const finishing = (event: SyncMachineEvent = sync): Script => paging(event).done('pullKind').done('pullKind');
export const preparing = (): Script =>
  planning({ type: 'FULL_RESYNC', waiter: 'w1' }).done('planRun', plan({ resyncKinds: kinds, resyncReason: 'manual' }));
export const sweeping = (): Script =>
  preparing().done('prepareResync').done('takeBatch', nothingTaken).done('pullKind').done('pullKind');
export const backingOff = (event: SyncMachineEvent = sync): Script => paging(event).fail('pullKind', unavailable);
export const paused = (): Script => idle().send({ type: 'PAUSE' });
export const watching = (): Script => asking().done('acquireLease', { held: false });
export const failedStore = (): Script => starting().fail('hydrate', storeFailed);
/** Lets a run that waits go on: the wait passes and the lease is ours again. */
export const resume = (waiting: Script, answer = held): Script =>
  (waiting.place === 'backoff' ? waiting.elapse() : waiting).done('acquireLease', answer);
/** RESUME with the pause taken back in the store. */
export const unpause = (script: Script): Script => script.send({ type: 'RESUME' }).done('rememberPaused');

/** One script for every place where the chart can stand; the name is the place. */
export const places: Readonly<Record<string, () => Script>> = {
  'starting.hydrating': starting,
  'starting.hydrating (pausing)': () => starting().send({ type: 'PAUSE' }),
  'starting.blocked': () => starting().fail('hydrate', storeBusy),
  'starting.blocked (pausing)': () => starting().send({ type: 'PAUSE' }).fail('hydrate', storeBusy),
  idle,
  'standby.asking': asking,
  'standby.watching.waiting': watching,
  'standby.watching.polling': () => watching().elapse('leasePollDelay', 'sync.activity.standby.watching.waiting'),
  'running.planning': planning,
  'running.pushing.taking.current': taking,
  'running.pushing.taking.outdated': () => taking().send({ type: 'outbox.changed' }),
  'running.pushing.sending': sending,
  'running.pushing.settling': settling,
  'running.pushing.settling (pausing)': () => settling().send({ type: 'PAUSE' }),
  'running.pushing.settling (stopping)': () => settling().send({ type: 'STOP' }),
  'running.resolvingConflict.deciding': deciding,
  'running.resolvingConflict.applying': applying,
  'running.resolvingConflict.repushing': repushing,
  'running.resolvingConflict.spacing': spacing,
  'running.pulling.paging': paging,
  'running.fullResync.preparing': preparing,
  'running.fullResync.sweeping': sweeping,
  'running.finishing': finishing,
  backoff: backingOff,
  'paused.resting': paused,
  'paused.leaving': () => paused().send({ type: 'RESUME' }),
  failed: failedStore,
  stopped: () => idle().send({ type: 'STOP' }),
};

/** Everything that can be sent from outside. */
export const commands: readonly SyncMachineEvent[] = [
  sync,
  automatic,
  { type: 'FULL_RESYNC' },
  { type: 'RESOLVE_CONFLICT', opId: 'op1', resolution: { type: 'defer' } },
  { type: 'PAUSE' },
  { type: 'RESUME' },
  { type: 'SIGNED_IN' },
  { type: 'STOP' },
  { type: 'WAITER_LEFT', waiter: 'w1' },
  { type: 'outbox.changed' },
  { type: 'remote.changed' },
  { type: 'network.online' },
  { type: 'network.offline' },
  { type: 'session.expired' },
  { type: 'lease.lost' },
];
