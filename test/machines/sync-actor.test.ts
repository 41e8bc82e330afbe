import { fromObservable, fromPromise, SimulatedClock } from 'xstate';
import { describe, expect, test } from 'vitest';
import { interpret } from '../../src/machines/interpret.ts';
import { phaseOf } from '../../src/machines/phase-of.ts';
import type { PullInput } from '../../src/machines/actor-inputs.ts';
import { syncMachine } from '../../src/machines/sync-machine.ts';
import { SyncStepError, type SyncFailure } from '../../src/model/errors/failure.ts';
import type { PageReport } from '../../src/model/run.ts';
import {
  automatic,
  decided,
  hydrated,
  input,
  nothingTaken,
  outcome,
  page,
  plan,
  record,
  report,
  settledWith,
  sync,
  taken,
  throttled,
  unavailable,
} from './chart-script.ts';

type Answer = (signal: AbortSignal, count: number) => unknown;
const never = (): Promise<unknown> => new Promise(() => {});
const failing = (failure: SyncFailure) => (): Promise<unknown> => Promise.reject(new SyncStepError(failure));
/** Answers in turn; the last one for ever. */
const inTurn =
  (...answers: readonly Answer[]): Answer =>
  (signal, count) =>
    answers[Math.min(count, answers.length) - 1]?.(signal, count);

/** The chart as an actor, with fakes that answer at once unless a test says otherwise. */
function startWith(overrides: Readonly<Record<string, Answer>> = {}, snapshot?: unknown) {
  const calls: string[] = [];
  const countOf = (name: string): number => calls.filter((call) => call === name).length;
  // `NoInfer`: an actor's output type must be exactly the one the chart declared.
  const fake = <Output, Input>(name: string, output: NoInfer<Output>) =>
    fromPromise<Output, Input>(async ({ signal }) => {
      calls.push(name);
      return ((await overrides[name]?.(signal, countOf(name))) ?? output) as Output;
    });
  const pullKind = fromObservable<PageReport, PullInput>(
    ({ input: { kind } }) =>
      ({
        subscribe(observer: { next?: (value: PageReport) => void; complete?: () => void }) {
          calls.push(`pullKind ${kind}`);
          if (overrides['pullKind'] === undefined) {
            observer.next?.(page(kind, 10));
            observer.next?.(page(kind, 5));
            observer.complete?.();
          }
          return {
            unsubscribe() {
              calls.push(`unsubscribed ${kind}`);
            },
          };
        },
      }) as never,
  );
  let releases = 0;
  const clock = new SimulatedClock();
  const machine = syncMachine.provide({
    actions: {
      releaseLease: () => {
        releases++;
      },
    },
    actors: {
      hydrate: fake('hydrate', hydrated()),
      acquireLease: fake('acquireLease', { held: true, continued: true }),
      planRun: fake('planRun', plan()),
      takeBatch: fake('takeBatch', nothingTaken),
      sendBatch: fake('sendBatch', report),
      settleBatch: fake('settleBatch', settledWith()),
      decideConflict: fake('decideConflict', decided('leave')),
      applyDecision: fake('applyDecision', outcome('resolved')),
      repushDecision: fake('repushDecision', outcome('resolved')),
      prepareResync: fake('prepareResync', undefined),
      sweepResync: fake('sweepResync', { facts: [] }),
      finishRun: fake('finishRun', record()),
      rememberWait: fake('rememberWait', undefined),
      rememberPaused: fake('rememberPaused', undefined),
      probeHealth: fake('probeHealth', false),
      pullKind,
    },
  });
  const actor = interpret(machine, {
    input,
    clock,
    ...(snapshot === undefined ? {} : { snapshot: snapshot as never }),
  });
  const told: string[] = [];
  actor.on('*', (event) => {
    told.push(event.type);
  });
  actor.start();
  const settle = async (): Promise<void> => {
    for (let turn = 0; turn < 80; turn++) await Promise.resolve();
  };
  return {
    actor,
    clock,
    calls,
    told,
    settle,
    countOf,
    phase: () => phaseOf(actor.getSnapshot()),
    releases: () => releases,
  };
}

