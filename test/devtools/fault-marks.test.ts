import { expect, onTestFinished, test } from 'vitest';
import { attachDevtools } from '../../src/devtools/agent/attach-devtools.ts';
import type { FaultSettings } from '../../src/devtools/protocol/engine-view.ts';
import type { RequestEntry } from '../../src/devtools/protocol/log-entry.ts';
import { createFaultMarks } from '../../src/devtools/agent/recording/fault-marks.ts';
import { faultSwitch } from '../../src/devtools/agent/recording/fault-switch.ts';
import { tapTransport } from '../../src/devtools/agent/recording/transport-tap.ts';
import type { NewEntry } from '../../src/devtools/log/new-entry.ts';
import { MemoryTransport } from '../../src/testing/memory-transport.ts';
import { createSimulatedClock } from '../../src/testing/simulated-clock.ts';
import { openEngine } from '../support/open-engine.ts';
import { todoOf } from '../support/todo.ts';

/** One sync with an edit, under these faults: the calls it made, each with the faults that acted on it. */
async function callsUnder(faults: FaultSettings): Promise<readonly Pick<RequestEntry, 'method' | 'faults'>[]> {
  const bench = await openEngine({ config: { maxRetries: 0 } });
  onTestFinished(() => bench.close());
  const agent = attachDevtools(bench.engine, { faults });
  await bench.writer.insertAndEnqueue(todoOf('a'));
  await bench.engine.sync().catch(() => undefined);
  return agent.log
    .read()
    .flatMap((entry) => (entry.type === 'request' ? [{ method: entry.method, faults: entry.faults }] : []));
}

test('I12: does not mark a call that no panel fault affected', async () => {
  const calls = await callsUnder({});
  expect(calls.length).toBeGreaterThan(1);
  expect(calls.every(({ faults }) => faults === undefined)).toBe(true);
});

test('I12: marks a call that the panel blocked as offline', async () => {
  expect(await callsUnder({ offline: true })).toContainEqual({ method: 'push', faults: ['offline'] });
});

test('I12: marks a delayed call, but not an undelayed one beside it', async () => {
  const clock = createSimulatedClock();
  const marks = createFaultMarks();
  const written: NewEntry[] = [];
  let faults: FaultSettings = { latencyMs: 800 };
  const faulty = faultSwitch({
    settings: () => faults,
    clock,
    random: () => 0.5,
    note: (call, fault) => marks.note(call, fault),
  })(new MemoryTransport());
  const tapped = tapTransport({
    clock,
    log: (entry) => written.push(entry),
    runId: () => undefined,
    faultsOf: (call) => marks.of(call),
  })(faulty);
  const request = { kind: 'todos', updatedSince: '1970-01-01T00:00:00.000Z', pageSize: 10, includeDeleted: true };
  const delayed = tapped.pull(request);
  faults = {};
  await tapped.pull(request);
  await clock.advance(800);
  await delayed;
  expect(written).toMatchObject([{ tookMs: 0 }, { tookMs: 800, faults: ['latency'] }]);
  expect(written[0]).not.toHaveProperty('faults');
});

test('I12: marks calls with a panel-made failure, a lost answer, or a shifted clock', async () => {
  expect(await callsUnder({ errorRate: 1, errorType: 'unavailable' })).toContainEqual({
    method: 'push',
    faults: ['error'],
  });
  expect(await callsUnder({ cutReplies: 1 })).toContainEqual({ method: 'push', faults: ['lost answer'] });
  expect(await callsUnder({ clockSkewMs: 3_600_000 })).toContainEqual({ method: 'push', faults: ['clock skew'] });
});
