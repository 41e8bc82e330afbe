import { describe, expect, test } from 'vitest';
import type { ResyncReason } from '../../src/model/events.ts';
import {
  AuthError,
  DatabaseError,
  MaxRetriesExceededError,
  NetworkError,
  TransportError,
} from '../../src/model/errors/errors.ts';
import type { SyncEmitted, SyncMachineEvent } from '../../src/machines/machine-events.ts';
import {
  applying,
  asking,
  automatic,
  backingOff,
  decided,
  deciding,
  fact,
  failedStore,
  finishing,
  held,
  hydrated,
  idle,
  kindFailed,
  kinds,
  leaseLost,
  limits,
  nothingTaken,
  outcome,
  paging,
  paused,
  places,
  plan,
  planning,
  preparing,
  record,
  ref,
  report,
  repushing,
  resume,
  scopeChanged,
  sending,
  settledWith,
  settling,
  spacing,
  starting,
  storeBusy,
  storeFailed,
  sweeping,
  sync,
  taken,
  taking,
  throttled,
  unauthorized,
  unavailable,
  unpause,
  watching,
  type Script,
} from './chart-script.ts';

const noStats = { pushed: 0, pulled: 0, ignored: 0, conflicts: 0, conflictsResolved: 0, errors: 0 };
const find = <T extends SyncEmitted['type']>(script: Script, type: T) =>
  script.emitted.find((event): event is Extract<SyncEmitted, { type: T }> => event.type === type);
const errorOf = (script: Script): unknown => find(script, 'sync.failed')?.error;

describe('starting', () => {
  test('I7: nothing runs before hydration; SYNC is kept and runs afterwards', () => {
    const asked = starting().send(sync);
    expect(asked.phase).toBe('starting');
    expect(asked.done('hydrate', hydrated()).place).toBe('standby.asking');
  });
  test('PAUSE during hydration lets it finish and then pauses; RESUME revokes it', () => {
    expect(starting().send({ type: 'PAUSE' }).done('hydrate', hydrated()).phase).toBe('paused');
    expect(starting().send({ type: 'PAUSE' }, { type: 'RESUME' }).done('hydrate', hydrated()).phase).toBe('idle');
  });
  test('I7: a pause survives a restart', () => {
    const restarted = starting().done('hydrate', hydrated({ paused: true, wait: { delayMs: 9, retryAt: 1 } }));
    expect(restarted.phase).toBe('paused');
    expect(restarted.told).toEqual(['engine.paused']);
  });
  const waiting = {
    attempt: 4,
    wait: { delayMs: 7_000, retryAt: 57_000 },
    request: {
      pushKinds: kinds,
      pullKinds: [],
      resyncKinds: [],
      decisions: [],
      explicit: false,
      automatic: true,
      waiters: [],
    },
  };
  test('I7: waits again for a persisted retryAt and count after a restart, and loses no work', () => {
    const restarted = starting().done('hydrate', hydrated(waiting));
    expect(restarted.phase).toBe('backoff');
    expect(restarted.context).toMatchObject({ attempt: 4, wait: { delayMs: 7_000, retryAt: 57_000, due: false } });
    expect(restarted.send(automatic).phase).toBe('backoff');
    expect(restarted.send({ type: 'network.online' }).phase).toBe('backoff');
    expect(restarted.elapse().place).toBe('standby.asking');
  });
  test('does not wait again after an expired wait or an explicit request', () => {
    expect(starting().done('hydrate', hydrated({ ...waiting, wait: { delayMs: 0, retryAt: 1 } })).place).toBe(
      'standby.asking',
    );
    const asked = starting().send(sync).done('hydrate', hydrated(waiting));
    expect(asked.place).toBe('standby.asking');
    expect(asked.context.wait).toBeUndefined();
  });
  test('retries a busy database automatically, also for a pause', () => {
    const blocked = places['starting.blocked']?.() ?? idle();
    expect(blocked.snapshot.hasTag('attention')).toBe(true);
    expect(blocked.context.wait?.delayMs).toBeGreaterThan(0);
    expect(blocked.elapse('retryDelay', 'sync.activity.starting.blocked').running('hydrate')).toBe(true);
    const pausing = blocked.send({ type: 'PAUSE' }).elapse('retryDelay', 'sync.activity.starting.blocked');
    expect(pausing.done('hydrate', hydrated()).phase).toBe('paused');
  });
  test('a pause that an unusable database prevented does not block later requests', () => {
    const failed = starting().send({ type: 'PAUSE' }).fail('hydrate', storeFailed);
    expect(failed.place).toBe('failed');
    expect(failed.send(sync).done('hydrate', hydrated()).place).toBe('standby.asking');
    expect(failed.send({ type: 'PAUSE' }).done('hydrate', hydrated()).phase).toBe('paused');
  });
  test.each([storeFailed, new Error('tables are missing')])(
    'I12: reports an unusable database, rejects waiting callers, and tries again on SYNC and RESUME',
    (failure) => {
      const failed = starting().send(sync).fail('hydrate', failure);
      expect(failed.phase).toBe('failed');
      expect(failed.snapshot.hasTag('attention')).toBe(true);
      expect(failed.told).toEqual(['sync.failed', 'request.rejected']);
      expect(find(failed, 'request.rejected')?.waiters).toEqual(['w1']);
      expect(failed.context.next).toBeUndefined();
      for (const command of [sync, { type: 'RESUME' } as const])
        expect(failed.send(command).running('hydrate')).toBe(true);
      expect(failed.send({ type: 'PAUSE' }).done('hydrate', hydrated()).phase).toBe('paused');
      expect(failed.send(sync).done('hydrate', hydrated()).place).toBe('standby.asking');
    },
  );
  test('a database that becomes unusable during a run fails the engine and keeps automatic work', () => {
    const failed = taking({}, automatic).fail('takeBatch', storeFailed);
    expect(failed.phase).toBe('failed');
    expect(errorOf(failed)).toBeInstanceOf(DatabaseError);
    expect(failed.context).toMatchObject({ run: undefined, next: { automatic: true } });
  });
});

