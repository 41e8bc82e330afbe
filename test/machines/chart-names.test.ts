/** What single guards and actions of the chart decide, where no path of the other tests turns on it. */
import { transition } from 'xstate';
import { describe, expect, test } from 'vitest';
import type { SyncContext } from '../../src/machines/machine-context.ts';
import type { SyncEmitted } from '../../src/machines/machine-events.ts';
import { syncMachine } from '../../src/machines/sync-machine.ts';
import {
  asking,
  automatic,
  backingOff,
  childrenOf,
  decided,
  deciding,
  fact,
  finishing,
  idle,
  kindFailed,
  kinds,
  limits,
  nothingTaken,
  outcome,
  paging,
  record,
  ref,
  report,
  repushing,
  scopeChanged,
  sending,
  settledWith,
  settling,
  starting,
  storeFailed,
  sync,
  taking,
  throttled,
  unavailable,
  watching,
  type Script,
} from './chart-script.ts';

const find = <T extends SyncEmitted['type']>(script: Script, type: T) =>
  script.emitted.find((event): event is Extract<SyncEmitted, { type: T }> => event.type === type);

test('an actor that was not provided throws and names what to call instead of waiting forever', async () => {
  for (const [name, logic] of Object.entries(syncMachine.implementations.actors)) {
    const config = logic as { config: (...args: unknown[]) => unknown };
    await expect(async () => config.config({}), name).rejects.toThrow(`syncMachine needs an implementation of ${name}`);
  }
});

describe('F-143: a sign-in', () => {
  const known = (script: Script) => script.is({ session: { signedIn: 'known' } });
  test("records and reports another user's database, but not the present user's", () => {
    const checking = idle().send({ type: 'SIGNED_IN' });
    const foreign = checking.done('checkScope', scopeChanged);
    expect(foreign.emitted).toEqual([{ type: 'scope.changed' }]);
    expect(foreign.context.failure).toEqual(scopeChanged);
    expect(known(foreign)).toBe(true);
    const ours = checking.done('checkScope', undefined);
    expect(ours.emitted).toEqual([]);
    expect(ours.context.failure).toBeUndefined();
    expect(known(ours)).toBe(true);
  });
  test('records another kind of failure, which says nothing about scopes', () => {
    const failed = idle().send({ type: 'SIGNED_IN' }).done('checkScope', storeFailed);
    expect(failed.emitted).toEqual([]);
    expect(failed.context.failure).toEqual(storeFailed);
  });
  test('a run that has started meanwhile detects it by itself', () => {
    const late = sending().send({ type: 'SIGNED_IN' }).done('checkScope', scopeChanged);
    expect(late.emitted).toEqual([]);
    expect(late.context.failure).toBeUndefined();
    expect(late.place).toBe('running.pushing.sending');
  });
});

describe('waiting callers', () => {
  test('a promise that leaves a run is no longer rejected, and the run goes on for the others', () => {
    const alone = sending().send({ type: 'WAITER_LEFT', waiter: 'w1' });
    expect(alone.context.run?.request).toMatchObject({ waiters: [], explicit: false, pushKinds: kinds });
    const two = sending().send({ type: 'SYNC', waiter: 'w2' }, { type: 'WAITER_LEFT', waiter: 'w1' });
    expect(two.context.run?.request).toMatchObject({ waiters: ['w2'], explicit: true });
    expect(two.context.next).toBeUndefined();
  });
  test('keeps a run that has announced its start when it returns to the lease without callers', () => {
    const again = backingOff().elapse();
    expect(again.place).toBe('standby.asking');
    expect(again.send({ type: 'WAITER_LEFT', waiter: 'w1' }).context.run?.id).toBe(1);
    expect(watching().send({ type: 'WAITER_LEFT', waiter: 'w1' }).context.run).toBeUndefined();
  });
  test('F-145: only the first caller wakes a run that waits for resolvers', () => {
    const woken = finishing().send({ type: 'FULL_RESYNC', waiter: 'w2' });
    expect(woken.actions).toContain('xstate.spawnChild');
    expect(woken.inputOf('finishRun')).toMatchObject({ patient: false });
    expect(woken.send({ type: 'FULL_RESYNC', waiter: 'w3' }).actions).not.toContain('xstate.spawnChild');
  });
  test('a person, not a trigger, asks a deferred resolver again', () => {
    expect(deciding().inputOf('decideConflict')).toEqual({ runId: 1, ref: ref('op1'), round: 0, explicit: true });
    const ofTrigger = settling(automatic)
      .done('settleBatch', settledWith({ conflicts: [ref('op1')] }))
      .done('takeBatch', nothingTaken);
    expect(ofTrigger.inputOf('decideConflict')).toMatchObject({ explicit: false });
    const again = repushing()
      .done('repushDecision', outcome('again'))
      .elapse('conflictRetryDelay', 'sync.activity.running.resolvingConflict.spacing');
    expect(again.inputOf('decideConflict')).toMatchObject({ ref: ref('op1'), round: 1 });
  });
});

