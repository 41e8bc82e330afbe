import { afterEach, describe, expect, test } from 'vitest';
import { describeSyncError } from '../../src/model/errors/describe-sync-error.ts';
import { syncErrorInfo } from '../../src/model/errors/errors.ts';
import { RestTransport } from '../../src/transport/rest-transport.ts';
import { openEngine, type EngineBench } from '../support/open-engine.ts';
import { todoOf } from '../support/todo.ts';
import { stubServer, type Exchange } from '../transport/stub-server.ts';

const page = '<!DOCTYPE html>\n<html><head><title>Welcome to the hotel</title></head></html>';
type Reply = (exchange: Exchange) => void;
const html: Reply = (exchange) => exchange.replyText(200, page, { 'Content-Type': 'text/html' });
const json =
  (body: unknown): Reply =>
  (exchange) =>
    exchange.reply(200, body);
const list = json({ items: [], hasMore: false });

let bench: EngineBench | undefined;
afterEach(() => bench?.close());

/** What a run says that meets this answer, to code and to people. */
async function failing(answers: { readonly list?: Reply; readonly write?: Reply }, enableBatch = false) {
  const server = await stubServer((exchange) =>
    exchange.method === 'GET' ? (answers.list ?? list)(exchange) : (answers.write ?? html)(exchange),
  );
  bench = await openEngine({ transport: new RestTransport({ baseUrl: server.baseUrl, enableBatch }) });
  if (answers.write !== undefined) for (const id of ['a', 'b']) await bench.writer.insertAndEnqueue(todoOf(id));
  const error = await bench.engine.sync().catch((failure: unknown) => failure);
  const { errorInfo } = bench.told.find((event) => event.type === 'op.failed') ?? {};
  return {
    error,
    info: syncErrorInfo(error),
    told: describeSyncError(error),
    failed: errorInfo,
    toldOfOp: errorInfo && describeSyncError(errorInfo),
  };
}

const signIn = /sign in to the network/;

describe('recognises a web page as an answer', () => {
  test('to a pull', async () => {
    const { info, told } = await failing({ list: html });
    expect(info).toMatchObject({
      category: 'parse',
      isHtml: true,
      message: expect.stringContaining('got a web page (HTML)') as string,
    });
    expect(told).toMatch(signIn);
  });

  test.each([
    ['a request of its own', false],
    ['a batch', true],
  ])('to a write in %s', async (_, enableBatch) => {
    const { info, told, failed, toldOfOp } = await failing({ write: html }, enableBatch);
    expect(info).toMatchObject({
      category: 'parse',
      isHtml: true,
      message: expect.stringContaining('captive portal') as string,
    });
    expect(told).toMatch(signIn);
    expect(failed).toMatchObject({ isHtml: true });
    expect(toldOfOp).toMatch(signIn);
  });

  test('to a write with 404, and to the list', async () => {
    const lost: Reply = (exchange) => exchange.replyText(404, page);
    const { failed, toldOfOp } = await failing({ write: lost, list: lost });
    expect(failed).toMatchObject({ category: 'parse', isHtml: true });
    expect(toldOfOp).toMatch(signIn);
  });
});

describe('JSON of another API names the expected and the actual shape', () => {
  test.each([
    ['a list', [], "expected a JSON object with 'items', got a list"],
    [
      'another object',
      { data: [], meta: {} },
      "expected a JSON object with a list 'items', got an object with 'data', 'meta'",
    ],
    ['items of another kind', { items: { a: 1 } }, "'items' must be a list, got an object with 'a'"],
    ['an item that is no row', { items: [[1]] }, 'items[0] must be a JSON object, got a list'],
  ])('a pull with %s', async (_, body, words) => {
    const { info, told } = await failing({ list: json(body) });
    expect(info).toMatchObject({ category: 'parse', message: expect.stringContaining(words) as string });
    expect(info).not.toHaveProperty('isHtml');
    expect(told).not.toMatch(signIn);
  });

  test('a pull with text that is not JSON', async () => {
    const { info, told } = await failing({ list: (exchange) => exchange.replyText(200, 'OK') });
    expect(info.message).toContain("expected a JSON object with 'items', got text that is not JSON");
    expect(told).not.toMatch(signIn);
  });

  test.each([
    ['a list', ['secret'], 'got a list'],
    ['a text', 'secret', 'got a string'],
    ['a number', 7, 'got a number'],
  ])('a write with %s', async (_, body, words) => {
    const { info, told, failed } = await failing({ write: json(body) });
    expect(failed).toMatchObject({
      message: expect.stringContaining(`expected the row as a JSON object or an empty body, ${words}`) as string,
    });
    expect(failed?.message).not.toContain('secret');
    expect(info.message).not.toContain('captive portal');
    expect(told).not.toMatch(signIn);
  });

  test.each([
    [{ data: [], meta: 'secret' }, "expected a JSON object with a list 'results', got an object with 'data', 'meta'"],
    [{ results: { a: 1 } }, "got 'results' as an object with 'a'"],
  ])('a batch with %j', async (body, words) => {
    const { told, failed } = await failing({ write: json(body) }, true);
    expect(failed?.message).toContain(words);
    expect(failed?.message).not.toContain('secret');
    expect(told).not.toMatch(signIn);
  });

  test('a fetched row with another id names both', async () => {
    const server = await stubServer(json({ id: 'x' }));
    const transport = new RestTransport({ baseUrl: server.baseUrl });
    expect(await transport.fetch({ kind: 'todos', id: 'a' })).toMatchObject({
      error: { message: "Failed to parse the row todos/a: expected a JSON object with this id, got the row 'x'" },
    });
  });
});