describe('a run', () => {
  test('EVT-01, RUN-04: lease, push, pull kind by kind, then the end; facts follow the order of the actors', () => {
    const steps = [
      planning(),
      taking(),
      sending(),
      settling().done('settleBatch', settledWith({ facts: [fact('a'), fact('b')] })),
      settling().done('settleBatch', settledWith()).done('takeBatch', nothingTaken),
      paging().page('todos', 500, [fact('page 1')]),
      finishing().done('finishRun', record()),
    ];
    expect(steps.map((step) => step.told)).toEqual([
      [],
      ['sync.started'],
      [],
      ['transport.warning', 'transport.warning', 'batch.pushed'],
      ['sync.started'],
      ['transport.warning'],
      ['sync.completed', 'run.ended'],
    ]);
    expect(steps[1]?.emitted).toEqual([{ type: 'sync.started', phase: 'push', runId: 1 }]);
    expect(steps[3]?.emitted[2]).toEqual({
      type: 'batch.pushed',
      batchSize: 1,
      successCount: 1,
      errorCount: 0,
      conflictCount: 0,
      runId: 1,
    });
    expect(steps[4]?.emitted).toEqual([{ type: 'sync.started', phase: 'pull', runId: 1 }]);
  });
  test('RUN-05: counts pushed and pulled operations, and each promise receives the stats once', () => {
    const end = settling()
      .done('settleBatch', settledWith({ errors: 1 }))
      .done('takeBatch', nothingTaken)
      .page('todos', 500)
      .page('todos', 20)
      .done('pullKind')
      .done('pullKind')
      .done('finishRun', record({ facts: [fact('late')] }));
    const stats = { ...noStats, pushed: 1, pulled: 520, errors: 1 };
    expect(end.told).toEqual(['transport.warning', 'sync.completed', 'run.ended']);
    expect(end.emitted[1]).toEqual({ type: 'sync.completed', tookMs: 5, stats, runId: 1 });
    expect(end.emitted[2]).toMatchObject({
      runId: 1,
      waiters: ['w1'],
      stats,
      tookMs: 5,
      failure: undefined,
      push: { batches: 1 },
      pull: { pages: 2 },
    });
    expect(end.context).toMatchObject({ run: undefined, next: undefined, lastStats: stats });
  });
  test('KND-03, KND-04, EVT-02: without kinds there are still two starts, and nothing is pulled', () => {
    const asked = planning({ type: 'SYNC', pushKinds: [], pullKinds: [] }).done(
      'planRun',
      plan({ pushKinds: [], pullKinds: [] }),
    );
    const end = asked.done('takeBatch', nothingTaken);
    expect([...asked.told, ...end.told]).toEqual(['sync.started', 'sync.started']);
    expect(end.phase).toBe('finishing');
  });
  test('EVT-02: a run that backed off, was paused and was planned again starts once', () => {
    const again = unpause(resume(backingOff(), { held: true, continued: false }).send({ type: 'PAUSE' }))
      .done('acquireLease', held)
      .done('planRun', plan())
      .done('takeBatch', nothingTaken);
    expect(again.phase).toBe('paging');
    expect(again.told).toEqual([]);
  });
  test("a run's plan is its request, or what remains of it", () => {
    expect(planning().inputOf('planRun')).toMatchObject({
      runId: 1,
      request: { pushKinds: kinds },
      remaining: undefined,
    });
    const replanned = resume(paging().done('pullKind').fail('pullKind', unavailable), { held: true, continued: false });
    expect(replanned.inputOf('planRun')).toMatchObject({ remaining: { toPush: [], toPull: ['lists'], toSweep: [] } });
  });
  test('I11: releases the lease whenever a run stops', () => {
    expect(finishing().done('finishRun', record()).actions).toContain('releaseLease');
    expect(paging().fail('pullKind', unavailable).actions).toContain('releaseLease');
    expect(paging().fail('pullKind', storeFailed).actions).toContain('releaseLease');
    expect(paging().send({ type: 'PAUSE' }).actions).toContain('releaseLease');
    expect(paging().send({ type: 'STOP' }).actions).toContain('releaseLease');
    expect(paging().fail('pullKind', kindFailed('todos')).actions).not.toContain('releaseLease');
  });
  test('each phase has one name', () => {
    expect(
      [
        asking(),
        planning(),
        taking(),
        deciding(),
        paging(),
        preparing(),
        finishing(),
        backingOff(),
        watching(),
        paused(),
      ].map(({ phase }) => phase),
    ).toEqual([
      'planning',
      'planning',
      'pushing',
      'resolvingConflict',
      'paging',
      'fullResync',
      'finishing',
      'backoff',
      'standby',
      'paused',
    ]);
  });
});

describe('the lease', () => {
  test("a table's first pull has its own phase name", () => {
    const phaseWith = (resyncReason: ResyncReason) =>
      planning().done('planRun', plan({ resyncKinds: kinds, resyncReason })).phase;
    expect((['first', 'scheduled', 'schema', 'manual'] as const).map((reason) => phaseWith(reason))).toEqual([
      'firstPull',
      'fullResync',
      'fullResync',
      'fullResync',
    ]);
  });
  test('I11: waits and polls while another tab works, then runs', () => {
    const waiting = watching();
    expect(waiting.snapshot.hasTag('busy')).toBe(false);
    const polling = waiting.elapse('leasePollDelay', 'sync.activity.standby.watching.waiting');
    expect(polling.phase).toBe('standby');
    expect(polling.done('acquireLease', { held: false }).place).toBe('standby.watching.waiting');
    expect(polling.done('acquireLease', { held: true, continued: false }).place).toBe('running.planning');
  });
  test('I11: a run that continues with an unbroken lease stays in its phase; otherwise it is planned again', () => {
    expect(resume(backingOff()).place).toBe('running.pulling.paging');
    expect(resume(backingOff(), { held: true, continued: false }).place).toBe('running.planning');
  });
  test.each([
    ['the fact', () => paging().send({ type: 'lease.lost' })],
    ['a failed step', () => paging().fail('pullKind', leaseLost)],
  ])('I11: a lease lost through %s ends the run silently; its work and promises start anew', (_, lose) => {
    const lost = lose();
    expect(lost.told).toEqual([]);
    expect(lost.place).toBe('standby.asking');
    expect(lost.running('pullKind')).toBe(false);
    expect(lost.context.run).toMatchObject({
      id: 2,
      planned: false,
      request: { waiters: ['w1'], explicit: true, pushKinds: kinds },
    });
    expect(lost.done('acquireLease', { held: false }).phase).toBe('standby');
  });
  test('I11: leaves a lease lost while settling to the settling, which asserts its token', () => {
    const lost = settling().send({ type: 'lease.lost' });
    expect(lost.running('settleBatch')).toBe(true);
    expect(lost.fail('settleBatch', leaseLost).context.run).toMatchObject({ id: 2, request: { waiters: ['w1'] } });
  });
  test('a signal ends the wait for the lease, unless the work is automatic', () => {
    const left = watching().send({ type: 'WAITER_LEFT', waiter: 'w1' });
    expect(left.phase).toBe('idle');
    expect(left.context).toMatchObject({ run: undefined, next: undefined });
    expect(watching().send(automatic, { type: 'WAITER_LEFT', waiter: 'w1' }).phase).toBe('standby');
    expect(watching().send({ type: 'WAITER_LEFT', waiter: 'someone' }).phase).toBe('standby');
  });
});