describe('failures and waits', () => {
  test('F-85: the run still waits for exactly the longest allowed wait', () => {
    const waiting = paging().fail('pullKind', throttled(limits.backoffMaxMs));
    expect(waiting.phase).toBe('backoff');
    expect(waiting.context.run?.id).toBe(1);
    expect(paging().fail('pullKind', throttled(limits.backoffMaxMs + 1)).context.run).toBeUndefined();
  });
  test('reports a wait with its duration, its end, and the failure itself', () => {
    const waiting = paging().fail('pullKind', unavailable);
    const { delayMs = 0 } = waiting.context.wait ?? {};
    expect(delayMs).toBeGreaterThan(0);
    expect(find(waiting, 'backoff.scheduled')).toMatchObject({
      delayMs,
      retryAt: 50_000 + delayMs,
      cause: { category: 'network', message: 'no connection' },
    });
  });
  test('the timer waits as long as reported', () => {
    const delayOf = syncMachine.implementations.delays.retryDelay as (args: { context: SyncContext }) => number;
    const failed = paging().fail('pullKind', unavailable);
    expect(delayOf(failed)).toBe(failed.context.wait?.delayMs);
    expect(delayOf(idle())).toBe(0);
  });
  test('F-105: names the failed kind and why the run ended', () => {
    const told = find(paging().fail('pullKind', kindFailed('todos')), 'sync.failed');
    expect(told).toMatchObject({ kind: 'todos', phase: 'pull', runId: 1 });
    const plain = find(paging().fail('pullKind', storeFailed), 'sync.failed');
    expect(plain).not.toHaveProperty('kind');
    expect(plain).toMatchObject({ phase: 'pull', runId: 1, errorInfo: { category: 'database' } });
    expect(find(starting().fail('hydrate', storeFailed), 'sync.failed')).toMatchObject({
      phase: 'sync',
      runId: undefined,
    });
  });
  test('an expired session ends a batch like one that reached nobody', () => {
    expect(sending().send({ type: 'session.expired' }).context.run?.report).toMatchObject({
      answered: 0,
      reached: false,
      failure: { type: 'authRequired' },
    });
  });
  test('conflicts and accepted operations are progress; an empty settlement is not', () => {
    const after = (changes: object) =>
      backingOff()
        .elapse()
        .done('acquireLease', { held: true, continued: false })
        .done('planRun', { pushKinds: kinds, pullKinds: kinds, resyncKinds: [], conflicts: [], facts: [] })
        .done('takeBatch', { batchId: 7, count: 1, facts: [] })
        .done('sendBatch', report)
        .done('settleBatch', settledWith({ pushed: 0, ...changes })).context.attempt;
    expect(after({})).toBe(1);
    expect(after({ conflicts: [ref('op1')] })).toBe(0);
    expect(after({ pushed: 1, conflicts: [ref('op1')] })).toBe(0);
  });
});

describe('emitted facts', () => {
  test('emits nothing for an empty batch', () => {
    expect(settling().done('settleBatch', settledWith({ batchSize: 0, pushed: 0 })).told).toEqual([]);
    expect(sending().send({ type: 'answers.settled', part: settledWith({ batchSize: 0, pushed: 0 }) }).told).toEqual(
      [],
    );
  });
  test('the first snapshot of a pull contains no page', () => {
    const before = paging();
    const [pull] = childrenOf(before.snapshot).filter(({ src }) => src === 'pullKind');
    const event = { type: `xstate.snapshot.${pull?.id ?? ''}`, snapshot: { status: 'active', context: undefined } };
    const [after] = transition(syncMachine, before.snapshot, event as never);
    expect(after.context.run?.pull).toEqual(before.context.run?.pull);
    expect(before.page('todos', 3).context.run?.pull).toMatchObject({ pulled: 3, pages: 1 });
  });
  test("facts carry the run's number", () => {
    expect(taking().done('takeBatch', { ...nothingTaken, facts: [fact('a')] }).emitted[0]).toMatchObject({
      message: 'a',
      runId: 1,
    });
  });
  test('a run without an end time does not say when waiting operations are due', () => {
    const due = finishing(automatic).done('finishRun', { tookMs: 1, nextDueInMs: 4_000, facts: [] });
    expect(due.context.wait).toEqual({ delayMs: 4_000, retryAt: undefined, due: true });
    expect(finishing(automatic).done('finishRun', record()).place).toBe('idle');
  });
  test('returns to conflicts that were decided meanwhile, and only to them', () => {
    const back = finishing().done('finishRun', record({ reopened: [ref('op9')] }));
    expect(back.place).toBe('running.resolvingConflict.deciding');
    expect(back.context.run?.conflicts).toEqual([ref('op9')]);
    expect(asking(sync).context.run?.conflicts).toEqual([]);
    expect(back.done('decideConflict', decided('leave')).context.run?.conflicts).toEqual([]);
  });
});
