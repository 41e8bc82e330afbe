import { describe, expect, test } from 'vitest';
import type { JsonObject } from '../../src/model/values/json.ts';
import type { PullPosition } from '../../src/model/ports.ts';
import type { PullPage } from '../../src/model/transport.ts';
import {
  abandonSequence,
  onPage,
  type PageStep,
  type PagingOptions,
  requestOf,
  startPaging,
} from '../../src/rules/pages/paging.ts';
import { timestampText } from '../../src/rules/values/timestamp.ts';

const readers = {
  readId: (row: JsonObject) => (row.id === undefined || row.id === null ? undefined : String(row.id)),
  readUpdatedAt: (row: JsonObject) => timestampText(row.updated_at),
};
const options: PagingOptions = { kind: 'todos', pageSize: 3, overlapMs: 0, maxEmptyPages: 2, resync: false };
const begin: PullPosition = { cursor: undefined, maxPage: 0, resync: false };
const ts = (second: number): string => `2024-01-01T00:00:${String(second).padStart(2, '0')}.123456Z`;
const row = (id: string | number, second: number): JsonObject => ({ id, updated_at: ts(second) });
const at = (id: string, second: number) => ({ ts: ts(second), lastId: id });
const page = (items: readonly JsonObject[], rest: Partial<PullPage> = {}): PullPage => ({ items, ...rest });

/** Feeds pages one after another; a protocol error ends the list. */
function feed(
  position: PullPosition,
  pages: readonly PullPage[],
  given: Partial<PagingOptions> = {},
): readonly (PageStep & { request: unknown })[] {
  const all = { ...options, ...given };
  let state = startPaging(position, all);
  const steps: (PageStep & { request: unknown })[] = [];
  for (const next of pages) {
    const step = { ...onPage(state, next, readers, all), request: requestOf(state, all) };
    steps.push(step);
    if (step.type === 'protocolError') break;
    state = step.state;
  }
  return steps;
}
const applied = (step: (PageStep & { request: unknown }) | undefined) => {
  if (step?.type !== 'apply') throw new Error(`expected a page to apply, got ${JSON.stringify(step)}`);
  return step;
};
const ids = (step: (PageStep & { request: unknown }) | undefined) => applied(step).toApply.items.map((item) => item.id);

describe('requests', () => {
  test('PULL-01: a first pull starts at the epoch, without afterId and token, with deleted rows', () => {
    expect(requestOf(startPaging(begin, options), options)).toEqual({
      kind: 'todos',
      updatedSince: '1970-01-01T00:00:00.000Z',
      pageSize: 3,
      includeDeleted: true,
    });
  });
  test('F-63: returns the cursor to the server character by character', () => {
    expect(requestOf(startPaging({ ...begin, cursor: at('b', 5) }, options), options)).toMatchObject({
      updatedSince: ts(5),
      afterId: 'b',
    });
  });
  test('an overlap window requests from an earlier time, without afterId', () => {
    const state = startPaging({ ...begin, cursor: at('b', 5) }, { ...options, overlapMs: 2_500 });
    expect(requestOf(state, options)).toEqual({
      kind: 'todos',
      updatedSince: '2024-01-01T00:00:02.623456Z',
      pageSize: 3,
      includeDeleted: true,
    });
  });
});

