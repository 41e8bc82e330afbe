import { expect, onTestFinished, test } from 'vitest';
import { attachDevtools } from '../../src/devtools/agent/attach-devtools.ts';
import { describeDiscarded, discardedViews } from '../../src/devtools/views/discarded-model.ts';
import type { JsonObject } from '../../src/model/values/json.ts';
import { openEngine } from '../support/open-engine.ts';
import { todoOf } from '../support/todo.ts';

test('F-108: shows a dropped change with its reason, and the panel restores it', async () => {
  const bench = await openEngine({ config: { maxOutboxTryCount: 1, maxRetries: 0 } });
  onTestFinished(() => bench.close());
  const agent = attachDevtools(bench.engine);
  bench.server.refuse(({ id }) => id === 't1', { status: 422, body: { error: 'validation' } });
  await bench.writer.insertAndEnqueue(todoOf('t1', { title: 'Milk' }));
  await bench.engine.sync().catch(() => undefined);
  const [opId] = await bench.queued();
  await agent.run({ type: 'drop', opIds: [opId ?? ''] });
  const answer: unknown = await agent.ask('discarded', {});
  const [given] = discardedViews(answer as readonly JsonObject[]);
  expect(given).toMatchObject({
    opId,
    kind: 'todos',
    entityId: 't1',
    type: 'upsert',
    why: 'somebody dropped it',
    data: { title: 'Milk' },
  });
  expect(await bench.queued()).toEqual([]);
  await agent.run({ type: 'undoDiscard', opId: given?.opId ?? '' });
  expect((await bench.queued()).length).toBe(1);
});

test('omits unreadable entries and shows unknown reasons as they are', () => {
  const whole = {
    opId: 'a',
    kind: 'todos',
    entityId: 't1',
    type: 'upsert',
    data: {},
    changedFields: ['title'],
    reason: 'somethingNew',
    discardedAt: 5,
  };
  const [given, ...others] = discardedViews([whole, { opId: 'b' }, {}]);
  expect(others).toEqual([]);
  expect(given?.why).toBe('somethingNew');
  expect(given && describeDiscarded(given)).toBe('edit title');
  expect(discardedViews([{ ...whole, type: 'delete', changedFields: null }]).map(describeDiscarded)).toEqual([
    'delete',
  ]);
});