describe('requests', () => {
  test('F-44, AUTO-05: a request that the run covers shares the run and its promise', () => {
    const shared = sending().send({ type: 'SYNC', pushKinds: ['todos'], pullKinds: [], waiter: 'w2' });
    expect(shared.context.next).toBeUndefined();
    expect(shared.context.run?.request.waiters).toEqual(['w1', 'w2']);
  });
  test('F-44: the engine retries automatic work that joined an explicit run if that run fails', () => {
    const joined = sending().send(automatic);
    expect(joined.context.run?.request).toMatchObject({ automatic: true, explicit: true });
  });
  test('F-12, F-146: merges what the run no longer covers into the next run', () => {
    const asked = paging().send(
      { type: 'SYNC', pushKinds: ['todos'], pullKinds: [], waiter: 'w2' },
      { type: 'SYNC', pushKinds: [], pullKinds: ['lists'], waiter: 'w3' },
    );
    expect(asked.context.next).toMatchObject({ pushKinds: ['todos'], pullKinds: [], explicit: true, waiters: ['w2'] });
    expect(asked.context.run?.request.waiters).toEqual(['w1', 'w3']);
    const ended = asked.done('pullKind').done('pullKind').done('finishRun', record());
    expect(find(ended, 'run.ended')?.waiters).toEqual(['w1', 'w3']);
    expect(ended.context.run).toMatchObject({ id: 2, toPush: ['todos'], toPull: [], request: { waiters: ['w2'] } });
  });
  test('F-43: FULL_RESYNC during a run waits for the next run; SYNC during a full resync shares it', () => {
    expect(
      finishing()
        .send({ type: 'FULL_RESYNC', kinds: ['todos'] })
        .done('finishRun', record()).context.run?.request.resyncKinds,
    ).toEqual(['todos']);
    expect(preparing().send(sync).context.next).toBeUndefined();
    expect(paging().send({ type: 'FULL_RESYNC' }).context.next?.resyncKinds).toEqual(kinds);
  });
  test('KND-06, KND-07, F-101: omits unregistered kinds', () => {
    expect(asking({ type: 'SYNC', pushKinds: ['todos', 'strange'], pullKinds: ['strange'] }).context.run).toMatchObject(
      { toPush: ['todos'], toPull: [] },
    );
  });
  test('keeps a request while paused, reports it as deferred, and runs it on RESUME; a signal drops it', () => {
    const asked = paused().send(sync);
    expect(asked.told).toEqual(['request.deferred']);
    expect(asked.phase).toBe('paused');
    expect(unpause(asked).context.run?.request.waiters).toEqual(['w1']);
    expect(asked.send({ type: 'WAITER_LEFT', waiter: 'w1' }).context.next).toBeUndefined();
    expect(paused().send(automatic).told).toEqual([]);
  });
  test('WAITER_LEFT drops nothing that another promise, a trigger or a plain command wants', () => {
    const left = (...others: readonly SyncMachineEvent[]) =>
      paused().send(sync, ...others, { type: 'WAITER_LEFT', waiter: 'w1' }).context.next;
    expect(left({ type: 'SYNC', waiter: 'w2' })).toMatchObject({ explicit: true, waiters: ['w2'] });
    expect(left(automatic)).toMatchObject({ explicit: false, automatic: true });
    expect(left({ type: 'SYNC' })).toMatchObject({ explicit: true });
    expect(sending().send({ type: 'WAITER_LEFT', waiter: 'w1' }).running('sendBatch')).toBe(true);
  });
  test('an explicit SYNC while offline tries once and rejects with NetworkError; automatic work waits', () => {
    const offline = idle().send({ type: 'network.offline' });
    expect(offline.send(automatic).phase).toBe('offline');
    const tried = offline.send(sync);
    expect(tried.context.run?.maxRetries).toBe(0);
    const planned = tried.done('acquireLease', held).done('planRun', plan());
    const rejected = planned.fail('takeBatch', unavailable);
    expect(rejected.told).toEqual(['sync.failed', 'run.ended']);
    expect(errorOf(rejected)).toBeInstanceOf(NetworkError);
    expect(rejected.phase).toBe('offline');
    expect(offline.send(automatic).send({ type: 'network.online' }).place).toBe('standby.asking');
  });
  test('a caller who joins a backing-off run while offline is answered after one try; the trigger’s work goes on', () => {
    const joined = backingOff(automatic).send({ type: 'network.offline' }, sync);
    expect(joined.place).toBe('standby.asking');
    const answered = joined.done('acquireLease', held).done('planRun', plan()).fail('takeBatch', unavailable);
    expect(errorOf(answered)).toBeInstanceOf(NetworkError);
    expect(find(answered, 'run.ended')?.waiters).toEqual(['w1']);
    expect(answered.context).toMatchObject({ run: undefined, next: { automatic: true } });
  });
  test('F-139: any success means online; a failed request never means offline', () => {
    const offline = idle()
      .send({ type: 'network.offline' }, sync)
      .done('acquireLease', held)
      .done('planRun', plan())
      .done('takeBatch', taken);
    expect(offline.done('sendBatch', report).is({ network: 'online' })).toBe(true);
    expect(
      offline.done('sendBatch', { answered: 0, reached: false, failure: unavailable }).is({ network: 'offline' }),
    ).toBe(true);
    expect(backingOff().is({ network: 'online' })).toBe(true);
  });
  test('remote.changed requests a pull of these kinds automatically', () => {
    expect(idle().send({ type: 'remote.changed', kinds: ['lists'] }).context.run?.request).toMatchObject({
      pushKinds: [],
      pullKinds: ['lists'],
      automatic: true,
      explicit: false,
    });
    expect(
      paging()
        .done('pullKind')
        .send({ type: 'remote.changed', kinds: ['todos'] }).context.next,
    ).toMatchObject({ pushKinds: [], pullKinds: ['todos'] });
  });
});

describe('wake-ups', () => {
  test('I12: outbox.changed while idle starts no run: triggers decide', () => {
    expect(idle().send({ type: 'outbox.changed' }).phase).toBe('idle');
  });
  test.each([{ type: 'outbox.changed' } as const, sync])(
    'I12: $type during a read of an empty outbox causes another read',
    (event) => {
      const again = taking().send(event).done('takeBatch', nothingTaken);
      expect(again.place).toBe('running.pushing.taking.current');
      expect(again.running('takeBatch')).toBe(true);
      expect(again.done('takeBatch', nothingTaken).phase).toBe('paging');
    },
  );
  test.each([
    ['sending', sending],
    ['settling', settling],
  ])('I12: the next take of the same run serves a SYNC that arrives while %s', (_, at) => {
    const noted = at().send(automatic);
    expect(noted.context.next).toBeUndefined();
    const settled = noted.running('sendBatch') ? noted.done('sendBatch', report) : noted;
    expect(settled.done('settleBatch', settledWith()).running('takeBatch')).toBe(true);
  });
  test.each([
    ['paging', paging],
    ['sweeping', sweeping],
    ['finishing', finishing],
  ])('F-12: a SYNC while %s causes another push', (_, at) => {
    expect(at().send(automatic).context.next).toMatchObject({ pushKinds: kinds, automatic: true });
  });
});