describe('tokens', () => {
  test('F-60: while following a token, updatedSince and afterId stay those of the first request', () => {
    const steps = feed({ ...begin, cursor: at('z', 1) }, [
      page([row('a', 2), row('b', 3)], { nextPageToken: 'T1' }),
      page([row('c', 4)], { nextPageToken: 'T2' }),
      page([row('d', 5)]),
    ]);
    expect(steps.map((step) => step.request)).toMatchObject([
      { updatedSince: ts(1), afterId: 'z' },
      { updatedSince: ts(1), afterId: 'z', pageToken: 'T1' },
      { updatedSince: ts(1), afterId: 'z', pageToken: 'T2' },
    ]);
    expect(applied(steps[0]).toApply.next).toEqual({
      cursor: at('b', 3),
      maxPage: 2,
      resync: false,
      sequence: { token: 'T1', start: at('z', 1) },
    });
    expect(applied(steps[2]).toApply.next).toEqual({ cursor: at('d', 5), maxPage: 2, resync: false });
    expect(applied(steps[2]).done).toBe(true);
  });
  test('an interrupted sequence continues with its token and first filter', () => {
    const position = { cursor: at('b', 3), maxPage: 2, resync: false, sequence: { token: 'T1', start: undefined } };
    expect(requestOf(startPaging(position, options), options)).toEqual({
      kind: 'todos',
      updatedSince: '1970-01-01T00:00:00.000Z',
      pageSize: 3,
      pageToken: 'T1',
      includeDeleted: true,
    });
    const [step] = feed(position, [page([row('c', 4)])]);
    expect(applied(step).toApply.next.cursor).toEqual(at('c', 4));
    expect(abandonSequence({ position, hold: undefined })).toEqual({ cursor: at('b', 3), maxPage: 2, resync: false });
  });
  test('F-61: follows an empty page with a token', () => {
    const steps = feed(begin, [page([], { nextPageToken: 'T1' }), page([row('a', 1)])]);
    expect(applied(steps[0])).toMatchObject({ done: false });
    expect(ids(steps[1])).toEqual(['a']);
  });
  test('I8: too many empty pages in a row are a protocol error', () => {
    expect(
      feed(
        begin,
        ['1', '2', '3', '4'].map((token) => page([], { nextPageToken: token })),
      ).map((step) => step.type),
    ).toEqual(['apply', 'apply', 'protocolError']);
  });
  test('F-14: the same token twice is a protocol error, even right after a restart', () => {
    expect(
      feed(begin, [page([row('a', 1)], { nextPageToken: 'T' }), page([row('b', 2)], { nextPageToken: 'T' })]).at(-1),
    ).toMatchObject({
      type: 'protocolError',
    });
    const position = { ...begin, sequence: { token: 'T', start: undefined } };
    expect(feed(position, [page([row('b', 2)], { nextPageToken: 'T' })])[0]).toMatchObject({ type: 'protocolError' });
  });
  test('I8: two pages that alternate under new tokens end in a protocol error', () => {
    const [a, b] = [
      [row('a', 1), row('b', 2)],
      [row('c', 3), row('d', 4)],
    ];
    const steps = feed(
      begin,
      Array.from({ length: 20 }, (_, index) => page(index % 2 === 0 ? a : b, { nextPageToken: `T${index}` })),
    );
    expect(steps.at(-1)?.type).toBe('protocolError');
    expect(steps.length).toBeLessThan(6);
  });
  test('F-66: a page older than the cursor restores the start; the cursor moves only at the end', () => {
    const steps = feed({ ...begin, cursor: at('z', 1) }, [
      page([row('c', 5), row('d', 6)], { nextPageToken: 'T1' }),
      page([row('a', 2), row('b', 3)], { nextPageToken: 'T2' }),
      page([row('e', 7)], { nextPageToken: 'T3' }),
      page([row('f', 4)]),
    ]);
    expect(steps.map((step) => applied(step).toApply.next.cursor)).toEqual([
      at('d', 6),
      at('z', 1),
      at('z', 1),
      at('e', 7),
    ]);
    expect(steps.map((step) => applied(step).unsorted)).toEqual([false, true, false, false]);
  });
  test('F-66: a restored cursor stays restored after a restart', () => {
    const position = { cursor: at('z', 1), maxPage: 2, resync: false, sequence: { token: 'T2', start: at('z', 1) } };
    const steps = feed(position, [page([row('e', 7)], { nextPageToken: 'T3' }), page([row('f', 4)])]);
    expect(steps.map((step) => applied(step).toApply.next.cursor)).toEqual([at('z', 1), at('e', 7)]);
  });
  test('hasMore: false ends, with or without a token', () => {
    expect(applied(feed(begin, [page([row('a', 1)], { hasMore: false, nextPageToken: 'T' })])[0])).toMatchObject({
      done: true,
      toApply: { next: { cursor: at('a', 1) } },
    });
  });
});

