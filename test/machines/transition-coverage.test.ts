import { createActor, fromObservable, fromPromise, type AnyStateNode } from 'xstate';
import { expect, test } from 'vitest';
import { eventName } from '../../src/devtools/agent/recording/chart-view.ts';
import type { SyncMachineEvent } from '../../src/machines/machine-events.ts';
import { syncMachine } from '../../src/machines/sync-machine.ts';
import { SyncStepError } from '../../src/model/errors/failure.ts';
import {
  automatic,
  backingOff,
  childrenOf,
  commands,
  decided,
  failures,
  finishing,
  hydrated,
  kindFailed,
  nothingTaken,
  outcome,
  page,
  paging,
  places,
  plan,
  preparing,
  record,
  ref,
  report,
  repushing,
  scopeChanged,
  type Script,
  settledWith,
  settling,
  sweeping,
  taken,
  unavailable,
} from './chart-script.ts';

/** What every actor may answer, as far as the chart tells answers apart. */
const answers: Readonly<Record<string, readonly unknown[]>> = {
  hydrate: [hydrated(), hydrated({ paused: true }), hydrated({ wait: { delayMs: 5_000 }, attempt: 1 })],
  checkScope: [undefined, scopeChanged],
  acquireLease: [{ held: true, continued: true }, { held: true, continued: false }, { held: false }],
  planRun: [plan(), plan({ resyncKinds: ['todos'] })],
  takeBatch: [taken, nothingTaken],
  sendBatch: [report, { ...report, reached: false }, { ...report, failure: unavailable }],
  settleBatch: [settledWith(), settledWith({ conflicts: [ref('op1')] })],
  decideConflict: [decided('apply'), decided('repush'), decided('leave')],
  applyDecision: [outcome('resolved'), outcome('again'), outcome('left'), outcome('left', { failure: unavailable })],
  repushDecision: [outcome('resolved'), outcome('again'), outcome('left'), outcome('left', { failure: unavailable })],
  sweepResync: [{ facts: [] }, { facts: [], more: true }],
  finishRun: [record(), record({ nextDueInMs: 1_000 }), record({ reopened: [ref('op1')] })],
  probeHealth: [true, false],
};
const delays = [
  'retryDelay.backoff',
  'retryDelay.sync.activity.starting.blocked',
  'leasePollDelay.sync.activity.standby.watching.waiting',
  'conflictRetryDelay.sync.activity.running.resolvingConflict.spacing',
  'probeDelay.sync.network.offline.waiting',
];

interface Arrow {
  readonly source: AnyStateNode;
  readonly eventType: string;
}

/** One name per transition of the chart: where it is, what it waits for, and its place among the candidates. */
function namesOf(node: AnyStateNode): Map<unknown, string> {
  const names = new Map<unknown, string>();
  const visit = (state: AnyStateNode): void => {
    const lists = [...state.transitions, ['', state.always ?? []] as const];
    for (const [descriptor, candidates] of lists)
      for (const [index, candidate] of candidates.entries())
        names.set(
          candidate,
          `${state.id.replace('sync.activity.', '')}: ${eventName(descriptor) || 'always'}${candidates.length > 1 ? ` #${index + 1}` : ''}`,
        );
    for (const below of Object.values(state.states)) visit(below);
  };
  visit(node);
  return names;
}

/** The chart with actors that never answer by themselves. */
const quiet = syncMachine.provide({
  actors: Object.fromEntries(
    Object.keys(syncMachine.implementations.actors).map((name) => [
      name,
      name === 'pullKind'
        ? fromObservable(() => ({ subscribe: () => ({ unsubscribe: () => undefined }) }))
        : fromPromise(() => new Promise(() => undefined)),
    ]),
  ) as never,
});
const names = namesOf(quiet.root);

/** The transitions that an event leads to, eventless ones after it included. */
function takenBy(script: Script, event: object): readonly string[] {
  const seen: string[] = [];
  const actor = createActor(quiet, {
    input: script.context,
    snapshot: JSON.parse(JSON.stringify(quiet.getPersistedSnapshot(script.snapshot))) as never,
    clock: { setTimeout: () => 0, clearTimeout: () => undefined },
    inspect: (inspected) => {
      if (inspected.type !== '@xstate.microstep') return;
      for (const arrow of inspected._transitions as readonly Arrow[]) seen.push(names.get(arrow) ?? '');
    },
  });
  actor.start();
  actor.send(event as SyncMachineEvent);
  actor.stop();
  return seen;
}

