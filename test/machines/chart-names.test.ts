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

test('an actor that was not provided throws and names what to call: a state would wait for ever', async () => {
  for (const [name, logic] of Object.entries(syncMachine.implementations.actors)) {
    const config = logic as { config: (...args: unknown[]) => unknown };
    await expect(async () => config.config({}), name).rejects.toThrow(`syncMachine needs an implementation of ${name}`);
  }
});

describe('F-143: somebody signs in', () => {
  const known = (script: Script) => script.is({ session: { signedIn: 'known' } });
  test('another user’s database is told and remembered; the present user’s is not', () => {
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
  test('a failure of another kind is remembered and is no word of scopes', () => {
    const failed = idle().send({ type: 'SIGNED_IN' }).done('checkScope', storeFailed);
    expect(failed.emitted).toEqual([]);
    expect(failed.context.failure).toEqual(storeFailed);
  });
  test('a run that has begun meanwhile finds that out by itself', () => {
    const late = sending().send({ type: 'SIGNED_IN' }).done('checkScope', scopeChanged);
    expect(late.emitted).toEqual([]);
    expect(late.context.failure).toBeUndefined();
    expect(late.place).toBe('running.pushing.sending');
  });
});

describe('who waits', () => {
  test('a promise that leaves a run under way is rejected by nobody any more, and the run goes on for the others', () => {
    const alone = sending().send({ type: 'WAITER_LEFT', waiter: 'w1' });
    expect(alone.context.run?.request).toMatchObject({ waiters: [], explicit: false, pushKinds: kinds });
    const two = sending().send({ type: 'SYNC', waiter: 'w2' }, { type: 'WAITER_LEFT', waiter: 'w1' });
    expect(two.context.run?.request).toMatchObject({ waiters: ['w2'], explicit: true });
    expect(two.context.next).toBeUndefined();
  });
  test('a run that has told of its start is not dropped when it comes back to the lease without anybody', () => {
    const again = backingOff().elapse();
    expect(again.place).toBe('standby.asking');
    expect(again.send({ type: 'WAITER_LEFT', waiter: 'w1' }).context.run?.id).toBe(1);
    expect(watching().send({ type: 'WAITER_LEFT', waiter: 'w1' }).context.run).toBeUndefined();
  });
  test('F-145: only the first who asks wakes a run that waits for resolvers', () => {
    const woken = finishing().send({ type: 'FULL_RESYNC', waiter: 'w2' });
    expect(woken.actions).toContain('xstate.spawnChild');
    expect(woken.inputOf('finishRun')).toMatchObject({ patient: false });
    expect(woken.send({ type: 'FULL_RESYNC', waiter: 'w3' }).actions).not.toContain('xstate.spawnChild');
  });
  test('a deferred resolver is asked again by a person, not by a trigger', () => {
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
  test('F-85: exactly the longest wait is waited for, with the run', () => {
    const waiting = paging().fail('pullKind', throttled(limits.backoffMaxMs));
    expect(waiting.phase).toBe('backoff');
    expect(waiting.context.run?.id).toBe(1);
    expect(paging().fail('pullKind', throttled(limits.backoffMaxMs + 1)).context.run).toBeUndefined();
  });
  test('what is told of a wait is how long, until when, and the failure itself', () => {
    const waiting = paging().fail('pullKind', unavailable);
    const { delayMs = 0 } = waiting.context.wait ?? {};
    expect(delayMs).toBeGreaterThan(0);
    expect(find(waiting, 'backoff.scheduled')).toMatchObject({
      delayMs,
      retryAt: 50_000 + delayMs,
      cause: { category: 'network', message: 'no connection' },
    });
  });
  test('the timer waits as long as was told', () => {
    const delayOf = syncMachine.implementations.delays.retryDelay as (args: { context: SyncContext }) => number;
    const failed = paging().fail('pullKind', unavailable);
    expect(delayOf(failed)).toBe(failed.context.wait?.delayMs);
    expect(delayOf(idle())).toBe(0);
  });
  test('F-105: a kind that failed is named, and so is why the run ended', () => {
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
  test('an expired session ends a batch as one that reached nobody', () => {
    expect(sending().send({ type: 'session.expired' }).context.run?.report).toMatchObject({
      answered: 0,
      reached: false,
      failure: { type: 'authRequired' },
    });
  });
  test('conflicts are progress, as is what was accepted; nothing settled is none', () => {
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

describe('what is told', () => {
  test('an empty batch is none', () => {
    expect(settling().done('settleBatch', settledWith({ batchSize: 0, pushed: 0 })).told).toEqual([]);
    expect(sending().send({ type: 'answers.settled', part: settledWith({ batchSize: 0, pushed: 0 }) }).told).toEqual(
      [],
    );
  });
  test('the first snapshot of a pull carries no page', () => {
    const before = paging();
    const [pull] = childrenOf(before.snapshot).filter(({ src }) => src === 'pullKind');
    const event = { type: `xstate.snapshot.${pull?.id ?? ''}`, snapshot: { status: 'active', context: undefined } };
    const [after] = transition(syncMachine, before.snapshot, event as never);
    expect(after.context.run?.pull).toEqual(before.context.run?.pull);
    expect(before.page('todos', 3).context.run?.pull).toMatchObject({ pulled: 3, pages: 1 });
  });
  test('facts carry the number of their run', () => {
    expect(taking().done('takeBatch', { ...nothingTaken, facts: [fact('a')] }).emitted[0]).toMatchObject({
      message: 'a',
      runId: 1,
    });
  });
  test('without a time of its end a run does not say when what waits is due', () => {
    const due = finishing(automatic).done('finishRun', { tookMs: 1, nextDueInMs: 4_000, facts: [] });
    expect(due.context.wait).toEqual({ delayMs: 4_000, retryAt: undefined, due: true });
    expect(finishing(automatic).done('finishRun', record()).place).toBe('idle');
  });
  test('conflicts that were decided meanwhile are gone back to, and only they', () => {
    const back = finishing().done('finishRun', record({ reopened: [ref('op9')] }));
    expect(back.place).toBe('running.resolvingConflict.deciding');
    expect(back.context.run?.conflicts).toEqual([ref('op9')]);
    expect(asking(sync).context.run?.conflicts).toEqual([]);
    expect(back.done('decideConflict', decided('leave')).context.run?.conflicts).toEqual([]);
  });
});
