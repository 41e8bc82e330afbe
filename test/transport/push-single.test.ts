import { expect, test } from 'vitest';
import { deleteOp, upsertOp, type Op } from '../../src/model/operation.ts';
import type { OpPushResult, PushResult } from '../../src/model/transport.ts';
import { RestTransport, type RestTransportOptions } from '../../src/transport.ts';
import { deadUrl, stubServer, type Exchange } from './stub-server.ts';

const idOf = ({ url }: { readonly url: string }): string => decodeURIComponent(url.split('?', 1)[0]?.split('/').at(-1) ?? '');
const edit = (id: string, extra: { readonly baseUpdatedAt?: string; readonly opId?: string; readonly title?: string } = {}): Op =>
  upsertOp({ kind: 'todos', id, payload: { id, title: extra.title ?? 'x' }, baseUpdatedAt: extra.baseUpdatedAt, opId: extra.opId });
const typesOf = (results: readonly OpPushResult[]): readonly string[] => results.map(({ result }) => result.type);
const rest = (baseUrl: string, options: Partial<RestTransportOptions> = {}): RestTransport => new RestTransport({ baseUrl, ...options });
const echo = (exchange: Exchange): void => exchange.reply(200, { ...exchange.json, id: idOf(exchange), updated_at: '2025-01-01T00:00:00.123456Z' });

async function pushOne(op: Op, answer: (exchange: Exchange) => void, options: Partial<RestTransportOptions> = {}): Promise<PushResult | undefined> {
  const server = await stubServer(answer);
  const { results } = await rest(server.baseUrl, options).push([op], {});
  expect(results.map(({ opId }) => opId)).toEqual([op.opId]);
  return results[0]?.result;
}

test('RST-20, RST-22, RST-23: an upsert is a PUT with payload, base and idempotency key', async () => {
  const server = await stubServer(echo);
  const op = edit('1', { baseUpdatedAt: '2024-12-31T23:59:59.123456789+00:00' });
  const { results } = await rest(server.baseUrl, { token: () => 'Bearer t' }).push([op], {});
  expect(server.requests).toMatchObject([{
    method: 'PUT', url: '/todos/1', json: { id: '1', title: 'x', _baseUpdatedAt: '2024-12-31T23:59:59.123456789+00:00' },
    headers: { 'x-idempotency-key': op.opId, authorization: 'Bearer t', accept: 'application/json', 'content-type': 'application/json' },
  }]);
  expect(results[0]?.result).toMatchObject({ type: 'pushSuccess', serverData: { id: '1', updated_at: '2025-01-01T00:00:00.123456Z' } });
});

test('RST-28, RST-29: a delete has its base in the query, and 204 is success', async () => {
  const server = await stubServer((exchange) => exchange.reply(204));
  const op = deleteOp({ kind: 'todos', id: '1', baseUpdatedAt: '2024-01-01T00:00:00+00:00' });
  const { results } = await rest(server.baseUrl).push([op], {});
  expect(server.requests).toMatchObject([{ method: 'DELETE', url: '/todos/1?_baseUpdatedAt=2024-01-01T00%3A00%3A00%2B00%3A00', text: '' }]);
  expect(server.requests[0]?.headers).not.toHaveProperty('content-type');
  expect(typesOf(results)).toEqual(['pushSuccess']);
});

test('F-07: 500 operations against a dead port end after one request', async () => {
  const answers: OpPushResult[] = [];
  const ops = Array.from({ length: 500 }, (_, index) => edit(`e${index}`));
  const { results } = await rest(await deadUrl()).push(ops, { onAnswer: (answer) => answers.push(answer) });
  expect(results.map(({ opId }) => opId)).toEqual(ops.map(({ opId }) => opId));
  expect(results.every(({ result }) => result.type === 'pushUnavailable' && !result.dispatched)).toBe(true);
  expect(results.filter(({ result }) => result.type === 'pushUnavailable' && result.noConnection)).toHaveLength(1);
  expect(answers).toHaveLength(500);
});

test.each([
  [409, { error: 'conflict', current: { id: '1', title: 's', updated_at: 'T2' }, version: 7 }, { type: 'pushConflict', serverData: { id: '1', title: 's', updated_at: 'T2' }, serverTimestamp: 'T2', serverVersion: '7' }],
  [404, { error: 'not_found' }, { type: 'pushNotFound', statusCode: 404 }],
  [422, { error: 'invalid', message: 'Title is missing', fields: { title: 'required' } }, { type: 'pushRejected', statusCode: 422, code: 'invalid', message: 'Title is missing', fields: { title: 'required' } }],
  [403, { error: 'forbidden' }, { type: 'pushForbidden' }],
  [500, '', { type: 'pushUnavailable', dispatched: true, statusCode: 500 }],
  [302, '', { type: 'pushMalformed' }],
])('F-82: %i is classified', async (status, body, expected) => {
  expect(await pushOne(edit('1'), (exchange) => exchange.reply(status, body))).toMatchObject(expected);
});