describe('PAUSE and STOP', () => {
  test('I9: PAUSE aborts requests in flight; RESUME continues in the same phase of the same run', () => {
    const stopped = paging().done('pullKind').page('lists', 3).send({ type: 'PAUSE' });
    expect(stopped.running('pullKind')).toBe(false);
    expect(stopped.told).toEqual(['engine.paused', 'request.deferred']);
    const resumed = unpause(stopped).done('acquireLease', held);
    expect(resumed.place).toBe('running.pulling.paging');
    expect(resumed.context.run).toMatchObject({ id: 1, toPull: ['lists'], pull: { pulled: 3 } });
    expect(resumed.inputOf('pullKind')).toMatchObject({ kind: 'lists', totalDone: 3 });
  });
  test.each(['PAUSE', 'STOP'] as const)(
    'I9: %s while sending aborts the requests and settles the answers received',
    (type) => {
      const left = sending().send({ type });
      expect(left.running('sendBatch')).toBe(false);
      expect(left.running('settleBatch')).toBe(true);
      const settled = left.done('settleBatch', settledWith());
      expect(settled.phase).toBe(type === 'PAUSE' ? 'paused' : 'stopped');
      expect(settled.told[0]).toBe('batch.pushed');
    },
  );
  test('I1, I12: counts and reports early results at once; the batch stays in flight', () => {
    const part = sending().send({
      type: 'answers.settled',
      part: settledWith({ facts: [fact('a')], conflicts: [ref('op1')] }),
    });
    expect(part.running('sendBatch')).toBe(true);
    expect(part.told).toEqual(['transport.warning', 'batch.pushed']);
    expect(part.context).toMatchObject({
      attempt: 0,
      run: { batchId: taken.batchId, conflicts: [ref('op1')], push: { pushed: 1, batches: 1 } },
    });
    const rest = part.done('sendBatch', report).done('settleBatch', settledWith());
    expect(rest.context.run).toMatchObject({
      batchId: undefined,
      conflicts: [ref('op1')],
      push: { pushed: 2, batches: 2 },
    });
    const nothingLeft = part.done('sendBatch', report).done('settleBatch', settledWith({ batchSize: 0, pushed: 0 }));
    expect(nothingLeft.context.run?.push).toMatchObject({ pushed: 1, batches: 1 });
  });

  test('I9: PAUSE while settling lets the settling complete; RESUME revokes the pause', () => {
    const done = settling().send({ type: 'PAUSE' }).done('settleBatch', settledWith());
    expect(done.phase).toBe('paused');
    expect(done.context.run?.push.pushed).toBe(1);
    expect(unpause(done).done('acquireLease', held).running('takeBatch')).toBe(true);
    expect(
      settling().send({ type: 'PAUSE' }, { type: 'RESUME' }).done('settleBatch', settledWith()).running('takeBatch'),
    ).toBe(true);
  });
  test('I2, I9: settles answers that a pause left unsettled after it, without resending', () => {
    const stuck = settling().send({ type: 'PAUSE' }).fail('settleBatch', storeBusy);
    expect(stuck.phase).toBe('paused');
    const resumed = unpause(stuck).done('acquireLease', held);
    expect(resumed.place).toBe('running.pushing.settling');
    expect(resumed.inputOf('settleBatch')).toEqual({ batchId: taken.batchId });
  });
  test('F-146: discards answers of a broken lease and plans the run again', () => {
    const replanned = unpause(settling().send({ type: 'PAUSE' }).fail('settleBatch', storeBusy)).done('acquireLease', {
      held: true,
      continued: false,
    });
    expect(replanned.done('planRun', plan()).running('takeBatch')).toBe(true);
  });
  test('stores a pause on entry and exit, and ends it only after that', () => {
    expect(paused().inputOf('rememberPaused')).toEqual({ paused: true });
    const leaving = paused().send({ type: 'RESUME' });
    expect(leaving.inputOf('rememberPaused')).toEqual({ paused: false });
    expect(leaving.phase).toBe('paused');
    expect(leaving.done('rememberPaused').told).toEqual(['engine.resumed']);
    expect(leaving.send({ type: 'PAUSE' }).inputOf('rememberPaused')).toEqual({ paused: true });
    expect(leaving.fail('rememberPaused', storeBusy).told).toEqual(['store.warning', 'engine.resumed']);
    expect(paused().fail('rememberPaused', storeBusy).phase).toBe('paused');
  });
  test('does not announce a second PAUSE', () => {
    expect(paused().send({ type: 'PAUSE' }).told).toEqual([]);
  });
  test('PAUSE during backoff holds the run; RESUME continues at once', () => {
    expect(unpause(backingOff().send({ type: 'PAUSE' })).done('acquireLease', held).place).toBe(
      'running.pulling.paging',
    );
  });
  test('F-111: STOP rejects every promise once, reports no failed run, and emits the last event', () => {
    const stopped = paging().send({ type: 'SYNC', waiter: 'w2' }, { type: 'STOP' });
    expect(stopped.told).toEqual(['run.ended', 'request.rejected', 'engine.stopped']);
    expect(find(stopped, 'run.ended')).toMatchObject({ waiters: ['w1'], failure: { type: 'stopped' } });
    expect(find(stopped, 'request.rejected')).toMatchObject({ waiters: ['w2'], failure: { type: 'stopped' } });
    expect(stopped.snapshot.status).toBe('done');
    expect(stopped.phase).toBe('stopped');
  });
  test('I9: STOP while settling cannot be revoked, and a failed settling does not delay it', () => {
    const stopping = settling().send({ type: 'STOP' }, { type: 'PAUSE' }, { type: 'RESUME' });
    expect(stopping.running('settleBatch')).toBe(true);
    expect(stopping.done('settleBatch', settledWith()).snapshot.status).toBe('done');
    expect(stopping.fail('settleBatch', storeFailed).snapshot.status).toBe('done');
  });
});

