import { describe, expect, onTestFinished, test } from 'vitest';
import { attachDevtools } from '../../src/devtools/agent/attach-devtools.ts';
import { restoreShown } from '../../src/devtools/agent/answering/restore-shown.ts';
import { createRedactor } from '../../src/devtools/log/redact.ts';
import type { ConflictView, OperationView } from '../../src/devtools/protocol/messages.ts';
import { ValidationError } from '../../src/model/errors/errors.ts';
import { openEngine } from '../support/open-engine.ts';
import { todoOf } from '../support/todo.ts';

const long = 'a long text '.repeat(500);

test('I1: restores secrets and long strings in a merged row that a panel returns', async () => {
  const bench = await openEngine({ config: { conflictStrategy: 'manual' } });
  onTestFinished(() => bench.close());
  const agent = attachDevtools(bench.engine, { redact: { fields: ['tags'] } });
  await bench.writer.insertAndEnqueue(todoOf('a', { title: long, tags: ['private'] }));
  await bench.engine.sync();
  bench.server.backend.update('todos', 'a', { priority: 1 });
  await bench.writer.replaceAndEnqueue({ ...todoOf('a'), ...(await bench.row('a')), priority: 2 });
  await bench.engine.sync();

  const [shown] = (await agent.ask('conflicts', {})) as unknown as readonly ConflictView[];
  expect(shown?.conflict.serverData).toMatchObject({
    tags: '[redacted]',
    title: expect.stringMatching(/… \(6000 characters\)$/),
  });
  const opId = shown?.conflict.opId ?? '';
  await agent.run({
    type: 'resolveConflict',
    opId,
    resolution: { type: 'acceptMerged', data: { ...shown?.conflict.serverData, priority: 7 } },
  });
  await bench.engine.sync();
  expect(bench.server.backend.get('todos', 'a')).toMatchObject({ title: long, tags: ['private'], priority: 7 });
  expect(await bench.row('a')).toMatchObject({ title: long, tags: ['private'], priority: 7 });
});

test('I1: an amendment keeps a truncated value that it repeats, and is rejected if it changes part of one', async () => {
  const bench = await openEngine();
  onTestFinished(() => bench.close());
  const agent = attachDevtools(bench.engine, { redact: { fields: ['tags'] } });
  await bench.writer.insertAndEnqueue(todoOf('a', { title: long, tags: ['private'] }));
  const [operation] = await bench.engine.explain();
  const opId = operation?.opId ?? '';
  const { payload } = (await agent.ask('operation', { opId })) as unknown as OperationView;
  await agent.run({
    type: 'amend',
    opId,
    patch: { title: payload?.['title'] ?? null, tags: payload?.['tags'] ?? null, priority: 3 },
  });
  expect(await bench.row('a')).toMatchObject({ title: long, tags: ['private'], priority: 3 });
  await expect(agent.run({ type: 'amend', opId, patch: { title: `A ${String(payload?.['title'])}` } })).rejects.toThrow(
    ValidationError,
  );
  await bench.engine.sync();
  expect(bench.server.backend.get('todos', 'a')).toMatchObject({ title: long, tags: ['private'], priority: 3 });
});

describe('restoreShown', () => {
  const redact = createRedactor();

  test('rejects a choice between sides that look alike, and names the field', () => {
    const sides = { localData: { token: 'mine', title: 'x' }, serverData: { token: 'theirs', title: 'y' } };
    expect(() => restoreShown({ token: '[redacted]' }, sides, redact)).toThrow(/'token'.*differs between the sides/);
    expect(restoreShown({ token: 'new', title: 'y' }, sides, redact)).toEqual({ token: 'new', title: 'y' });
  });

  test('keeps a value that really contains [redacted]', () => {
    expect(restoreShown({ title: '[redacted]' }, { payload: { title: '[redacted]' } }, redact)).toEqual({
      title: '[redacted]',
    });
  });
});
