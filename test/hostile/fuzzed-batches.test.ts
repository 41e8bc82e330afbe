import type { AxiosInstance, AxiosRequestConfig } from 'axios';
import { expect, test } from 'vitest';
import { SyncError } from '../../src/model/errors/errors.ts';
import { deleteOp, upsertOp, type Op } from '../../src/model/operation.ts';
import { seededRandom, createSimulatedClock } from '../../src/testing.ts';
import { RestTransport, type RemoteAnswer } from '../../src/transport.ts';
import { distortAnswer } from './distort-answer.ts';

const seed = Number(process.env['FUZZ_SEED'] ?? 20_261_120);
const wanted = Number(process.env['FUZZ_ANSWERS'] ?? 8_000);
const updatedAt = '2026-01-01T00:00:00.000001Z';

/** What a good server would say, so that what is distorted looks like an answer. */
function goodAnswer({ method, url = '', data }: AxiosRequestConfig): RemoteAnswer {
  if (url.endsWith('/batch')) {
    const { ops } = JSON.parse(String(data)) as { ops: readonly { opId: string; id: string; type: string }[] };
    const results = ops.map(({ opId, id, type }, index) =>
      index % 5 === 4
        ? { opId, statusCode: 409, error: { error: 'conflict', current: { id, title: 'theirs', updatedAt } } }
        : type === 'delete'
          ? { opId, statusCode: 204 }
          : { opId, statusCode: 200, data: { id, title: 'x', updatedAt }, version: '1' },
    );
    return { status: 200, body: { results } };
  }
  const id = decodeURIComponent(new URL(url).pathname.split('/')[2] ?? '');
  if (method === 'GET' && id === '')
    return {
      status: 200,
      body: {
        items: [
          { id: 'a', title: 'x', updatedAt },
          { id: 'b', title: 'y', updatedAt, deletedAt: updatedAt },
        ],
        nextPageToken: 't',
        hasMore: true,
      },
    };
  return { status: 200, body: { id, title: 'x', updatedAt } };
}

test('I8, F-04, F-88: each operation gets one result and nothing throws, whatever a batch, page, row or health check returns', {
  timeout: 120_000,
}, async () => {
  const random = seededRandom(seed);
  const clock = createSimulatedClock();
  let distorted = 0;
  let requests = 0;
  let last = '';
  const request = async (config: AxiosRequestConfig): Promise<object> => {
    requests += 1;
    const good = goodAnswer(config);
    const changed =
      random() < 0.2 ? { type: 'answer' as const, answer: good, how: 'good' } : distortAnswer(good, random);
    if (changed.how !== 'good') distorted += 1;
    last = changed.how;
    if (changed.type === 'thrown') throw changed.error;
    if (changed.type === 'hung') {
      setImmediate(() => void clock.advance(31_000));
      return new Promise<object>(() => undefined);
    }
    const { status, body, text, retryAfter, version } = (changed.answer ?? {}) as RemoteAnswer;
    const headers = {
      ...(retryAfter === undefined ? {} : { 'retry-after': String(retryAfter) }),
      ...(version === undefined ? {} : { etag: version }),
    };
    return { status, statusText: '', headers, data: text ?? JSON.stringify(body), config };
  };
  const axios = { request: request as unknown as AxiosInstance['request'] };
  for (let round = 0; distorted < wanted; round += 1) {
    const where = (): string => `FUZZ_SEED=${seed}, round ${round}: ${last}`;
    const rest = new RestTransport({
      baseUrl: 'http://fuzz.invalid',
      axios,
      clock,
      enableBatch: round % 2 === 0,
      batchSize: 3 + (round % 4),
      pushConcurrency: 1 + (round % 3),
    });
    const ops = Array.from({ length: 7 }, (_, index): Op => {
      const id = ['a', 'b', 'c', 'ä/ö', 'e'][index % 5] ?? '';
      return index % 3 === 2
        ? deleteOp({ kind: 'todos', id })
        : upsertOp({ kind: 'todos', id, payload: { title: String(index) }, baseUpdatedAt: updatedAt });
    });
    const told: string[] = [];
    requests = 0;
    const { results } = await rest.push(ops, { onAnswer: ({ opId }) => told.push(opId) });
    expect(
      results.map(({ opId }) => opId),
      where(),
    ).toEqual(ops.map(({ opId }) => opId));
    expect(new Set(told).size, where()).toBe(told.length);
    expect(requests, where()).toBeLessThanOrEqual(40);
    const forced = await rest.forcePush({ ...(ops[0] as Op), force: true });
    expect(forced.type, where()).toMatch(/^push/);
    for (const { result } of results) {
      const row = result.type === 'pushSuccess' ? result.serverData : undefined;
      // A row without id says nothing about another entity; one with another id never counts as success.
      if (row !== undefined)
        expect(['a', 'b', 'c', 'ä/ö', 'e'], where()).toContain(String(row['id'] ?? row['ID'] ?? row['uuid']));
    }
    const page: unknown = await rest
      .pull({ kind: 'todos', updatedSince: updatedAt, pageSize: 5, includeDeleted: true })
      .catch((error: unknown) => error);
    if (page instanceof Error) expect(page, where()).toBeInstanceOf(SyncError);
    else
      expect(
        (page as { items: readonly unknown[] }).items.every((item) => typeof item === 'object' && item !== null),
        where(),
      ).toBe(true);
    expect((await rest.fetch({ kind: 'todos', id: 'a' })).type, where()).toMatch(/^fetch/);
    expect(typeof (await rest.health()), where()).toBe('boolean');
  }
  expect('polluted' in {}).toBe(false);
  expect(clock.pending).toBe(0);
});