describe('failures', () => {
  test('a transient failure backs off, and the run resumes where it stopped', () => {
    const waiting = paging().done('pullKind').fail('pullKind', unavailable);
    expect(waiting.told).toEqual(['backoff.scheduled']);
    expect(waiting.emitted[0]).toMatchObject({
      attempt: 1,
      cause: { category: 'network' },
      retryAt: 50_000 + (waiting.context.wait?.delayMs ?? 0),
    });
    expect(resume(waiting).inputOf('pullKind')).toMatchObject({ kind: 'lists' });
  });
  test('I8: retries end at maxRetries; an explicit run then rejects with its result and rests', () => {
    let script = taking();
    for (let retry = 0; retry < limits.maxRetries; retry++) script = resume(script.fail('takeBatch', unavailable));
    const ended = script.fail('takeBatch', unavailable);
    expect(ended.told).toEqual(['sync.failed', 'run.ended']);
    expect(errorOf(ended)).toBeInstanceOf(MaxRetriesExceededError);
    expect(errorOf(ended)).toMatchObject({ attempts: limits.maxRetries + 1, maxRetries: limits.maxRetries });
    expect(find(ended, 'run.ended')).toMatchObject({
      attempts: limits.maxRetries + 1,
      failure: unavailable,
      stats: noStats,
    });
    expect(ended.context.attempt).toBe(limits.maxRetries + 1);
    expect(ended.phase).toBe('idle');
  });
  test('I8: reschedules a failed automatic run without limit, with delays that grow up to the cap', () => {
    let script = planning(automatic);
    const delays: number[] = [];
    for (let round = 0; round < 12; round++) {
      script = script.fail(script.running('planRun') ? 'planRun' : 'takeBatch', unavailable);
      expect(script.phase).toBe('backoff');
      delays.push(script.context.wait?.delayMs ?? 0);
      script = resume(script);
    }
    delays.forEach((delay, index) => {
      const full = Math.min(1_000 * 2 ** index, 120_000);
      expect(delay).toBeGreaterThanOrEqual(full / 2);
      expect(delay).toBeLessThanOrEqual(full);
    });
    expect(script.context.runCount).toBe(5);
  });
  test("F-109: reports a trigger's failed run once, and remembers waiting work across a restart", () => {
    const ended = resume(resume(planning(automatic).fail('planRun', unavailable)).fail('planRun', unavailable)).fail(
      'planRun',
      unavailable,
    );
    expect(ended.told).toEqual(['sync.failed', 'run.ended', 'backoff.scheduled']);
    expect(ended.inputOf('rememberWait')).toMatchObject({
      attempt: 3,
      request: { pushKinds: kinds, automatic: true, waiters: [] },
    });
    expect(backingOff().inputOf('rememberWait')).toMatchObject({ request: undefined });
    expect(backingOff(automatic).inputOf('rememberWait')).toMatchObject({ request: { automatic: true } });
  });
  test('a wait that could not be stored causes a warning, not a failure', () => {
    const warned = backingOff().fail('rememberWait', storeBusy);
    expect(warned.told).toEqual(['store.warning']);
    expect(warned.context.failure).toEqual(unavailable);
  });
  test('progress resets the attempts: a page or a settled answer, but not a sent request', () => {
    const retried = resume(backingOff());
    expect([retried.context.attempt, retried.context.run?.attempts]).toEqual([1, 1]);
    expect([retried.page('todos', 5).context.attempt, retried.page('todos', 5).context.run?.attempts]).toEqual([0, 0]);
    const sent = resume(taking().fail('takeBatch', unavailable)).done('takeBatch', taken).done('sendBatch', report);
    expect(sent.context.attempt).toBe(1);
    expect(sent.done('settleBatch', settledWith()).context.attempt).toBe(0);
    expect(sent.done('settleBatch', settledWith({ pushed: 0, errors: 1 })).context.attempt).toBe(1);
  });
  test('F-46: an interrupted batch settles the answers received, then backs off', () => {
    const interrupted = sending().done('sendBatch', { answered: 1, reached: true, failure: throttled(3_000) });
    expect(interrupted.running('settleBatch')).toBe(true);
    const waiting = interrupted.done('settleBatch', settledWith());
    expect(waiting.phase).toBe('backoff');
    expect(waiting.context.run?.push.pushed).toBe(1);
    expect(waiting.context.wait).toEqual({ delayMs: 3_000, retryAt: 53_000 });
  });
  test('F-46: a sending that throws also loses no answer', () => {
    const broken = sending().fail('sendBatch', unavailable);
    expect(broken.running('settleBatch')).toBe(true);
    expect(broken.done('settleBatch', settledWith()).context).toMatchObject({
      failure: unavailable,
      run: { attempts: 1, push: { pushed: 1 } },
    });
  });
  test('I2: retries failed settling after a wait, and sends or takes nothing in between', () => {
    const waiting = settling().fail('settleBatch', storeBusy);
    expect(waiting.phase).toBe('backoff');
    const again = resume(waiting);
    expect(again.place).toBe('running.pushing.settling');
    expect(again.done('settleBatch', settledWith()).context.run?.push.pushed).toBe(1);
  });
  test('F-85: Retry-After is the lower bound; network.online and triggers do not shorten it, a person may', () => {
    const waiting = paging().fail('pullKind', throttled(60_000));
    expect(waiting.context.wait).toEqual({ delayMs: 60_000, retryAt: 110_000 });
    expect(waiting.send({ type: 'network.offline' }, { type: 'network.online' }).phase).toBe('backoff');
    expect(waiting.send(automatic, { type: 'remote.changed' }).phase).toBe('backoff');
    for (const command of [sync, { type: 'RESUME' } as const, { type: 'FULL_RESYNC' } as const])
      expect(waiting.send(command).place).toBe('standby.asking');
  });
  test('F-85: Retry-After beyond the cap ends the run; triggers send nothing before retryAt', () => {
    const ended = paging().fail('pullKind', throttled(600_000));
    expect(ended.told).toEqual(['sync.failed', 'run.ended', 'backoff.scheduled']);
    expect(errorOf(ended)).toBeInstanceOf(TransportError);
    expect(ended.context).toMatchObject({ run: undefined, wait: { retryAt: 650_000 } });
    const triggered = ended.send(automatic, { type: 'remote.changed' });
    expect(triggered.phase).toBe('backoff');
    expect(triggered.elapse().place).toBe('standby.asking');
    expect(ended.elapse().phase).toBe('idle');
    expect(ended.send(sync).place).toBe('standby.asking');
  });
  test('network.online ends a wait for the network at once', () => {
    const woken = backingOff().send({ type: 'network.online' });
    expect(woken.place).toBe('standby.asking');
    expect(woken.context.wait).toBeUndefined();
    const end = woken.done('acquireLease', held).done('pullKind').done('pullKind').done('finishRun', record());
    expect(end.context).toMatchObject({ failure: undefined, attempt: 0, run: undefined });
  });
  test('an explicit request joins a waiting run: one run does both, planned again to make waiting operations ready', () => {
    for (const still of [
      backingOff(automatic),
      paging(automatic).send({ type: 'PAUSE' }),
      backingOff(automatic).elapse().done('acquireLease', { held: false }),
    ]) {
      const joined = still.send({ type: 'FULL_RESYNC', kinds: ['todos'], waiter: 'w2' });
      const again =
        joined.phase === 'paused'
          ? unpause(joined)
          : joined.phase === 'standby'
            ? joined.elapse('leasePollDelay', 'sync.activity.standby.watching.waiting')
            : joined;
      const replanned = again.done('acquireLease', held);
      expect(replanned.place).toBe('running.planning');
      expect(replanned.context).toMatchObject({ runCount: 1, next: undefined });
      expect(replanned.inputOf('planRun')).toMatchObject({
        request: { explicit: true, waiters: ['w2'] },
        remaining: { toPush: ['todos'], toPull: kinds, toSweep: ['todos'] },
      });
    }
    expect(backingOff(automatic).send({ type: 'RESUME' }).done('acquireLease', held).place).toBe(
      'running.pulling.paging',
    );
  });
  test('I2: a request that joins while a batch is unsettled waits until it is settled', () => {
    const joined = settling(automatic).fail('settleBatch', storeBusy).send({ type: 'FULL_RESYNC', waiter: 'w2' });
    expect(joined.context.next?.waiters).toEqual(['w2']);
    expect(joined.done('acquireLease', held).running('settleBatch')).toBe(true);
  });
  test("an explicit request made while a run failed does not wait for the trigger's backoff", () => {
    const asked = paging(automatic).send({ type: 'FULL_RESYNC', waiter: 'w2' }).fail('pullKind', new Error('bug'));
    expect(asked.place).toBe('standby.asking');
    expect(asked.context.run?.request).toMatchObject({ waiters: ['w2'], automatic: true });
  });
  test('I13, F-17: a failing kind does not stop the others; the run rejects at its end and completes nothing', () => {
    const other = paging().page('todos', 4).fail('pullKind', kindFailed('todos'));
    expect(other.told).toEqual(['sync.failed']);
    expect(find(other, 'sync.failed')).toMatchObject({
      kind: 'todos',
      phase: 'pull',
      stats: { ...noStats, pulled: 4, errors: 1 },
    });
    expect(other.inputOf('pullKind')).toMatchObject({ kind: 'lists' });
    const end = other.done('pullKind');
    expect(end.inputOf('finishRun')).toMatchObject({ succeeded: false });
    const rejected = end.done('finishRun', record());
    expect(rejected.told).toEqual(['run.ended']);
    expect(rejected.emitted[0]).toMatchObject({
      failure: kindFailed('todos'),
      stats: { pulled: 4, errors: 1 },
      tookMs: 5,
    });
    expect(rejected.phase).toBe('idle');
    const troubled = resume(other.fail('pullKind', unavailable)).done('pullKind').done('finishRun', record());
    expect(troubled.emitted[0]).toMatchObject({ type: 'run.ended', failure: kindFailed('todos') });
  });
  test("I13: retries a trigger's request for the failing kinds only", () => {
    const end = paging(automatic).fail('pullKind', kindFailed('todos')).done('pullKind').done('finishRun', record());
    expect(end.phase).toBe('backoff');
    expect(end.told).toEqual(['run.ended', 'backoff.scheduled']);
    expect(end.context.next).toMatchObject({ pushKinds: [], pullKinds: ['todos'], automatic: true });
  });
  test('I13: still pulls a kind that cannot be pushed', () => {
    const rest = taking().fail('takeBatch', kindFailed('todos', 'push'));
    expect(rest.context.run).toMatchObject({ toPush: ['lists'], toPull: kinds });
    expect(rest.running('takeBatch')).toBe(true);
  });
  test.each([
    ['elsewhere', paging().fail('pullKind', kindFailed('elsewhere'))],
    ['todos while planning', planning().fail('planRun', kindFailed('todos'))],
  ])('I8: a kind failure for %s cannot loop', (_, ended) => {
    expect(ended.phase).toBe('idle');
  });
  test.each([new Error('bug'), 'text', undefined, null, { type: 'nonsense' }])(
    'a defect (%s) fails the run and leaves the engine alive',
    (thrown) => {
      const ended = planning().fail('planRun', thrown);
      expect(ended.phase).toBe('idle');
      expect(ended.told).toEqual(['sync.failed', 'run.ended']);
      expect(ended.send(sync).place).toBe('standby.asking');
    },
  );
  test('F-105: reports a failure with the phase in which it happened', () => {
    const phaseAt = (script: Script) => find(script, 'sync.failed')?.phase;
    expect(phaseAt(planning().fail('planRun', new Error('bug')))).toBe('sync');
    expect(phaseAt(taking().fail('takeBatch', new Error('bug')))).toBe('push');
    expect(phaseAt(deciding().fail('decideConflict', new Error('bug')))).toBe('push');
    expect(phaseAt(paging().fail('pullKind', new Error('bug')))).toBe('pull');
    expect(phaseAt(preparing().fail('prepareResync', new Error('bug')))).toBe('fullResync');
    expect(phaseAt(sweeping().fail('sweepResync', new Error('bug')))).toBe('fullResync');
    expect(phaseAt(finishing().fail('finishRun', new Error('bug')))).toBe('sync');
  });
  test('F-105: reports a failed first pull as such, not as a full resync', () => {
    const phaseAt = (script: Script) => find(script, 'sync.failed')?.phase;
    const firstPull = planning().done('planRun', plan({ resyncKinds: kinds, resyncReason: 'first' }));
    expect(firstPull.phase).toBe('firstPull');
    expect(phaseAt(firstPull.fail('prepareResync', new Error('bug')))).toBe('firstPull');
    const toSweep = firstPull.done('prepareResync').done('takeBatch', nothingTaken).done('pullKind').done('pullKind');
    expect(phaseAt(toSweep.fail('sweepResync', new Error('bug')))).toBe('firstPull');
  });
});

