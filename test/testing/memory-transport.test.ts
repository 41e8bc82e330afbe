import { describe, expect, test } from 'vitest';
import { deleteOp, upsertOp, type Op } from '../../src/model/operation.ts';
import type { PushResult } from '../../src/model/transport.ts';
import {
  createSimulatedClock,
  FaultyTransport,
  MemoryBackend,
  MemoryTransport,
  pagingStyles,
  seededRandom,
  type TransportFault,
} from '../../src/testing.ts';
import { pullByProtocol } from './pull-by-protocol.ts';

const edit = (id: string, payload: Record<string, string>, parts: { base?: string; opId?: string } = {}): Op =>
  upsertOp({ kind: 'todos', id, payload, opId: parts.opId, baseUpdatedAt: parts.base });
const one = async (transport: { push: MemoryTransport['push'] }, op: Op): Promise<PushResult | undefined> =>
  (await transport.push([op], {})).results[0]?.result;
const memory = (): MemoryTransport => new MemoryTransport({ now: () => 0 });

describe('MemoryTransport', () => {
  test('I2: answers a repeated request again with one effect; rejects the key with another body', async () => {
    const transport = memory();
    const first = await one(transport, edit('a', { title: 'A' }, { opId: 'k' }));
    expect(first).toMatchObject({
      type: 'pushSuccess',
      serverVersion: '1',
      serverData: { id: 'a', title: 'A', updatedAt: '1970-01-01T00:00:00.000001Z' },
    });
    expect(await one(transport, edit('a', { title: 'A' }, { opId: 'k' }))).toEqual(first);
    expect(transport.backend.effectCount({ key: 'k' })).toBe(1);
    expect(await one(transport, edit('a', { title: 'B' }, { opId: 'k' }))).toMatchObject({
      type: 'pushRejected',
      statusCode: 422,
      code: 'idempotency_mismatch',
    });
  });

  test('SVD-03: stale edits and deletes conflict with the stored row, forced ones do not', async () => {
    const transport = memory();
    transport.backend.seed('todos', { id: 'a', title: 'S', updatedAt: 't1' });
    expect(await one(transport, edit('a', { title: 'X' }, { base: 't0' }))).toMatchObject({
      type: 'pushConflict',
      serverData: { title: 'S' },
      serverTimestamp: 't1',
      serverDeleted: false,
    });
    expect(await one(transport, deleteOp({ kind: 'todos', id: 'a', baseUpdatedAt: 't0' }))).toMatchObject({
      type: 'pushConflict',
    });
    expect(await transport.forcePush(edit('a', { title: 'X' }, { base: 't0' }), {})).toMatchObject({
      type: 'pushSuccess',
    });
    expect(await transport.forcePush(deleteOp({ kind: 'todos', id: 'a', baseUpdatedAt: 't0' }), {})).toMatchObject({
      type: 'pushSuccess',
    });
    expect(await one(transport, edit('a', { title: 'Y' }, { base: 't0' }))).toMatchObject({
      type: 'pushConflict',
      serverDeleted: true,
    });
    expect(await one(transport, deleteOp({ kind: 'todos', id: 'a' }))).toMatchObject({
      type: 'pushNotFound',
      statusCode: 410,
    });
  });

  test.each(pagingStyles)('PROTOCOL §2: two clients of one backend see every row once, %s', async (paging) => {
    const backend = new MemoryBackend({ paging, pageCap: 4 });
    backend.setClock(() => '2026-01-01T00:00:00Z');
    const [writer, reader] = [new MemoryTransport({ backend }), new MemoryTransport({ backend })];
    await writer.push(
      Array.from({ length: 21 }, (_, index) => edit(`r${index}`, { title: 'x' })),
      {},
    );
    const rows = await pullByProtocol((request) =>
      reader.pull({ kind: 'todos', pageSize: 10, includeDeleted: true, ...request }),
    );
    expect(new Set(rows.map(({ id }) => id)).size).toBe(21);
    expect(rows).toHaveLength(21);
  });

  test('I9: sends nothing after an abort, and reports each received answer at once', async () => {
    const transport = memory();
    const controller = new AbortController();
    const told: string[] = [];
    const ops = ['a', 'b', 'c'].map((id) => edit(id, {}));
    const { results } = await transport.push(ops, {
      signal: controller.signal,
      onAnswer: ({ result }) => {
        told.push(result.type);
        controller.abort();
      },
    });
    expect(results.map(({ result }) => result.type)).toEqual(['pushSuccess', 'pushUnavailable', 'pushUnavailable']);
    expect(told).toHaveLength(3);
    expect(transport.backend.getAll('todos')).toHaveLength(1);
    await expect(
      transport.pull({ kind: 'todos', pageSize: 1, updatedSince: '', includeDeleted: true, signal: controller.signal }),
    ).rejects.toThrow(/aborted/);
  });

  test('RST-53: a fetch returns row and version, or not found; the returned row is a copy', async () => {
    const transport = memory();
    transport.backend.seed('todos', { id: 'a', tags: ['x'] });
    const found = await transport.fetch({ kind: 'todos', id: 'a' });
    expect(found).toMatchObject({ type: 'fetchSuccess', version: '1', data: { tags: ['x'] } });
    if (found.type === 'fetchSuccess') (found.data['tags'] as string[]).push('y');
    expect(transport.backend.get('todos', 'a')).toMatchObject({ tags: ['x'] });
    expect(await transport.fetch({ kind: 'todos', id: 'b' })).toEqual({ type: 'fetchNotFound' });
  });

  test('PROTOCOL §8: a subscriber receives changes of its kinds until it unsubscribes', async () => {
    const transport = memory();
    const heard: string[] = [];
    const subscription = transport.subscribe(['todos']).subscribe({ next: ({ kinds }) => heard.push(...kinds) });
    await one(transport, edit('a', {}));
    transport.backend.seed('other', { id: '1' });
    subscription.unsubscribe();
    await one(transport, edit('b', {}));
    expect(heard).toEqual(['todos']);
  });
});