describe('keyset', () => {
  test('F-138: among equal timestamps the last row in page order continues, whatever its id', () => {
    const [step] = feed(begin, [page([row(9, 1), row(10, 2), row(2, 2)])]);
    expect(applied(step).toApply.next.cursor).toEqual({ ts: ts(2), lastId: '2' });
  });
  test('F-63: distinguishes rows within one millisecond', () => {
    const fine = (id: string, digits: string) => ({ id, updated_at: `2024-01-01T00:00:00.${digits}Z` });
    const [step] = feed(begin, [page([fine('a', '1230001'), fine('b', '1230002'), fine('c', '12300019')])]);
    expect(applied(step).toApply.next.cursor?.ts).toBe('2024-01-01T00:00:00.12300019Z');
    expect(applied(step).unsorted).toBe(true);
  });
  test('F-62: one more request follows a page below the limit that is a new maximum', () => {
    const steps = feed(begin, [
      page([row('a', 1), row('b', 2)]),
      page([row('c', 3), row('d', 4)]),
      page([row('e', 5)]),
    ]);
    expect(steps.map((step) => applied(step).done)).toEqual([false, false, true]);
    expect(applied(steps[2]).toApply.next.maxPage).toBe(2);
  });
  test('a page shorter than the largest known one ends an incremental pull, a full page does not', () => {
    expect(applied(feed({ ...begin, maxPage: 3 }, [page([row('a', 1), row('b', 2)])])[0]).done).toBe(true);
    expect(applied(feed({ ...begin, maxPage: 3 }, [page([row('a', 1), row('b', 2), row('c', 3)])])[0]).done).toBe(
      false,
    );
  });
  test('a reduced page size is no sign of the end', () => {
    expect(applied(feed({ ...begin, maxPage: 500 }, [page([row('a', 1), row('b', 2), row('c', 3)])])[0]).done).toBe(
      false,
    );
  });
  test('X-Page-Limit resolves the doubt', () => {
    expect(applied(feed(begin, [page([row('a', 1)], { pageLimit: 2 })])[0]).done).toBe(true);
    expect(applied(feed({ ...begin, maxPage: 3 }, [page([row('a', 1), row('b', 2)], { pageLimit: 2 })])[0]).done).toBe(
      false,
    );
  });
  test('F-137: only an empty page, hasMore: false or the end of a token sequence ends a full resync', () => {
    const resync = { resync: true };
    expect(applied(feed({ ...begin, maxPage: 3 }, [page([row('a', 1)], { pageLimit: 3 })], resync)[0]).done).toBe(
      false,
    );
    expect(applied(feed(begin, [page([])], resync)[0]).done).toBe(true);
    expect(applied(feed(begin, [page([row('a', 1)], { hasMore: false })], resync)[0]).done).toBe(true);
    expect(
      applied(feed(begin, [page([row('a', 1)], { nextPageToken: 'T' }), page([row('b', 2)])], resync)[1]).done,
    ).toBe(true);
  });
  test('F-14: a full page without news or cursor movement is a protocol error', () => {
    const same = page([row('a', 1), row('b', 1), row('c', 1)]);
    expect(feed(begin, [same, same]).map((step) => step.type)).toEqual(['apply', 'protocolError']);
  });
  test('F-14: also detects a server that ignores afterId and is cut off by its own limit', () => {
    const [first, second] = [page([row('a', 1), row('b', 2)]), page([row('c', 3), row('d', 3)])];
    expect(feed(begin, [first, second, second]).map((step) => step.type)).toEqual(['apply', 'apply', 'protocolError']);
  });
  test('a server that ignores afterId signals the end by repeating the last rows', () => {
    const steps = feed(begin, [page([row('a', 1)]), page([row('a', 1)])]);
    expect(applied(steps[1])).toMatchObject({ done: true, pulled: 0, toApply: { items: [] } });
    expect(
      applied(feed(begin, [page([row('a', 1), row('b', 2)]), page([row('b', 2)])], { resync: true })[1]).done,
    ).toBe(true);
  });
  test('hasMore: true continues after a short page, and without rows or token is a protocol error', () => {
    expect(applied(feed({ ...begin, maxPage: 3 }, [page([row('a', 1)], { hasMore: true })])[0]).done).toBe(false);
    expect(feed(begin, [page([], { hasMore: true })])[0]).toMatchObject({ type: 'protocolError' });
  });
  test('I6: the cursor never moves backwards', () => {
    const [step] = feed({ ...begin, cursor: at('m', 5), maxPage: 3 }, [page([row('a', 2)])]);
    expect(applied(step).toApply.next.cursor).toEqual(at('m', 5));
  });
  test('F-66: a short unsorted page ends with the newest timestamp; rejects a full one far out of order', () => {
    const [step] = feed({ ...begin, maxPage: 3 }, [page([row('b', 9), row('a', 2)])]);
    expect(applied(step)).toMatchObject({ unsorted: true, done: true, toApply: { next: { cursor: at('b', 9) } } });
    expect(feed(begin, [page([row('c', 9), row('b', 5), row('a', 2)])])[0]).toMatchObject({ type: 'protocolError' });
  });
  test('does not apply or count rows of the previous page again', () => {
    const steps = feed(begin, [page([row('a', 1), row('b', 2), row('c', 2)]), page([row('c', 2), row('d', 3)])]);
    expect(ids(steps[1])).toEqual(['d']);
    expect(applied(steps[1]).pulled).toBe(1);
  });
  test('applies a row that is twice in one page in its newest version', () => {
    const [step] = feed(begin, [page([row('a', 1), row('b', 2), row('a', 3)])]);
    expect(applied(step).toApply.items).toEqual([row('b', 2), row('a', 3)]);
  });
});