describe('scopes and sessions', () => {
  test('401 ends the run without a second attempt; SIGNED_IN restarts its work', () => {
    const out = sending()
      .done('sendBatch', { answered: 1, reached: true, failure: unauthorized })
      .done('settleBatch', settledWith());
    expect(out.phase).toBe('authRequired');
    expect(out.snapshot.hasTag('attention')).toBe(true);
    expect(out.told.toSorted()).toEqual(['batch.pushed', 'run.ended', 'session.authRequired', 'sync.failed']);
    expect(errorOf(out)).toBeInstanceOf(AuthError);
    expect(out.send({ type: 'network.offline' }, { type: 'network.online' }, automatic).phase).toBe('authRequired');
    const back = out.send({ type: 'SIGNED_IN' });
    expect(back.told).toEqual(['session.signedIn']);
    expect(back.context.run).toMatchObject({ id: 2, toPush: kinds, request: { explicit: false, automatic: true } });
  });
  test.each([
    ['paging', paging, (out: Script) => out.fail('pullKind', unauthorized)],
    ['planning', planning, (out: Script) => out.fail('planRun', unauthorized)],
    [
      'sending',
      sending,
      (out: Script) =>
        out.done('sendBatch', { answered: 1, reached: true, failure: unauthorized }).done('settleBatch', settledWith()),
    ],
  ])('I12: a 401 to the old token after SIGNED_IN signs nobody out: the run retries once while %s', (_, at, refuse) => {
    const before = at().send({ type: 'SIGNED_IN' });
    const again = refuse(before);
    expect(again.place).toBe('standby.asking');
    expect(again.told).not.toContain('session.authRequired');
    expect(again.told).not.toContain('sync.failed');
    expect(again.context).toMatchObject({ run: { id: 1 }, failure: undefined });
    const out = again
      .done('acquireLease', held)
      .fail(at === sending ? 'takeBatch' : at === paging ? 'pullKind' : 'planRun', unauthorized);
    expect(out.phase).toBe('authRequired');
    expect(out.told).toContain('session.authRequired');
  });
  test('I12: the first 401 of a run signs out a session that began before the run', () => {
    expect(
      idle().send({ type: 'SIGNED_IN' }, sync).done('acquireLease', held).fail('planRun', unauthorized).phase,
    ).toBe('authRequired');
  });
  test('rejects an explicit SYNC while signed out without starting it; its work waits for SIGNED_IN', () => {
    const refused = paging().fail('pullKind', unauthorized).send({ type: 'SYNC', waiter: 'w2' });
    expect(refused.told).toEqual(['request.refused', 'request.rejected']);
    expect(refused.emitted[1]).toMatchObject({ waiters: ['w2'], failure: { type: 'authRequired' } });
    expect(refused.phase).toBe('authRequired');
    expect(refused.context.next).toMatchObject({ explicit: false, automatic: true, waiters: [] });
    expect(refused.send({ type: 'SIGNED_IN' }).context.run?.request.waiters).toEqual([]);
  });
  test.each([
    ['paging', paging],
    ['backing off', backingOff],
    ['asking for the lease', asking],
  ])('session.expired while %s ends the run at once', (_, at) => {
    const out = at().send({ type: 'session.expired' });
    expect(out.told.toSorted()).toEqual(['run.ended', 'session.authRequired', 'sync.failed']);
    expect(out.phase).toBe('authRequired');
    expect(out.context).toMatchObject({ run: undefined, next: { automatic: true } });
  });
  test.each([
    ['sending', sending],
    ['settling', settling],
  ])('I9: session.expired while %s first settles the answers received', (_, at) => {
    const settlingOut = at().send({ type: 'session.expired' });
    expect(settlingOut.running('settleBatch')).toBe(true);
    const out = settlingOut.done('settleBatch', settledWith());
    expect(out.phase).toBe('authRequired');
    expect(find(out, 'run.ended')).toMatchObject({ stats: { pushed: 1 }, failure: { type: 'authRequired' } });
  });
  test('session.expired while paused ends the run on resume', () => {
    const out = unpause(paging().send({ type: 'PAUSE' }, { type: 'session.expired' }));
    expect(out.phase).toBe('authRequired');
    expect(find(out, 'run.ended')?.waiters).toEqual(['w1']);
  });
  test("does not sync another scope's database automatically; SIGNED_IN or a person tries again", () => {
    const held = planning(automatic).fail('planRun', scopeChanged);
    expect(held.told).toEqual(['scope.changed', 'sync.failed', 'run.ended']);
    expect(held.phase).toBe('idle');
    expect(held.send(automatic, { type: 'network.online' }).phase).toBe('idle');
    expect(held.send({ type: 'SIGNED_IN' }).place).toBe('standby.asking');
    expect(held.send(sync).place).toBe('standby.asking');
  });
});

