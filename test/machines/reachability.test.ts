import { getShortestPaths } from 'xstate/graph';
import { describe, expect, test } from 'vitest';
import type { SyncMachineEvent } from '../../src/machines/machine-events.ts';
import { syncMachine, type SyncSnapshot } from '../../src/machines/sync-machine.ts';
import { SyncStepError } from '../../src/model/errors/failure.ts';
import {
  childrenOf,
  commands,
  decided,
  failures,
  hydrated,
  input,
  kinds,
  nothingTaken,
  outcome,
  placeOf,
  places,
  plan,
  record,
  ref,
  report,
  settledWith,
  storeBusy,
  storeFailed,
  taken,
  unavailable,
} from './chart-script.ts';

interface Node {
  readonly after?: object;
  readonly states?: Readonly<Record<string, Node>>;
}

describe('every state', () => {
  test.each(Object.entries(places))('a script reaches %s', (name, reach) => {
    expect(reach().place).toBe(name);
  });

  test.each(Object.entries(places))(
    'I1: %s survives every command and fact, also in pairs, and ends in a known state',
    (_, reach) => {
      const start = reach();
      for (const first of commands)
        for (const second of commands) {
          const after = start.send(first, second);
          expect(after.snapshot.status, `${first.type}, ${second.type}`).not.toBe('error');
          expect(Object.keys(places)).toContain(after.place);
        }
    },
  );

  test.each(Object.entries(places))('I8: %s survives any failure of its actors', (_, reach) => {
    for (const { src } of childrenOf(reach().snapshot))
      for (const failure of [...failures, new Error('bug'), 'text', undefined, null]) {
        const after = reach().fail(String(src), failure);
        expect(after.snapshot.status, `${String(src)}: ${JSON.stringify(failure)}`).toBe(
          after.place === 'stopped' ? 'done' : 'active',
        );
        expect(Object.keys(places)).toContain(after.place);
      }
  });

  test.each(Object.entries(places))('I9: STOP ends %s, at the latest after settling', (_, reach) => {
    const stopped = reach().send({ type: 'STOP' });
    expect(
      (stopped.running('settleBatch') ? stopped.done('settleBatch', settledWith()) : stopped).snapshot.status,
    ).toBe('done');
  });

  test.each(Object.entries(places))('%s is JSON: a round trip changes nothing', (_, reach) => {
    const { value, context } = reach().snapshot;
    expect(JSON.parse(JSON.stringify({ value, context }))).toEqual({
      value,
      context: JSON.parse(JSON.stringify(context)) as unknown,
    });
    const persisted = JSON.stringify(syncMachine.getPersistedSnapshot(reach().snapshot));
    expect((JSON.parse(persisted) as { value: unknown }).value).toEqual(value);
  });
});

test('I8: every named delay is implemented and used; an unknown name compiles and fires at once', () => {
  const after = (node: Node): string[] => [
    ...Object.keys(node.after ?? {}),
    ...Object.values(node.states ?? {}).flatMap(after),
  ];
  const { actions, delays } = syncMachine.implementations;
  const sent = Object.values(actions).flatMap((action) =>
    action !== undefined && 'delay' in action && typeof action.delay === 'string' ? [action.delay] : [],
  );
  const named = new Set([...after(syncMachine.config as Node), ...sent]);
  expect(named.size).toBeGreaterThan(0);
  expect([...named].toSorted()).toEqual(Object.keys(delays).toSorted());
});

test('every target exists: building all transitions throws for an unknown one', () => {
  const targets = (node: typeof syncMachine.root): number =>
    [...node.transitions.values()].flat().reduce((sum, { target }) => sum + (target?.length ?? 0), 0) +
    Object.values(node.states).reduce((sum, below) => sum + targets(below), 0);
  expect(targets(syncMachine.root)).toBeGreaterThan(100);
});

test('I12: shortest paths reach every state from the start, and no other', () => {
  const outputs: Readonly<Record<string, readonly unknown[]>> = {
    hydrate: [hydrated(), hydrated({ paused: true })],
    acquireLease: [{ held: true, continued: true }, { held: false }],
    planRun: [plan(), plan({ resyncKinds: [kinds[0] ?? ''] })],
    takeBatch: [taken, nothingTaken],
    sendBatch: [report],
    settleBatch: [settledWith(), settledWith({ conflicts: [ref('op1')] })],
    decideConflict: [decided('apply'), decided('repush')],
    applyDecision: [outcome('resolved')],
    repushDecision: [outcome('resolved'), outcome('again')],
    sweepResync: [{ facts: [] }],
    finishRun: [record()],
  };
  const delays = [
    'retryDelay.backoff',
    'retryDelay.sync.activity.starting.blocked',
    'leasePollDelay.sync.activity.standby.watching.waiting',
    'conflictRetryDelay.sync.activity.running.resolvingConflict.spacing',
  ];
  const eventsOf = (snapshot: SyncSnapshot): SyncMachineEvent[] => [
    { type: 'SYNC' },
    { type: 'FULL_RESYNC' },
    { type: 'PAUSE' },
    { type: 'RESUME' },
    { type: 'STOP' },
    { type: 'outbox.changed' },
    ...(childrenOf(snapshot).flatMap(({ id, src }) => [
      ...(outputs[String(src)] ?? [undefined]).map((output) => ({ type: `xstate.done.actor.${id}`, output })),
      ...[unavailable, storeBusy, storeFailed].map((failure) => ({
        type: `xstate.error.actor.${id}`,
        error: new SyncStepError(failure),
      })),
    ]) as object[] as SyncMachineEvent[]),
    ...(delays.map((delay) => ({ type: `xstate.after.${delay}` })) as object[] as SyncMachineEvent[]),
  ];
  const paths = getShortestPaths(syncMachine, {
    input,
    events: eventsOf,
    limit: 100_000,
    serializeState: ({ value, context: { run, next } }) =>
      JSON.stringify([
        (value as { activity: unknown }).activity,
        (value as { intent: unknown }).intent,
        next !== undefined,
        run?.toPull.length,
        run?.toSweep.length,
        run?.conflicts.length,
        run?.planned,
      ]) as never,
    stopWhen: ({ status, context: { run } }) =>
      status !== 'active' || (run?.conflicts.length ?? 0) > 1 || (run?.attempts ?? 0) > 0,
  });
  const reached = new Set(paths.map(({ state }) => placeOf(state)));
  expect([...reached].toSorted()).toEqual(Object.keys(places).toSorted());
});
