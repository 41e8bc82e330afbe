import { expect, test } from 'vitest';
import { attachDevtools } from '../../src/devtools/agent/attach-devtools.ts';
import { openEngine } from '../support/open-engine.ts';
import { todoOf } from '../support/todo.ts';

test('I1: an edit waits while the panel is switched offline, and arrives once after it is switched on', async () => {
  const bench = await openEngine({ config: { maxRetries: 0 } });
  const agent = attachDevtools(bench.engine);
  await agent.run({ type: 'setFaults', faults: { offline: true } });
  await bench.writer.insertAndEnqueue(todoOf('a'));
  await expect(bench.engine.sync()).rejects.toThrow(/offline/);
  expect([await bench.queued(), bench.server.getAll('todos')]).toEqual([[expect.any(String)], []]);
  await agent.run({ type: 'setFaults', faults: {} });
  await bench.engine.sync();
  expect([await bench.queued(), bench.server.effectCount({ kind: 'todos', id: 'a' })]).toEqual([[], 1]);
});

test('I2: cutting an answer in the panel repeats the same request with one effect', async () => {
  const bench = await openEngine();
  const agent = attachDevtools(bench.engine);
  await bench.writer.insertAndEnqueue(todoOf('a'));
  await agent.run({ type: 'setFaults', faults: { cutReplies: 1 } });
  bench.skipWaits();
  await bench.engine.sync().catch(() => undefined);
  await agent.run({ type: 'setFaults', faults: {} });
  await bench.engine.sync();
  expect([await bench.queued(), bench.server.effectCount({ kind: 'todos', id: 'a' })]).toEqual([[], 1]);
});

test('I9: PAUSE does not wait for latency that the panel adds', async () => {
  const bench = await openEngine();
  const agent = attachDevtools(bench.engine);
  await agent.run({ type: 'setFaults', faults: { latencyMs: 60_000 } });
  const run = bench.engine.sync().catch(() => undefined);
  await bench.until(({ phase }) => phase === 'paging' || phase === 'pulling');
  await bench.engine.pause();
  expect(bench.engine.status().phase).toBe('paused');
  await bench.engine.dispose();
  await run;
});

test('F-84: ending the session in the panel asks for sign-in and loses nothing', async () => {
  const bench = await openEngine();
  const agent = attachDevtools(bench.engine);
  await bench.writer.insertAndEnqueue(todoOf('a'));
  await agent.run({ type: 'setFaults', faults: { errorRate: 1, errorType: 'unauthorized' } });
  await bench.engine.sync().catch(() => undefined);
  expect(agent.view().session).toBe('authRequired');
  await agent.run({ type: 'setFaults', faults: {} });
  await agent.run({ type: 'signedIn' });
  await bench.engine.sync();
  expect(bench.server.effectCount({ kind: 'todos', id: 'a' })).toBe(1);
});

test('detaching the devtools removes every fault', async () => {
  const bench = await openEngine({ config: { maxRetries: 0 } });
  const agent = attachDevtools(bench.engine, { faults: { offline: true } });
  await expect(bench.engine.sync()).rejects.toThrow();
  agent.detach();
  await bench.engine.sync();
  expect(bench.engine.status().lastSyncedAt).toBeDefined();
});
