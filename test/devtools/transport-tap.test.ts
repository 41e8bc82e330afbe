import { expect, onTestFinished, test } from 'vitest';
import { tapTransport } from '../../src/devtools/agent/recording/transport-tap.ts';
import { attachDevtools } from '../../src/devtools/agent/attach-devtools.ts';
import type { NewEntry } from '../../src/devtools/log/new-entry.ts';
import { MemoryTransport } from '../../src/testing/memory-transport.ts';
import { createSimulatedClock } from '../../src/testing/simulated-clock.ts';
import { openEngine } from '../support/open-engine.ts';
import { todoOf } from '../support/todo.ts';

const request = { kind: 'todos', updatedSince: '1970-01-01T00:00:00.000Z', pageSize: 10, includeDeleted: true };

test('I12: the tap forwards calls, answers and errors unchanged, and logs how each ended', async () => {
  const clock = createSimulatedClock();
  const written: NewEntry[] = [];
  const inner = new MemoryTransport();
  const tapped = tapTransport({ clock, log: (entry) => written.push(entry), runId: () => 7 })(inner);
  const page = await tapped.pull(request);
  expect(page).toEqual(await inner.pull(request));
  const failing = tapTransport({ clock, log: (entry) => written.push(entry), runId: () => undefined })({
    ...inner,
    capabilities: inner.capabilities,
    pull: () => Promise.reject(new Error('the wire was cut')),
  } as unknown as MemoryTransport);
  await expect(failing.pull(request)).rejects.toThrow('the wire was cut');
  expect(written).toMatchObject([
    { type: 'request', method: 'pull', result: 'ok', runId: 7, rows: 0 },
    { type: 'request', method: 'pull', result: 'failed', error: 'the wire was cut' },
  ]);
});

test('I9: logs an aborted call as aborted, however it ends', async () => {
  const clock = createSimulatedClock();
  const written: NewEntry[] = [];
  const aborting = new AbortController();
  const inner = new MemoryTransport();
  const tapped = tapTransport({ clock, log: (entry) => written.push(entry), runId: () => undefined })(inner);
  aborting.abort();
  await tapped.pull({ ...request, signal: aborting.signal }).catch(() => undefined);
  expect(written).toMatchObject([{ method: 'pull', result: 'aborted' }]);
});

test("I12: logs each operation of a push with its result type and the server's message", async () => {
  const bench = await openEngine({ config: { maxRetries: 0 } });
  onTestFinished(() => bench.close());
  const agent = attachDevtools(bench.engine);
  bench.server.refuse(({ id }) => id === 'b', { status: 422, body: { error: 'validation' } });
  for (const id of ['a', 'b']) await bench.writer.insertAndEnqueue(todoOf(id));
  await bench.engine.sync().catch(() => undefined);
  const push = agent.log.read().find((entry) => entry.type === 'request' && entry.method === 'push');
  expect(push).toMatchObject({
    operations: [
      { kind: 'todos', entityId: 'a', operationType: 'upsert', outcome: 'pushSuccess' },
      {
        kind: 'todos',
        entityId: 'b',
        operationType: 'upsert',
        outcome: 'pushRejected',
        statusCode: 422,
        message: expect.stringContaining('422'),
      },
    ],
  });
});
