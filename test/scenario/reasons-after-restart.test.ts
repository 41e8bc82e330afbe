import { afterEach, describe, expect, test } from 'vitest';
import { rowStatus } from '../../src/persistence/follow/row-status.ts';
import { readReason, storedReason } from '../../src/persistence/sql/stored-reason.ts';
import { openEngine, type EngineBench } from '../support/open-engine.ts';
import { todoEntity, todoOf } from '../support/todo.ts';

let bench: EngineBench;
afterEach(() => bench.close());

const fields = { title: 'May not be blank.', 'tags.0': 'Unknown tag.' };

test('I12: the reasons of single fields survive a restart in explain() and the row status', async () => {
  bench = await openEngine({ config: { maxOutboxTryCount: 1 } });
  await bench.writer.insertAndEnqueue(todoOf('a'));
  const withdraw = bench.server.refuse(() => true, {
    status: 422,
    body: { error: 'invalid', message: 'Not valid.', fields },
  });
  await bench.engine.sync().catch(() => undefined);
  const text = 'Not valid. (title: May not be blank.; tags.0: Unknown tag.)';
  const expected = [
    { reason: 'stuck', lastError: text, errorFields: fields, detail: expect.stringContaining(text) as string },
  ];
  expect(await bench.engine.explain()).toMatchObject(expected);
  bench = await bench.reopen();
  expect(await bench.engine.explain()).toMatchObject(expected);
  expect(await rowStatus(todoEntity, 'a', { dataSource: bench.dataSource })).toMatchObject({
    lastError: text,
    errorFields: fields,
  });
  // A later failure without fields takes their place.
  withdraw();
  bench.server.refuse(() => true, { status: 422, body: { error: 'invalid', message: 'Still not.' } });
  await bench.engine.retryStuckOperations();
  await bench.engine.sync().catch(() => undefined);
  const [again] = await bench.engine.explain();
  expect(again).toMatchObject({ lastError: 'Still not.' });
  expect(again).not.toHaveProperty('errorFields');
});

describe('F-164: a stored reason', () => {
  test.each([
    ['a text', 'plain'],
    ['a text that looks like a reason', '{"reason":1,"text":"x","fields":{"a":"b"}}'],
    ['JSON of somebody else', '{"message":"x"}'],
  ])('reads back unchanged: %s', (_, text) => {
    expect(readReason(storedReason(text))).toEqual({ text });
    expect(readReason(storedReason(text, fields))).toEqual({ text, fields });
  });

  test.each([
    ['cut off', '{"reason":1,"text":"x","fi'],
    ['of a newer version', '{"reason":2,"text":"x"}'],
    ['without text', '{"reason":1,"fields":{}}'],
    ['with a text that is a number', '{"reason":1,"text":7}'],
  ])('that is damaged is shown unchanged: %s', (_, stored) => {
    expect(readReason(stored)).toEqual({ text: stored });
  });

  test('with damaged fields keeps its text', () => {
    for (const damaged of ['[]', 'null', '{"a":1}', '"x"'])
      expect(readReason(`{"reason":1,"text":"x","fields":${damaged}}`)).toEqual({ text: 'x' });
    for (const cell of [7, new Uint8Array(2)]) expect(typeof readReason(cell).text).toBe('string');
  });

  test('has a size limit', () => {
    const many = Object.fromEntries(Array.from({ length: 1_000 }, (_, index) => [`f${index}`, 'x'.repeat(1_000)]));
    expect(storedReason('x'.repeat(10_000), many).length).toBeLessThan(6_000);
    expect(Object.keys(readReason(storedReason('x', many)).fields ?? {})).toContain('f0');
  });
});
