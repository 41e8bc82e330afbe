import { describe, expect, test } from 'vitest';
import type { JsonObject } from '../../src/model/values/json.ts';
import type { PullPosition } from '../../src/model/ports.ts';
import type { PullPage } from '../../src/model/transport.ts';
import { onPage, type PageStep, type PagingOptions, requestOf, startPaging } from '../../src/rules/pages/paging.ts';
import { timestampText } from '../../src/rules/values/timestamp.ts';

/** What a change of one condition in the rules would break, and no server of the other tests does. */
const readers = {
  readId: (row: JsonObject) => (typeof row.id === 'string' ? row.id : undefined),
  readUpdatedAt: (row: JsonObject) => timestampText(row.updated_at),
};
const options: PagingOptions = { kind: 'todos', pageSize: 3, overlapMs: 0, maxEmptyPages: 2, resync: false };
const begin: PullPosition = { cursor: undefined, maxPage: 0, resync: false };
/** A time in seconds. */
const ts = (second: number): string => `2024-01-01T00:00:${second.toFixed(3).padStart(6, '0')}Z`;
const row = (id: string, second: number, title?: string): JsonObject => ({
  id,
  updated_at: ts(second),
  ...(title === undefined ? {} : { title }),
});
const at = (lastId: string, second: number) => ({ ts: ts(second), lastId });
const page = (items: readonly unknown[], rest: Partial<PullPage> = {}): PullPage => ({
  items: items as readonly JsonObject[],
  ...rest,
});

interface Step {
  readonly step: PageStep;
  /** What is asked after it. */
  readonly request: ReturnType<typeof requestOf> | undefined;
}
function feed(position: PullPosition, pages: readonly PullPage[], given: Partial<PagingOptions> = {}): readonly Step[] {
  const all = { ...options, ...given };
  let state = startPaging(position, all);
  return pages.map((next) => {
    const step = onPage(state, next, readers, all);
    if (step.type === 'apply') state = step.state;
    return { step, request: step.type === 'apply' ? requestOf(state, all) : undefined };
  });
}
const applied = (
  { step }: Step | undefined = { step: { type: 'protocolError', message: 'nothing was fed' }, request: undefined },
) => {
  if (step.type !== 'apply') throw new Error(step.message);
  return step;
};
const cursors = (steps: readonly Step[]) => steps.map((one) => applied(one).toApply.next.cursor);
const types = (steps: readonly Step[]) =>
  steps.map(({ step }) => (step.type === 'apply' ? (step.done ? 'done' : 'more') : 'error'));

describe('an interrupted token sequence', () => {
  const sequence = { token: 'T1', start: at('z', 1) };
  test('I6: a cursor that has moved past the start continues from its position', () => {
    for (const cursor of [at('b', 3), at('zz', 1)]) {
      const steps = feed({ ...begin, cursor, sequence }, [
        page([row('c', 4)], { nextPageToken: 'T2' }),
        page([row('d', 5)]),
      ]);
      expect(cursors(steps)).toEqual([at('c', 4), at('d', 5)]);
    }
  });
  test('F-66: an older page then returns the cursor to the start, since the gap is unknown', () => {
    const steps = feed({ ...begin, cursor: at('b', 3), sequence }, [
      page([row('a', 2)], { nextPageToken: 'T2' }),
      page([row('d', 5)]),
    ]);
    expect(cursors(steps)).toEqual([at('z', 1), at('d', 5)]);
  });
  test('F-64: inside an overlap window the cursor is held to the end, and the store learns where re-reads end', () => {
    const position = { ...begin, cursor: at('m', 5), sequence: { token: 'T1', start: { ts: ts(2), lastId: '' } } };
    const steps = feed(position, [page([row('k', 4)], { nextPageToken: 'T2' }), page([row('m', 5), row('n', 6)])]);
    expect(cursors(steps)).toEqual([at('m', 5), at('n', 6)]);
    expect(steps.map((one) => applied(one).pulled)).toEqual([1, 2]);
    expect(steps.map((one) => applied(one).toApply.rereadUntil)).toEqual([ts(5), ts(5)]);
  });
  test('a sequence without overlap has no re-reads', () => {
    const [step] = feed({ ...begin, cursor: at('b', 3), sequence }, [page([row('c', 2)])]);
    expect(applied(step).pulled).toBe(1);
    expect(applied(step).toApply).not.toHaveProperty('rereadUntil');
  });
});

