import { describe, expect, test } from 'vitest';
import type { Op } from '../../src/model/operation.ts';
import { pushNotFound, type PushResult, type TransportAdapter } from '../../src/model/transport.ts';
import {
  conformanceCases,
  MemoryTransport,
  type ConformanceTopic,
  pagingStyles,
  transportConformance,
  type ConformanceSubject,
} from '../../src/testing.ts';
import {
  inMemory,
  overSyncServer,
  overTestServer,
  withoutFaults,
  withoutWire,
} from '../support/conformance-subjects.ts';

const runner = { describe, test };
const subscribe = 'the REST transport pokes through its own trigger';

transportConformance('MemoryTransport', inMemory(), { ...runner, lacks: withoutWire });
transportConformance('RestTransport over the test server', overTestServer(), { ...runner, lacks: { subscribe } });
transportConformance('RestTransport in batches over the test server', overTestServer({ enableBatch: true }), {
  ...runner,
  lacks: { subscribe },
});
transportConformance(
  'RestTransport, four requests at a time, over the test server',
  overTestServer({ pushConcurrency: 4 }),
  {
    ...runner,
    about: ['push', 'abort'],
    lacks: { subscribe },
  },
);
transportConformance('RestTransport over the reference server', overSyncServer(), {
  ...runner,
  lacks: { subscribe, ...withoutFaults },
});
transportConformance(
  'RestTransport in batches over the reference server',
  overSyncServer({ enableBatch: true, pushConcurrency: 4 }),
  {
    ...runner,
    lacks: { subscribe, ...withoutFaults },
  },
);
transportConformance(
  'RestTransport with conditional writes over the reference server',
  overSyncServer({ conditionalWrite: true }),
  {
    ...runner,
    about: ['writes', 'identity', 'conflicts', 'deletes'],
  },
);
for (const style of pagingStyles) {
  const lacks =
    style === 'offsetToken'
      ? { stablePages: 'a row that changes moves to the end, and all behind it move up by one' }
      : {};
  transportConformance(`MemoryTransport, ${style}`, inMemory({ paging: style, pageCap: 3 }), {
    ...runner,
    about: ['pull'],
    lacks,
  });
  transportConformance(`RestTransport, ${style}`, overSyncServer({}, style), { ...runner, about: ['pull'], lacks });
}

const failuresOf = async (subject: () => ConformanceSubject): Promise<readonly string[]> => {
  const failed: string[] = [];
  for (const { title, needs, run } of conformanceCases) {
    if (needs.some((feature) => feature in withoutWire)) continue;
    await run(subject()).catch(() => failed.push(title));
  }
  return failed;
};

test('the suite has at least 40 cases, each with a rule and its source in its title', () => {
  const titles = conformanceCases.map(({ title }) => title);
  expect(new Set(titles).size).toBe(titles.length);
  expect(titles.length).toBeGreaterThanOrEqual(40);
  expect(titles.filter((title) => !/\b(I\d+|F-\d+|SVD-\d+|PROTOCOL §\d)/.test(title))).toEqual([]);
});

test('the suite fails for a transport that forgets request identities, and for one that never detects a conflict', async () => {
  expect(await failuresOf(inMemory())).toEqual([]);
  expect(await failuresOf(inMemory({ capabilities: { idempotency: 'none' } }))).toEqual([
    'I2: the same request sent again is one effect with one answer',
    'I2: the identity of a request is its requestId where it has one, whatever the operation is called',
    'I2: another body under the same request identity is refused and has no effect',
    'I2: a repeated request does not undo what was written after it',
    'I2: the same delete again is answered the same',
    'I2: a repeated delete does not take away a row that was created again',
  ]);
  const blind = (): ConformanceSubject => {
    const transport = new MemoryTransport();
    transport.backend.conflictCheckEnabled = false;
    return { transport };
  };
  expect((await failuresOf(blind)).length).toBeGreaterThanOrEqual(5);
});

/** The cases that fail for an adapter with a fault, over a server with every switch. */
const failuresOver = async (
  fault: (inner: TransportAdapter) => TransportAdapter,
  topics: readonly ConformanceTopic[],
): Promise<readonly string[]> => {
  const failed: string[] = [];
  for (const { title, about, run } of conformanceCases.filter((each) => topics.includes(each.about))) {
    const subject = await overTestServer()();
    await run({ ...subject, transport: fault(subject.transport) }).catch(() =>
      failed.push(`${title.split(':')[0]}, ${about}`),
    );
    await subject.dispose?.();
  }
  return failed;
};
const withResults =
  (change: (result: PushResult, op: Op) => PushResult) =>
  (inner: TransportAdapter): TransportAdapter => ({
    ...bound(inner),
    push: async (ops, context) => ({
      results: (await inner.push(ops, context)).results.map(({ opId, result }, index) => ({
        opId,
        result: change(result, ops[index]!),
      })),
    }),
  });
const bound = (inner: TransportAdapter): TransportAdapter => ({
  capabilities: inner.capabilities,
  pull: (request) => inner.pull(request),
  push: (ops, context) => inner.push(ops, context),
  forcePush: (op, context) => inner.forcePush(op, context),
  fetch: (request) => inner.fetch(request),
  health: (context) => inner.health(context),
});

test("F-150, F-151, F-152: the suite fails for adapters that believe every 404, drop the server's message, or send partial rows", async () => {
  expect(await failuresOver(bound, ['refusals'])).toEqual([]);
  const believing = withResults((result) =>
    result.type === 'pushMalformed' || result.type === 'pushRejected'
      ? pushNotFound(404, { message: result.message })
      : result,
  );
  expect(await failuresOver(believing, ['refusals'])).toEqual(['F-150, refusals', 'F-150, refusals']);
  const deleting = withResults((result) =>
    result.type === 'pushConflict' ? { ...result, serverDeleted: true } : result,
  );
  expect(await failuresOver(deleting, ['refusals'])).toEqual(['F-151, refusals', 'F-151, refusals']);
  const wordless = withResults((result) => ('message' in result ? { ...result, message: '' } : result));
  expect(await failuresOver(wordless, ['refusals'])).toEqual(['F-151, refusals', 'F-151, refusals', 'F-151, refusals']);
  const partial = (inner: TransportAdapter): TransportAdapter => ({
    ...bound(inner),
    push: (ops, context) => inner.push(ops.map(withoutUnchanged), context),
  });
  expect(await failuresOver(partial, ['writes'])).toEqual(['F-152, writes']);
});

const withoutUnchanged = (op: Op): Op =>
  op.type === 'upsert' && op.changedFields !== undefined
    ? {
        ...op,
        payload: Object.fromEntries(Object.entries(op.payload).filter(([key]) => op.changedFields?.includes(key))),
      }
    : op;

test('a subject whose server lacks a switch fails with the remedy in its message', async () => {
  const cut = conformanceCases.find(({ needs }) => needs.includes('cuts'));
  await expect(cut?.run(inMemory()())).rejects.toThrow(
    "the subject has no server.cutNextRequests; give it, or name what the backend cannot do in 'lacks'",
  );
  expect(() => transportConformance('x', inMemory())).toThrow(/third argument/);
});
