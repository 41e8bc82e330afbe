import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { nextToken, pageStart, pagingStyles, parsePageQuery, type PageQuery } from '../../src/server/paging.ts';
import { pathSegments } from '../../src/server/request-path.ts';
import {
  compareInstants,
  formatMicros,
  microsOf,
  parseInstant,
  type Instant,
} from '../../src/server/server-timestamp.ts';
import {
  canonicalJson,
  decideDelete,
  decideUpsert,
  idProblem,
  isRemembered,
  parseBatchItem,
  requestFingerprint,
  splitBase,
  type StoredVersion,
  type WriteRequest,
} from '../../src/server/wire-rules.ts';

const request = (parts: Partial<WriteRequest> = {}): WriteRequest => ({
  type: 'upsert',
  kind: 'todos',
  id: 'a',
  payload: {},
  force: false,
  ...parts,
});
const live: StoredVersion = { updatedAt: 't1', version: 'v1', deleted: false };
const tombstone: StoredVersion = { updatedAt: 't2', version: 'v2', deleted: true };

describe('decisions', () => {
  test.each([
    ['a new row', undefined, {}, 'create'],
    ['a base for no row', undefined, { base: 't1' }, 'notFound'],
    ['If-Match for no row', undefined, { ifMatch: '"v1"' }, 'notFound'],
    ['a forced base for no row', undefined, { base: 't1', force: true }, 'create'],
    ['no base on a live row', live, {}, 'update'],
    ['the present base', live, { base: 't1' }, 'update'],
    ['an old base', live, { base: 't0' }, 'conflict'],
    ['an old base, forced', live, { base: 't0', force: true }, 'update'],
    ['create only on a live row (F-40)', live, { createOnly: true }, 'conflict'],
    ['create only on a tombstone', tombstone, { createOnly: true }, 'conflict'],
    ['create only, forced', live, { createOnly: true, force: true }, 'update'],
    ['no base on a tombstone', tombstone, {}, 'undelete'],
    ['an old base on a tombstone (F-120)', tombstone, { base: 't1' }, 'conflict'],
    ['the base of the tombstone itself', tombstone, { base: 't2' }, 'undelete'],
    ['forced on a tombstone', tombstone, { base: 't1', force: true }, 'undelete'],
    ['If-Match of the present version', live, { ifMatch: 'W/"v0", "v1"' }, 'update'],
    ['If-Match of another version', live, { ifMatch: '"v0"' }, 'preconditionFailed'],
    ['If-Match any', live, { ifMatch: '*' }, 'update'],
    ['If-Match any on a tombstone', tombstone, { ifMatch: '*' }, 'preconditionFailed'],
  ] as const)('SVD-03: PUT with %s', (_, stored, parts, decision) => {
    expect(decideUpsert(stored, request(parts))).toBe(decision);
  });

  test.each([
    ['no row', undefined, {}, 'notFound'],
    ['a tombstone', tombstone, { base: 't1' }, 'gone'],
    ['a live row', live, {}, 'delete'],
    ['an old base', live, { base: 't0' }, 'conflict'],
    ['an old base, forced', live, { base: 't0', force: true }, 'delete'],
    ['If-Match of another version', live, { ifMatch: '"v0"' }, 'preconditionFailed'],
  ] as const)('PROTOCOL §4: DELETE of %s', (_, stored, parts, decision) => {
    expect(decideDelete(stored, request({ type: 'delete', payload: undefined, ...parts }))).toBe(decision);
  });

  test('F-32, F-133: which answers are remembered', () => {
    const statuses = [200, 201, 204, 400, 401, 403, 404, 408, 409, 410, 412, 413, 415, 422, 425, 429, 500, 503];
    expect(statuses.filter((status) => isRemembered('upsert', status))).toEqual([200, 201, 204, 400, 413, 415, 422]);
    expect(statuses.filter((status) => isRemembered('delete', status))).toEqual([
      200, 201, 204, 400, 404, 410, 413, 415, 422,
    ]);
  });

  test("I2: a request's identity is kind, id, payload, base and force, whatever the key order", () => {
    const one = requestFingerprint(request({ payload: { a: 1, b: { c: 2, d: [1, 2] } } }));
    expect(requestFingerprint(request({ payload: { b: { d: [1, 2], c: 2 }, a: 1 }, key: 'k' }))).toBe(one);
    for (const other of [{ payload: { a: 1 } }, { id: 'b' }, { kind: 'x' }, { base: 't' }, { force: true }] as const) {
      expect(requestFingerprint(request({ payload: { a: 1, b: { c: 2, d: [1, 2] } }, ...other }))).not.toBe(one);
    }
  });

  test('canonical JSON has the same value', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const text = JSON.stringify(value);
        expect(JSON.parse(canonicalJson(JSON.parse(text) as never))).toEqual(JSON.parse(text));
      }),
      { numRuns: 100 },
    );
  });

  test('PROTOCOL §6: accepts or rejects batch items individually', () => {
    expect(
      parseBatchItem({
        opId: '1',
        kind: 'k',
        id: 7,
        type: 'upsert',
        payload: { a: 1, _baseUpdatedAt: 't' },
        force: true,
      }),
    ).toEqual({
      opId: '1',
      request: { type: 'upsert', kind: 'k', id: '7', payload: { a: 1 }, base: 't', force: true, key: '1' },
    });
    expect(parseBatchItem({ opId: '1', kind: 'k', id: 'a', type: 'delete', baseUpdatedAt: 't' })).toMatchObject({
      request: { type: 'delete', payload: undefined, base: 't' },
    });
    for (const item of [
      null,
      [],
      {},
      { opId: '' },
      { opId: '1' },
      { opId: '1', kind: 'k' },
      { opId: '1', kind: 'k', id: 'a' },
      { opId: '1', kind: 'k', id: 'a', type: 'upsert' },
    ]) {
      expect(parseBatchItem(item)).toHaveProperty('problem');
    }
    expect(splitBase({ a: 1, _baseUpdatedAt: 5 })).toEqual({ payload: { a: 1 }, base: '5' });
  });

  test('ids and paths: bounded, no dots, no prototype keys; an encoded slash belongs to the id', () => {
    expect(
      ['', '.', '..', '__proto__', 'constructor', 'x'.repeat(256)].map((id) => idProblem(id) === undefined),
    ).toEqual(Array(6).fill(false));
    expect(['a', '0', '...', 'x'.repeat(255), 'ä/1'].map(idProblem)).toEqual(Array(5).fill(undefined));
    expect(pathSegments('/api/todos/a%2Fb?x=/1', '/api')).toEqual(['todos', 'a/b']);
    expect([pathSegments('/other/todos', '/api'), pathSegments('/todos/%E0%A4%A', '')]).toEqual([undefined, undefined]);
  });
});