const eventsOf = (script: Script): readonly object[] => [
  ...commands,
  ...childrenOf(script.snapshot).flatMap(({ id, src }) => [
    ...(answers[String(src)] ?? [undefined]).map((output) => ({ type: `xstate.done.actor.${id}`, output })),
    ...failures.map((failure) => ({ type: `xstate.error.actor.${id}`, error: new SyncStepError(failure) })),
    ...(src === 'pullKind'
      ? [{ type: `xstate.snapshot.${id}`, snapshot: { status: 'active', context: page('todos', 1) } }]
      : []),
  ]),
  { type: 'answers.settled', part: settledWith() },
  ...delays.map((delay) => ({ type: `xstate.after.${delay}` })),
];

/** What the world may be like before: circumstances that guards ask for. */
const circumstances: readonly ((script: Script) => Script)[] = [
  (script) => script,
  (script) => script.send({ type: 'network.offline' }),
  (script) => script.send({ type: 'network.offline' }).elapse('probeDelay', 'sync.network.offline.waiting'),
  (script) => script.send({ type: 'session.expired' }),
  (script) => script.send({ type: 'SIGNED_IN' }),
  (script) => script.send(automatic),
  (script) => script.send({ type: 'network.offline' }, { type: 'PAUSE' }),
];

const onceMore = (script: Script): Script =>
  script
    .done('repushDecision', outcome('again'))
    .elapse('conflictRetryDelay', 'sync.activity.running.resolvingConflict.spacing');
const lastRound = (): Script => onceMore(onceMore(repushing()).done('decideConflict', decided('repush')));
/**
 * Places reached with more behind them than by the shortest way: a plan, a conflict left, one kind still to do, a kind
 * that has failed.
 */
const longWays: readonly (() => Script)[] = [
  () => backingOff().elapse(),
  () =>
    backingOff()
      .elapse()
      .done('acquireLease', { held: false })
      .elapse('leasePollDelay', 'sync.activity.standby.watching.waiting'),
  () => finishing(automatic),
  () => finishing(automatic).done('finishRun', record({ nextDueInMs: 1_000 })),
  () => paging().fail('pullKind', kindFailed('todos')).done('pullKind'),
  () => sweeping().done('sweepResync', { facts: [] }),
  () => paging().done('pullKind'),
  () => preparing().done('prepareResync').done('takeBatch', nothingTaken).done('pullKind'),
  () => settling().done('settleBatch', settledWith({ conflicts: [ref('op1')] })),
  () => lastRound().done('decideConflict', decided('apply')),
  () => lastRound().done('decideConflict', decided('repush')),
  () => paging().send({ type: 'FULL_RESYNC', waiter: 'w9' }),
];

const alwaysExplicit =
  'FULL_RESYNC is asked by somebody, always; the list of candidates is the same for everything that means work';
const neverExplicit = 'nobody waits for it; the list of candidates is the same for everything that means work';
/** Never taken, and why they are there. */
const exceptions: Readonly<Record<string, string>> = {
  'backoff: FULL_RESYNC #2': alwaysExplicit,
  'backoff: FULL_RESYNC #3': alwaysExplicit,
  'backoff: RESOLVE_CONFLICT #1': neverExplicit,
  'backoff: remote.changed #1': neverExplicit,
  'paused: FULL_RESYNC #2': alwaysExplicit,
  'paused: RESOLVE_CONFLICT #1': neverExplicit,
  'paused: remote.changed #1': neverExplicit,
  'sync.network.offline: RESOLVE_CONFLICT': neverExplicit,
  'sync.network.offline: remote.changed': neverExplicit,
};

test('I12: every transition of the chart is used: some event takes it from some state', {
  timeout: 120_000,
}, () => {
  const untaken = new Set(names.values());
  const everywhere = [...Object.values(places), ...longWays];
  for (const given of circumstances)
    for (const reach of everywhere) {
      const script = given(reach());
      if (script.snapshot.status !== 'active') continue;
      for (const event of eventsOf(script)) for (const name of takenBy(script, event)) untaken.delete(name);
    }
  expect([...untaken].toSorted()).toEqual(Object.keys(exceptions).toSorted());
  expect(names.size).toBeGreaterThan(150);
});