describe('FaultyTransport', () => {
  const faulty = (...script: TransportFault[]): { transport: FaultyTransport; backend: MemoryBackend } => {
    const inner = memory();
    return { transport: new FaultyTransport(inner, { script }), backend: inner.backend };
  };

  test.each([
    [{ type: 'dropBefore' }, 'pushUnavailable', 0],
    [{ type: 'lostRequest' }, 'pushAmbiguous', 0],
    [{ type: 'dropAfter' }, 'pushAmbiguous', 1],
    [{ type: 'status', status: 500 }, 'pushUnavailable', 0],
    [{ type: 'status', status: 500, afterCommit: true }, 'pushUnavailable', 1],
    [{ type: 'status', status: 401 }, 'pushUnauthorized', 0],
    [{ type: 'status', status: 429, retryAfterMs: 5 }, 'pushThrottled', 0],
    [{ type: 'malformed' }, 'pushMalformed', 0],
    [{ type: 'none' }, 'pushSuccess', 1],
  ] as const)('I2: %o appears as %s with %i effects, and the repeat has exactly one', async (fault, seen, effects) => {
    const { transport, backend } = faulty(fault);
    const op = edit('a', { title: 'A' }, { opId: 'k' });
    expect((await one(transport, op))?.type).toBe(seen);
    expect(backend.effectCount({ key: 'k' })).toBe(effects);
    expect((await one(transport, op))?.type).toBe('pushSuccess');
    expect(backend.effectCount({ key: 'k' })).toBe(1);
  });

  test('F-04, F-05: omits or doubles results, or names unknown operations', async () => {
    const { transport } = faulty({ type: 'omitResult' }, { type: 'duplicateResult' }, { type: 'unknownResult' });
    const { results } = await transport.push(
      ['a', 'b', 'c'].map((id) => edit(id, {}, { opId: id })),
      {},
    );
    expect(results.map(({ opId }) => opId)).toEqual(['b', 'b', 'c', 'unknown-c']);
  });

  test('I8: delays follow the injected clock; a hung call ends with its abort', async () => {
    const clock = createSimulatedClock(0);
    const inner = memory();
    const transport = new FaultyTransport(inner, {
      clock,
      script: [{ type: 'delay', delayMs: 100 }, { type: 'hang' }],
    });
    let answered = false;
    const late = one(transport, edit('a', {})).then((result) => {
      answered = true;
      return result;
    });
    await clock.advance(99);
    expect(answered).toBe(false);
    await clock.advance(1);
    expect((await late)?.type).toBe('pushSuccess');
    const controller = new AbortController();
    const hung = transport.push([edit('b', {})], { signal: controller.signal });
    controller.abort();
    expect((await hung).results[0]?.result).toMatchObject({ type: 'pushAmbiguous', timedOut: true });
  });

  test('F-07: sends and answers nothing while offline', async () => {
    const { transport, backend } = faulty();
    transport.offline = true;
    expect(await one(transport, edit('a', {}))).toMatchObject({
      type: 'pushUnavailable',
      dispatched: false,
      noConnection: true,
    });
    expect(await transport.health({})).toBe(false);
    await expect(
      transport.pull({ kind: 'todos', pageSize: 1, updatedSince: '', includeDeleted: true }),
    ).rejects.toThrow(/offline/);
    expect(await transport.fetch({ kind: 'todos', id: 'a' })).toMatchObject({ type: 'fetchError' });
    transport.offline = false;
    expect([(await one(transport, edit('a', {})))?.type, backend.effects.length]).toEqual(['pushSuccess', 1]);
  });

  test('the same seed injects the same faults', async () => {
    const run = async (seed: number): Promise<string[]> => {
      const transport = new FaultyTransport(memory(), { random: seededRandom(seed) });
      await transport.push(
        Array.from({ length: 60 }, (_, index) => edit(`r${index}`, {})),
        {},
      );
      return transport.injected.map(({ call, fault }) => `${call.index}:${fault.type}`);
    };
    expect(await run(7)).toEqual(await run(7));
    expect((await run(7)).length).toBeGreaterThan(5);
    expect(await run(7)).not.toEqual(await run(8));
  });
});