describe('tokens', () => {
  test('hasMore: true beside a token changes nothing: the token decides', () => {
    const steps = feed(begin, [
      page([row('a', 1)], { hasMore: true, nextPageToken: 'T' }),
      page([row('b', 2)], { hasMore: false }),
    ]);
    expect(steps[0]?.request).toMatchObject({ pageToken: 'T' });
    expect(types(steps)).toEqual(['more', 'done']);
  });
  test('hasMore: false beside a token ends the pull, and no sequence is stored', () => {
    const [step] = feed(begin, [page([row('a', 1)], { hasMore: false, nextPageToken: 'T' })]);
    expect(applied(step).toApply.next).toStrictEqual({ cursor: at('a', 1), maxPage: 1, resync: false });
    expect(step?.request).not.toHaveProperty('pageToken');
  });
  test('F-66: a full page out of order is not an error while a token continues', () => {
    expect(types(feed(begin, [page([row('c', 9), row('b', 5), row('a', 2)], { nextPageToken: 'T' })]))).toEqual([
      'more',
    ]);
  });
  test('I8: a repeated page with another in between is an immediate protocol error', () => {
    const [a, b] = [
      [row('c', 3), row('d', 4)],
      [row('a', 1), row('b', 2)],
    ];
    expect(
      types(
        feed(begin, [
          page(a, { nextPageToken: '1' }),
          page(b, { nextPageToken: '2' }),
          page(a, { nextPageToken: '3' }),
        ]),
      ),
    ).toEqual(['more', 'more', 'error']);
  });
  test('I10: forgets pages that made progress', () => {
    const steps = feed(
      begin,
      Array.from({ length: 5 }, (_, index) => page([row(`r${index}`, index + 1)], { nextPageToken: `T${index}` })),
    );
    expect(applied(steps.at(-1)).state.seenPages.size).toBe(1);
  });
});

describe('keyset', () => {
  test('a request omits a missing token', () => {
    expect(requestOf(startPaging(begin, options), options)).not.toHaveProperty('pageToken');
    expect(requestOf(startPaging(begin, options), options)).not.toHaveProperty('afterId');
  });
  test('accepts rows out of order by less than a second, as sorted by seconds: the last row continues', () => {
    const steps = feed(begin, [page([row('a', 3.1), row('c', 3.9), row('b', 3.5)])]);
    expect(applied(steps[0])).toMatchObject({ done: false, unsorted: true });
    expect(cursors(steps)).toEqual([at('b', 3.5)]);
    expect(steps[0]?.request).toMatchObject({ updatedSince: ts(3.5), afterId: 'b' });
  });
  test('accepts exactly a second; a greater disorder, also at the server’s own limit, is an error', () => {
    expect(types(feed(begin, [page([row('a', 2), row('c', 3), row('b', 2)])]))).toEqual(['more']);
    expect(types(feed(begin, [page([row('b', 9), row('a', 2)], { pageLimit: 2 })]))).toEqual(['error']);
  });
  test('ends on a last page that is out of order', () => {
    const [step] = feed(begin, [page([row('c', 9), row('b', 5), row('a', 2)], { hasMore: false })]);
    expect(applied(step)).toMatchObject({ done: true, toApply: { next: { cursor: at('c', 9) } } });
  });
  test('equal timestamps are in order', () => {
    expect(applied(feed(begin, [page([row('b', 2), row('a', 2)], { hasMore: false })])[0]).unsorted).toBe(false);
  });
  test('one new row among known ones is progress, even with an unchanged timestamp', () => {
    const steps = feed(begin, [
      page([row('a', 1), row('b', 2), row('c', 2)]),
      page([row('c', 2), row('d', 2), row('e', 2)]),
    ]);
    expect(types(steps)).toEqual(['more', 'more']);
    expect(cursors(steps)[1]).toEqual(at('e', 2));
  });
  test('a row twice in a page counts in its newest version, of two equal ones in the later', () => {
    expect(applied(feed(begin, [page([row('a', 3), row('a', 1)])])[0]).toApply.items).toEqual([row('a', 3)]);
    expect(applied(feed(begin, [page([row('a', 1, 'x'), row('a', 1, 'y')])])[0]).toApply.items).toEqual([
      row('a', 1, 'y'),
    ]);
  });
});

describe('overlap window', () => {
  test('F-64: the page says where its re-reads end; new rows count on both sides', () => {
    const [step] = feed({ ...begin, cursor: at('m', 5), maxPage: 3 }, [page([row('late', 3), row('n', 6)])], {
      overlapMs: 3_000,
    });
    expect(applied(step)).toMatchObject({ pulled: 2, toApply: { rereadUntil: ts(5), next: { cursor: at('n', 6) } } });
  });
  test('F-63: cannot subtract from a version that is not a time: requests from the cursor itself', () => {
    const given = { ...options, overlapMs: 3_000 };
    const state = startPaging({ ...begin, cursor: { ts: 'v17', lastId: 'm' } }, given);
    expect(requestOf(state, given)).toMatchObject({ updatedSince: 'v17', afterId: 'm' });
    expect(state).toMatchObject({ passed: true, rereadUntil: undefined });
  });
});

test('PULL-08: describes what is wrong with a row', () => {
  const [step] = feed(begin, [page([null, 7, [], { id: '', updated_at: ts(1) }])], { pageSize: 9 });
  expect(applied(step).unusable.map(({ reason }) => reason)).toEqual([
    'expected an object, got null',
    'expected an object, got number',
    'expected an object, got object',
    'the row has no id',
  ]);
});
