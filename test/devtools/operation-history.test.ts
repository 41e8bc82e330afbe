import { expect, onTestFinished, test } from 'vitest';
import { attachDevtools } from '../../src/devtools/agent/attach-devtools.ts';
import type { DevtoolsAgent } from '../../src/devtools/agent/devtools-agent.ts';
import type { OperationView } from '../../src/devtools/protocol/messages.ts';
import { historyOf } from '../../src/devtools/views/entries/operation-history.ts';
import { openEngine, type EngineBench, type EngineBenchOptions } from '../support/open-engine.ts';
import { todoOf } from '../support/todo.ts';

interface Watched {
  readonly bench: EngineBench;
  readonly agent: DevtoolsAgent;
  /** What happened to an operation, in words. */
  readonly story: (opId: string) => Promise<readonly string[]>;
}

async function open(options: EngineBenchOptions = {}): Promise<Watched> {
  const bench = await openEngine({ ...options, config: { maxRetries: 0, ...options.config } });
  onTestFinished(() => bench.close());
  const agent = attachDevtools(bench.engine);
  const story = async (opId: string): Promise<readonly string[]> => {
    const operation: unknown = await agent.ask('operation', { opId });
    return historyOf((operation as OperationView | null) ?? { opId }, agent.log.read()).map(({ what }) => what);
  };
  return { bench, agent, story };
}
const quietly = (work: Promise<unknown>): Promise<unknown> => work.catch(() => undefined);

test('I12: an applied operation shows that it was sent and removed', async () => {
  const { bench, story } = await open();
  await bench.writer.insertAndEnqueue(todoOf('a'));
  const [opId = ''] = await bench.queued();
  expect(await story(opId)).toEqual(['queued']);
  await bench.engine.sync();
  expect(await story(opId)).toEqual(['sent', 'applied', 'left the outbox: applied']);
});

test('I12: a folded operation shows so, both while it waits and after it is removed', async () => {
  const { bench, agent, story } = await open();
  await bench.writer.insertAndEnqueue(todoOf('a'));
  await bench.writer.replaceAndEnqueue(todoOf('a', { title: 'again' }));
  const [older = '', newer = ''] = await bench.queued();
  await agent.run({ type: 'setFaults', faults: { errorRate: 1, errorType: 'rejected' } });
  await quietly(bench.engine.sync());
  const folded = ['folded into a newer operation, sent with it', 'rejected', 'failed'];
  expect(await story(older)).toEqual(['queued', ...folded]);
  expect((await story(newer)).slice(0, 3)).toEqual(['queued', 'sent', 'rejected']);
  await agent.run({ type: 'setFaults', faults: {} });
  await bench.engine.sync();
  expect(await story(older)).toEqual([
    ...folded,
    'folded into a newer operation, sent with it',
    'applied',
    'left the outbox: applied',
  ]);
});

test('I2: does not show an edit behind an open request as folded into it', async () => {
  const { bench, agent, story } = await open();
  await bench.writer.insertAndEnqueue(todoOf('a'));
  await agent.run({ type: 'setFaults', faults: { cutReplies: 1 } });
  await quietly(bench.engine.sync());
  await bench.writer.replaceAndEnqueue(todoOf('a', { title: 'meanwhile' }));
  const [first = '', second = ''] = await bench.queued();
  expect((await story(first)).slice(0, 3)).toEqual(['queued', 'sent', 'ambiguous: no complete answer']);
  await quietly(bench.engine.sync());
  expect(await story(second)).toEqual(['queued']);
  await agent.run({ type: 'setFaults', faults: {} });
  await bench.engine.sync();
  expect(await story(second)).toEqual(['sent', 'applied', 'left the outbox: applied']);
});

test('I12: shows how an operation can end: conflict, stuck, given up', async () => {
  const { bench, agent, story } = await open({ config: { conflictStrategy: 'manual', maxOutboxTryCount: 1 } });
  bench.server.seed('todos', [{ id: 'c', title: 'one', done: false }]);
  await bench.engine.sync();
  await bench.writer.replaceAndEnqueue(todoOf('c', { title: 'mine' }));
  bench.server.update('todos', 'c', { title: 'theirs' });
  await bench.writer.insertAndEnqueue(todoOf('s'));
  bench.server.refuse(({ id }) => id === 's', { status: 422, body: { error: 'validation' } });
  const [conflicting = '', stuck = ''] = await bench.queued();
  await quietly(bench.engine.sync());
  expect([...new Set(await story(conflicting))]).toEqual([
    'queued',
    'sent',
    'conflict',
    'conflict detected',
    'conflict waits',
  ]);
  expect(await story(stuck)).toEqual(['queued', 'sent', 'rejected', 'failed', 'stuck']);
  await agent.run({ type: 'drop', opIds: [stuck] });
  expect(await story(stuck)).toEqual(['sent', 'rejected', 'failed', 'stuck', 'given up', 'drop from the panel']);
});