describe('the network', () => {
  const waitingOffline = () => idle().send({ type: 'network.offline' });
  const probing = () => waitingOffline().elapse('probeDelay', 'sync.network.offline.waiting');
  test('F-139: asks the server now and then while the port says offline; an answer means online', () => {
    expect(probing().running('probeHealth')).toBe(true);
    expect(
      probing()
        .done('probeHealth', false)
        .is({ network: { offline: 'waiting' } }),
    ).toBe(true);
    expect(
      probing()
        .fail('probeHealth', new Error('bug'))
        .is({ network: { offline: 'waiting' } }),
    ).toBe(true);
    const online = probing().send(automatic).done('probeHealth', true);
    expect(online.told).toEqual(['network.online']);
    expect(online.place).toBe('standby.asking');
  });
  test('F-139: a successful probe ends a wait for the network', () => {
    const waiting = backingOff().send({ type: 'network.offline' }).elapse('probeDelay', 'sync.network.offline.waiting');
    expect(waiting.done('probeHealth', true).place).toBe('standby.asking');
  });
  test('I9: does not probe while paused', () => {
    expect(probing().send({ type: 'PAUSE' }).running('probeHealth')).toBe(false);
    const still = waitingOffline().send({ type: 'PAUSE' }).elapse('probeDelay', 'sync.network.offline.waiting');
    expect(still.is({ network: { offline: 'waiting' } })).toBe(true);
    expect(still.actions).toContain('xstate.raise');
  });
});

describe('conflicts', () => {
  test('drains conflicts one by one after the queue, then pushing continues', () => {
    const second = applying().done('applyDecision', outcome('resolved', { facts: [fact('resolved')] }));
    expect(second.told).toEqual(['transport.warning']);
    expect(second.inputOf('decideConflict')).toMatchObject({ ref: ref('op2'), round: 0, explicit: true });
    const drained = second
      .done('decideConflict', decided('repush'))
      .done('repushDecision', outcome('resolved', { pushed: 1 }));
    expect(drained.running('takeBatch')).toBe(true);
    expect(drained.context.run?.push).toMatchObject({ pushed: 1, conflicts: 2, conflictsResolved: 2 });
  });
  test('F-145, I12: skips a deferred conflict without looping', () => {
    expect(deciding().done('decideConflict', decided('leave')).inputOf('decideConflict')).toMatchObject({
      ref: ref('op2'),
    });
    const left = applying().done('applyDecision', outcome('left'));
    expect(left.context.run).toMatchObject({ conflicts: [ref('op2')], push: { conflictsResolved: 0 } });
  });
  test('I8: decides a re-push that conflicts again after a moment, at most maxConflictRetries times', () => {
    let script = repushing();
    for (let round = 1; round <= limits.maxConflictRetries; round++) {
      script = script.done('repushDecision', outcome('again'));
      expect(script.place).toBe('running.resolvingConflict.spacing');
      script = script.elapse('conflictRetryDelay', 'sync.activity.running.resolvingConflict.spacing');
      expect(script.inputOf('decideConflict')).toMatchObject({ ref: ref('op1'), round });
      script = script.done('decideConflict', decided('repush'));
    }
    expect(script.done('repushDecision', outcome('again')).inputOf('decideConflict')).toMatchObject({
      ref: ref('op2'),
      round: 0,
    });
  });
  test('resumes with the open conflict after a failed re-push', () => {
    for (const failed of [
      repushing().fail('repushDecision', unavailable),
      repushing().done('repushDecision', outcome('again', { failure: unavailable })),
    ]) {
      expect(failed.phase).toBe('backoff');
      expect(resume(failed).inputOf('decideConflict')).toMatchObject({ ref: ref('op1') });
    }
  });
  test('I9: PAUSE aborts a re-push', () => {
    const stopped = repushing().send({ type: 'PAUSE' });
    expect(stopped.phase).toBe('paused');
    expect(stopped.running('repushDecision')).toBe(false);
    expect(
      unpause(spacing().send({ type: 'PAUSE' }))
        .done('acquireLease', held)
        .inputOf('decideConflict'),
    ).toMatchObject({ ref: ref('op1'), round: 1 });
  });
  test('resolves a conflict that is reported twice once', () => {
    const twice = settling()
      .done('settleBatch', settledWith({ conflicts: [ref('op1')] }))
      .done('takeBatch', taken)
      .done('sendBatch', report)
      .done('settleBatch', settledWith({ conflicts: [ref('op1')] }));
    expect(twice.context.run?.conflicts).toEqual([ref('op1')]);
  });
  test('RESOLVE_CONFLICT starts a run with the decision, and its conflicts come with the plan', () => {
    const asked = idle().send({ type: 'RESOLVE_CONFLICT', opId: 'op9', resolution: { type: 'acceptServer' } });
    expect(asked.context.run?.request).toMatchObject({ decisions: ['op9'], automatic: true });
    const planned = asked
      .done('acquireLease', held)
      .done('planRun', plan({ pullKinds: [], conflicts: [ref('op9')] }))
      .done('takeBatch', nothingTaken);
    expect(planned.inputOf('decideConflict')).toMatchObject({ ref: ref('op9') });
    expect(
      sending().send({ type: 'RESOLVE_CONFLICT', opId: 'op9', resolution: { type: 'defer' } }).context.next?.decisions,
    ).toEqual(['op9']);
  });
  test('F-145: an explicit request ends the wait for a resolver; the run ends and another follows', () => {
    expect(finishing().inputOf('finishRun')).toMatchObject({ patient: true });
    const hurried = finishing().send({ type: 'SYNC', waiter: 'w2' });
    expect(hurried.inputOf('finishRun')).toMatchObject({ patient: false });
    const next = hurried.send({ type: 'SYNC', waiter: 'w3' }).done('finishRun', record());
    expect(find(next, 'run.ended')?.waiters).toEqual(['w1']);
    expect(next.context.run?.request.waiters).toEqual(['w2', 'w3']);
  });
});