describe('overlap window', () => {
  const cursor = at('m', 5);
  test('F-64: applies and counts late rows inside the window unless the store knows them; the cursor stays', () => {
    const steps = feed(
      { ...begin, cursor, maxPage: 3 },
      [page([row('late', 3), row('k', 5), row('m', 5)]), page([row('n', 5), row('o', 6)])],
      {
        overlapMs: 3_000,
      },
    );
    expect(ids(steps[0])).toEqual(['late', 'k', 'm']);
    expect(steps.map((step) => applied(step).pulled)).toEqual([3, 2]);
    expect(steps.map((step) => applied(step).toApply.next.cursor)).toEqual([cursor, at('o', 6)]);
    expect(steps[1]?.request).toMatchObject({ updatedSince: ts(5), afterId: 'm' });
  });
  test('I5: a short page that ends before the cursor is not the end: a server with a byte cap may have cut it', () => {
    const steps = feed({ ...begin, cursor, maxPage: 3 }, [page([row('late', 3)]), page([row('m', 5), row('n', 6)])], {
      overlapMs: 3_000,
    });
    expect(steps.map((step) => applied(step).done)).toEqual([false, true]);
    expect(steps[1]?.request).toMatchObject({ updatedSince: ts(3), afterId: 'late' });
  });
  test('I6: a page that ends before the cursor inside its timestamp does not move it back', () => {
    const steps = feed(
      { ...begin, cursor },
      [page([row('a', 3), row('b', 5), row('c', 5)]), page([row('m', 5), row('n', 5)])],
      { overlapMs: 3_000 },
    );
    expect(steps.map((step) => applied(step).toApply.next.cursor)).toEqual([cursor, at('n', 5)]);
  });
});

describe('rows without a position', () => {
  test('PULL-08: reports rows without id or timestamp; the rest goes on', () => {
    const [step] = feed(
      begin,
      [page([row('a', 1), { updated_at: ts(2) }, { id: 'c' }, { id: 'd', updated_at: 'soon' }, row('e', 3)])],
      { pageSize: 9 },
    );
    expect(applied(step).unusable.map(({ id, reason }) => [id, reason.slice(0, 14)])).toEqual([
      [undefined, 'the row has no'],
      ['c', 'the row has no'],
      ['d', 'the row has no'],
    ]);
    expect(applied(step)).toMatchObject({ pulled: 2, toApply: { next: { cursor: at('e', 3) } } });
    expect(applied(step).toApply.items).toHaveLength(5);
  });
  test('I8: a full page of only such rows ends in a protocol error, not in a loop', () => {
    const bad = page([{ id: 'a' }, { id: 'b' }, { id: 'c' }]);
    expect(feed(begin, [bad, bad]).map((step) => step.type)).toEqual(['apply', 'protocolError']);
  });
  test('a page without an items list is a protocol error', () => {
    const broken = JSON.parse('{"items":{"0":1}}') as PullPage;
    expect(feed(begin, [broken])[0]).toMatchObject({ type: 'protocolError' });
    expect(applied(feed(begin, [JSON.parse('{"items":[null,7]}') as PullPage])[0]).unusable).toHaveLength(2);
  });
});
