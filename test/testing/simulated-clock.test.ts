import { expect, test } from 'vitest';
import { createActor, createMachine } from 'xstate';
import { createSimulatedClock } from '../../src/testing.ts';

test('timers fire in order of their due times, at their times, including those set on the way', async () => {
  const clock = createSimulatedClock(1000);
  const fired: string[] = [];
  clock.setTimeout(() => fired.push(`b@${clock.now()}`), 20);
  clock.setTimeout(() => {
    fired.push(`a@${clock.now()}`);
    clock.setTimeout(() => fired.push(`c@${clock.now()}`), 5);
  }, 10);
  const cancelled = clock.setTimeout(() => fired.push('never'), 12);
  clock.clearTimeout(cancelled);
  await clock.advance(30);
  expect(fired).toEqual(['a@1010', 'c@1015', 'b@1020']);
  expect([clock.now(), clock.pending, clock.nextDue]).toEqual([1030, 0, undefined]);
  expect(() => clock.set(0)).toThrow(RangeError);
});

test('advance lets promises run between two timers', async () => {
  const clock = createSimulatedClock(0);
  const order: string[] = [];
  clock.setTimeout(() => {
    void Promise.resolve()
      .then(() => Promise.resolve())
      .then(() => order.push('promise'));
  }, 1);
  clock.setTimeout(() => order.push('timer'), 2);
  await clock.advance(2);
  expect(order).toEqual(['promise', 'timer']);
});

test('drives an XState actor', async () => {
  const clock = createSimulatedClock();
  const machine = createMachine({ initial: 'waiting', states: { waiting: { after: { 1000: 'done' } }, done: {} } });
  const actor = createActor(machine, { clock }).start();
  await clock.advance(999);
  expect(actor.getSnapshot().value).toBe('waiting');
  clock.increment(1);
  expect(actor.getSnapshot().value).toBe('done');
});