describe('open resolvers', () => {
  test('F-145: an answer that arrives while the run waits for the resolver resolves its conflict in this run', () => {
    const reopened = finishing().done('finishRun', record({ reopened: [ref('op1')], facts: [fact('answered')] }));
    expect(reopened.told).toEqual(['transport.warning']);
    expect(reopened.inputOf('decideConflict')).toMatchObject({ ref: ref('op1'), round: 0 });
    const pushing = reopened
      .done('decideConflict', decided('repush'))
      .done('repushDecision', outcome('resolved', { pushed: 1 }));
    expect(pushing.inputOf('takeBatch')).toMatchObject({ kinds: ['todos'] });
    const again = pushing.done('takeBatch', nothingTaken);
    expect(again.told).toEqual([]);
    expect(find(again.done('finishRun', record()), 'sync.completed')?.stats).toMatchObject({
      pushed: 1,
      conflictsResolved: 1,
    });
  });
});

describe('full resync', () => {
  test('EVT-04: prepares before the push, sweeps kind by kind after the last page', () => {
    expect(preparing().emitted).toEqual([{ type: 'resync.started', reason: 'manual', kinds, runId: 1 }]);
    expect(preparing().done('prepareResync').told).toEqual(['sync.started']);
    expect(paging().inputOf('pullKind')).toMatchObject({ resync: false });
    expect(preparing().done('prepareResync').done('takeBatch', nothingTaken).inputOf('pullKind')).toMatchObject({
      kind: 'todos',
      resync: true,
    });
    const first = sweeping();
    expect(first.inputOf('sweepResync')).toEqual({ runId: 1, kind: 'todos', requested: true });
    expect(first.told).toEqual([]);
    const second = first.done('sweepResync', { facts: [fact('swept')] });
    expect(second.told).toEqual(['transport.warning']);
    expect(second.inputOf('sweepResync')).toMatchObject({ kind: 'lists' });
    expect(second.done('sweepResync', { facts: [] }).running('finishRun')).toBe(true);
  });
  test('F-45: a scheduled one covers only its kinds', () => {
    const first = taking({ resyncKinds: ['lists'], resyncReason: 'first' });
    expect(first.emitted[0]).toEqual({ type: 'resync.started', reason: 'first', kinds: ['lists'], runId: 1 });
    const scheduled = taking({ resyncKinds: ['lists'], resyncReason: 'scheduled' });
    expect(scheduled.emitted[0]).toEqual({ type: 'resync.started', reason: 'scheduled', kinds: ['lists'], runId: 1 });
    const pulled = scheduled.done('prepareResync').done('takeBatch', nothingTaken).done('pullKind').done('pullKind');
    expect(pulled.inputOf('sweepResync')).toEqual({ runId: 1, kind: 'lists', requested: false });
  });
  test('F-08: a failure while sweeping resumes the sweep, not the preparation', () => {
    expect(
      resume(sweeping().done('sweepResync', { facts: [] }).fail('sweepResync', unavailable)).inputOf('sweepResync'),
    ).toMatchObject({ kind: 'lists' });
  });
  test('I13: does not sweep a kind that failed to pull', () => {
    const rest = preparing()
      .done('prepareResync')
      .done('takeBatch', nothingTaken)
      .fail('pullKind', kindFailed('todos'))
      .done('pullKind');
    expect(rest.context.run?.toSweep).toEqual(['lists']);
  });
  test('a plan does not sweep what it does not pull', () => {
    expect(taking({ pullKinds: ['todos'], resyncKinds: ['lists'] }).context.run?.toPull).toEqual(['todos', 'lists']);
  });
});

describe('individually waiting operations', () => {
  const waiting = () => finishing(automatic).done('finishRun', record({ nextDueInMs: 4_000 }));
  test('I12: an automatic run that leaves some continues when they are due, without a failure', () => {
    expect(waiting().told).toEqual(['sync.completed', 'run.ended']);
    expect(waiting().context).toMatchObject({
      run: undefined,
      failure: undefined,
      attempt: 0,
      wait: { delayMs: 4_000, retryAt: 94_000, due: true },
      next: { pushKinds: kinds, pullKinds: [], automatic: true },
    });
    expect(waiting().elapse().context.run?.request).toMatchObject({ pushKinds: kinds, pullKinds: [] });
  });
  test('I13: they block nobody else, also after a restart', () => {
    expect(waiting().send(automatic).place).toBe('standby.asking');
    expect(waiting().send({ type: 'network.online' }).phase).toBe('backoff');
    const restarted = starting().done('hydrate', hydrated({ wait: { delayMs: 4_000, retryAt: 94_000 } }));
    expect(restarted.send(automatic).place).toBe('standby.asking');
  });
  test('an explicit run simply ends, and explicit requests go first', () => {
    expect(finishing().done('finishRun', record({ nextDueInMs: 4_000 })).phase).toBe('idle');
    expect(
      finishing(automatic)
        .send(sync)
        .done('finishRun', record({ nextDueInMs: 4_000 })).place,
    ).toBe('standby.asking');
  });
});

test('ignores a late answer of a stopped actor', () => {
  expect(failedStore().send({ type: 'outbox.changed' }).phase).toBe('failed');
});