describe('timestamps', () => {
  test.each([
    ['2026-01-01T00:00:00Z', 0, ''],
    ['2026-01-01T00:00:00.1000Z', 0, '1'],
    ['2026-01-01T00:00:00.123456789Z', 0, '123456789'],
    ['2026-01-01T00:00:01', 1, ''],
    ['2026-01-01 00:00:01Z', 1, ''],
    ['2026-01-01T01:00:00+01:00', 0, ''],
    ['2025-12-31T19:30:00-0430', 0, ''],
    ['2026-01-01T01:00:00+01', 0, ''],
    ['2026-01-01', 0, ''],
    ['1767225600123', 0, '123'],
    [1_767_225_600_123.5, 0, '1235'],
  ] as const)('F-63: reads %s to its last digit', (text, seconds, fraction) => {
    expect(parseInstant(text)).toEqual({ seconds: 1_767_225_600 + seconds, fraction });
  });

  test('rejects values that are not dates', () => {
    expect(
      ['', 'soon', '2026-', '2026-1-1', 'NaN', null, {}, Infinity, '2026-01-01T00:00:00.Z'].map(parseInstant),
    ).toEqual(Array(9).fill(undefined));
  });

  test('F-64: the text order of written versions is their time order, and they read back exactly', () => {
    const micros = fc.integer({ min: 0, max: 4_000_000_000_000_000 });
    fc.assert(
      fc.property(micros, micros, (a, b) => {
        const [first, second] = [parseInstant(formatMicros(a)), parseInstant(formatMicros(b))] as [Instant, Instant];
        expect([microsOf(first), microsOf(second)]).toEqual([a, b]);
        expect(Math.sign(compareInstants(first, second))).toBe(Math.sign(a - b));
        expect(formatMicros(a) < formatMicros(b)).toBe(a < b);
      }),
      { numRuns: 200 },
    );
  });
});

describe('pages', () => {
  const query: PageQuery = { updatedSince: 's', afterId: 'x', limit: 5, includeDeleted: true };

  test.each(pagingStyles)('PROTOCOL §2: a %s token continues after its page', (style) => {
    const start = pageStart(style, query);
    expect(start).toEqual({ since: 's', afterId: 'x', offset: 0 });
    if (start === undefined) return;
    const token = nextToken(style, start, { size: 5, lastTs: 't', lastId: 'ä"/%', more: true });
    expect(nextToken(style, start, { size: 5, lastTs: 't', lastId: 'y', more: false })).toBeUndefined();
    const next = token === undefined ? undefined : pageStart(style, { ...query, pageToken: token });
    if (style === 'keyset') expect(token).toBeUndefined();
    else if (style === 'offsetToken') expect(next).toEqual({ since: 's', afterId: 'x', offset: 5 });
    else if (style === 'cursorToken') expect(next).toEqual({ since: 't', afterId: 'ä"/%', offset: 0 });
    else {
      expect(next?.emptyWithToken).toBeDefined();
      expect(pageStart(style, { ...query, pageToken: next?.emptyWithToken })).toEqual({
        since: 't',
        afterId: 'ä"/%',
        offset: 0,
      });
    }
  });

  test("reads a list request with the server's cap", () => {
    const read = (parameters: Record<string, string>): PageQuery | string =>
      parsePageQuery(parameters, { cap: 10, defaultLimit: 7 });
    expect(read({})).toEqual({
      updatedSince: '1970-01-01T00:00:00.000Z',
      limit: 7,
      includeDeleted: false,
      afterId: undefined,
      pageToken: undefined,
    });
    expect(read({ limit: '500', includeDeleted: 'true', afterId: 'x' })).toMatchObject({
      limit: 10,
      includeDeleted: true,
      afterId: 'x',
    });
    expect([read({ limit: '0' }), read({ limit: 'x' }), read({ limit: '1.5' })]).toEqual(
      Array(3).fill('limit must be a whole number above 0'),
    );
  });
});