describe('as an actor', () => {
  test('RUN-04, EVT-03: completes a whole run, with pages reported by the pull actor', async () => {
    const { actor, settle, told, phase } = startWith({
      takeBatch: inTurn(
        () => taken,
        () => nothingTaken,
      ),
    });
    actor.send(sync);
    await settle();
    expect(phase()).toBe('idle');
    expect(actor.getSnapshot().context.lastStats).toMatchObject({ pushed: 1, pulled: 30 });
    expect(told).toEqual(['sync.started', 'batch.pushed', 'sync.started', 'sync.completed', 'run.ended']);
  });
  test('F-85: the chart waits: it sends nothing before Retry-After has passed, and one attempt after', async () => {
    const { actor, clock, countOf, settle } = startWith({ planRun: failing(throttled(5_000)) });
    actor.send(sync);
    await settle();
    clock.increment(4_999);
    await settle();
    expect(countOf('planRun')).toBe(1);
    clock.increment(1);
    await settle();
    expect(countOf('planRun')).toBe(2);
  });
  test("I8: retries a trigger's request without limit, with delays that grow up to the cap", async () => {
    const { actor, clock, countOf, settle } = startWith({ planRun: failing(unavailable) });
    actor.send(automatic);
    await settle();
    const waits: number[] = [];
    for (let round = 0; round < 10; round++) {
      const delayMs = actor.getSnapshot().context.wait?.delayMs ?? 0;
      waits.push(delayMs);
      clock.increment(delayMs - 1);
      await settle();
      expect(countOf('planRun')).toBe(round + 1);
      clock.increment(1);
      await settle();
      expect(countOf('planRun')).toBe(round + 2);
    }
    expect(Math.max(...waits)).toBeLessThanOrEqual(120_000);
    expect(waits.at(-1)).toBeGreaterThanOrEqual(60_000);
  });
  test('F-139: probes health every backoffMax while the port says offline, and resumes the work on success', async () => {
    const { actor, clock, countOf, settle, told, phase } = startWith({
      probeHealth: inTurn(
        () => false,
        () => true,
      ),
    });
    await settle();
    actor.send({ type: 'network.offline' });
    actor.send(automatic);
    expect(phase()).toBe('offline');
    clock.increment(119_999);
    expect(countOf('probeHealth')).toBe(0);
    clock.increment(1);
    await settle();
    expect([countOf('probeHealth'), phase()]).toEqual([1, 'offline']);
    clock.increment(120_000);
    await settle();
    expect(countOf('probeHealth')).toBe(2);
    expect(told).toContain('sync.completed');
    clock.increment(1_000_000);
    await settle();
    expect(countOf('probeHealth')).toBe(2);
  });
  test('I9: does not probe while paused, and resumes probing afterwards', async () => {
    const { actor, clock, countOf, settle } = startWith();
    await settle();
    actor.send({ type: 'network.offline' });
    actor.send({ type: 'PAUSE' });
    for (let wait = 0; wait < 5; wait++) {
      clock.increment(120_000);
      await settle();
    }
    expect(countOf('probeHealth')).toBe(0);
    actor.send({ type: 'RESUME' });
    await settle();
    clock.increment(120_000);
    await settle();
    expect(countOf('probeHealth')).toBe(1);
  });
  test('I11: requests a held lease every 250 ms and releases it after the run', async () => {
    const { actor, clock, countOf, settle, phase, releases } = startWith({
      acquireLease: inTurn(
        () => ({ held: false }),
        () => ({ held: false }),
        () => ({ held: true, continued: false }),
      ),
    });
    await settle();
    actor.send(sync);
    await settle();
    expect(phase()).toBe('standby');
    clock.increment(250);
    await settle();
    expect([countOf('acquireLease'), phase()]).toEqual([2, 'standby']);
    const before = releases();
    clock.increment(250);
    await settle();
    expect([countOf('acquireLease'), phase(), releases() - before]).toEqual([3, 'idle', 1]);
  });
  test('I9: PAUSE aborts the signal of the pending promise and unsubscribes a pull', async () => {
    let aborted = false;
    const planning = startWith({
      planRun: (signal) =>
        new Promise(() => {
          signal.addEventListener('abort', () => {
            aborted = true;
          });
        }),
    });
    planning.actor.send(sync);
    await planning.settle();
    planning.actor.send({ type: 'PAUSE' });
    expect(aborted).toBe(true);
    const pulling = startWith({ pullKind: never });
    pulling.actor.send(sync);
    await pulling.settle();
    expect(pulling.phase()).toBe('paging');
    pulling.actor.send({ type: 'PAUSE' });
    expect(pulling.calls).toContain('unsubscribed todos');
  });
  test('F-46: PAUSE while sending aborts, settles, then pauses', async () => {
    let aborted = false;
    const { actor, settle, countOf, phase } = startWith({
      takeBatch: () => taken,
      sendBatch: (signal) =>
        new Promise(() => {
          signal.addEventListener('abort', () => {
            aborted = true;
          });
        }),
    });
    actor.send(sync);
    await settle();
    actor.send({ type: 'PAUSE' });
    expect(aborted).toBe(true);
    await settle();
    expect([countOf('settleBatch'), phase(), actor.getSnapshot().context.run?.push.pushed]).toEqual([1, 'paused', 1]);
  });
  test('a late answer after PAUSE changes nothing', async () => {
    let release: (output: unknown) => void = () => {};
    const { actor, settle, phase } = startWith({
      planRun: () =>
        new Promise((resolve) => {
          release = resolve;
        }),
    });
    actor.send(sync);
    await settle();
    actor.send({ type: 'PAUSE' });
    release(plan());
    await settle();
    expect(phase()).toBe('paused');
    expect(actor.getSnapshot().context.run?.planned).toBe(false);
  });
  test('F-111: STOP completes the actor, and engine.stopped is its last event', async () => {
    const { actor, settle, told } = startWith({ planRun: never });
    await settle();
    actor.send(sync);
    await settle();
    actor.send({ type: 'STOP' });
    expect(actor.getSnapshot().status).toBe('done');
    expect(told).toEqual(['run.ended', 'engine.stopped']);
  });
  test('the bare chart reports missing implementations and survives', async () => {
    const actor = interpret(syncMachine, { input, clock: new SimulatedClock() }).start();
    for (let turn = 0; turn < 5; turn++) await Promise.resolve();
    expect(actor.getSnapshot().context.failure?.message).toContain('createSyncMachine(options)');
    expect(actor.getSnapshot().status).toBe('active');
    expect(phaseOf(actor.getSnapshot())).toBe('failed');
  });
  test('I7: a snapshot survives JSON, and a restored run continues from its history', async () => {
    const { actor, settle } = startWith({ takeBatch: never });
    actor.send(sync);
    await settle();
    actor.send({ type: 'PAUSE' });
    await settle();
    const saved: unknown = JSON.parse(JSON.stringify(actor.getPersistedSnapshot()));
    const restored = startWith({}, saved);
    restored.actor.send({ type: 'RESUME' });
    await restored.settle();
    expect(restored.calls).not.toContain('planRun');
    expect(restored.told).toEqual(['engine.resumed', 'sync.started', 'sync.completed', 'run.ended']);
  });
  test('restoring a snapshot starts no `after` timer: waits are read from the store', async () => {
    const { actor, settle } = startWith({ planRun: failing(throttled(5_000)) });
    actor.send(sync);
    await settle();
    const restored = startWith({}, JSON.parse(JSON.stringify(actor.getPersistedSnapshot())));
    restored.clock.increment(1_000_000);
    await restored.settle();
    expect(restored.phase()).toBe('backoff');
    const hydrating = startWith({
      hydrate: () =>
        hydrated({
          attempt: 1,
          wait: { delayMs: 5_000, retryAt: 5_000 },
          request: { ...input, resyncKinds: [], decisions: [], explicit: false, automatic: true, waiters: [] },
        }),
    });
    await hydrating.settle();
    expect(hydrating.phase()).toBe('backoff');
    hydrating.clock.increment(5_000);
    await hydrating.settle();
    expect(hydrating.told).toContain('sync.completed');
  });
});
