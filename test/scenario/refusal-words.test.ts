import { afterEach, describe, expect, test } from 'vitest';
import { openEngine, type EngineBench } from '../support/open-engine.ts';
import { todoOf } from '../support/todo.ts';

let bench: EngineBench;
afterEach(() => bench.close());

describe.each([
  ['one by one', {}],
  ['in batches', { enableBatch: true }],
])("a refusal in another framework's shape, %s", (_, rest) => {
  test('I12: its reasons appear in op.failed and explain(), also after a restart', async () => {
    bench = await openEngine({ rest });
    bench.server.refuse(() => true, {
      status: 400,
      body: { title: ['May not be blank.'], non_field_errors: ['Dates overlap.'] },
    });
    await bench.writer.insertAndEnqueue(todoOf('a'));
    await bench.engine.sync();
    const failed = bench.told.find((event) => event.type === 'op.failed');
    const text = 'Dates overlap. (title: May not be blank.)';
    expect(failed).toMatchObject({
      errorInfo: { category: 'validation', statusCode: 400, message: text, fields: { title: 'May not be blank.' } },
    });
    expect(await bench.engine.explain()).toMatchObject([
      { entityId: 'a', lastError: text, detail: expect.stringContaining(text) as string },
    ]);
    bench = await bench.reopen();
    expect(await bench.engine.explain()).toMatchObject([
      { entityId: 'a', lastError: text, detail: expect.stringContaining(text) as string },
    ]);
  });

  test('a 403 shows the reason, also per field', async () => {
    bench = await openEngine({ rest });
    bench.server.refuse(() => true, { status: 403, body: { message: 'Not yours.', errors: { title: ['is locked'] } } });
    await bench.writer.insertAndEnqueue(todoOf('a'));
    await bench.engine.sync();
    const failed = bench.told.find((event) => event.type === 'op.failed');
    expect(failed).toMatchObject({
      errorInfo: { statusCode: 403, message: 'Not yours. (title: is locked)', fields: { title: 'is locked' } },
    });
    expect(await bench.engine.explain()).toMatchObject([
      { reason: 'forbidden', lastError: 'Not yours. (title: is locked)' },
    ]);
  });
});
