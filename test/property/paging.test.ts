import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { JsonObject } from '../../src/model/values/json.ts';
import type { PullPosition } from '../../src/model/ports.ts';
import type { PullPage } from '../../src/model/transport.ts';
import { onPage, type PagingOptions, type PagingState, requestOf, startPaging } from '../../src/rules/pages/paging.ts';
import { timestampText } from '../../src/rules/values/timestamp.ts';

interface Row {
  readonly id: string;
  readonly ts: number;
}
type Request = ReturnType<typeof requestOf>;
type Style = 'offset' | 'cursor' | 'keyset' | 'emptyPages' | 'byId';

const readers = {
  readId: (row: JsonObject) => String(row.id),
  readUpdatedAt: (row: JsonObject) => timestampText(row.updated_at),
};
/** Microseconds, as one second's fraction; moved away from its edge for the overlap window. */
const text = (ts: number): string => `2024-01-01T00:00:00.${String(ts + 500_000).padStart(6, '0')}Z`;
const timeOf = (updatedSince: string): number =>
  updatedSince.startsWith('1970') ? -1 : Number(updatedSince.slice(20, 26)) - 500_000;

/** Orders ids as servers do: none of these is JavaScript's own order for all ids. */
const collations: Readonly<Record<string, (a: string, b: string) => number>> = {
  integer: (a, b) => Number(a) - Number(b),
  text: (a, b) => (a < b ? -1 : a > b ? 1 : 0),
  backwards: (a, b) => Number(b) - Number(a),
};

interface Server {
  rows: Row[];
  readonly style: Style;
  readonly collation: string;
  readonly cap: number;
  readonly honoursAfterId: boolean;
  readonly tellsLimit: boolean;
  readonly tellsMore: boolean;
}

function answer(server: Server, request: Request): PullPage {
  const compareIds = collations[server.collation] ?? (() => 0);
  const compare = (a: Row, b: Row): number => a.ts - b.ts || compareIds(a.id, b.id);
  const since = timeOf(request.updatedSince);
  const { afterId } = request;
  const sorted = [...server.rows]
    .sort(server.style === 'byId' ? (a, b) => compareIds(a.id, b.id) : compare)
    .filter((row) =>
      afterId !== undefined && server.honoursAfterId
        ? row.ts > since || (row.ts === since && compareIds(row.id, afterId) > 0)
        : row.ts >= since,
    );
  const limit = Math.min(request.pageSize, server.cap);
  const tail = server.tellsLimit ? { pageLimit: server.cap } : {};
  const toItems = (rows: readonly Row[]) => rows.map(({ id, ts }) => ({ id, updated_at: text(ts) }));
  if (server.style === 'keyset') {
    return {
      items: toItems(sorted.slice(0, limit)),
      ...tail,
      ...(server.tellsMore ? { hasMore: sorted.length > limit } : {}),
    };
  }
  if (server.style === 'offset' || server.style === 'byId') {
    const offset = Number(request.pageToken ?? 0);
    const rest = sorted.slice(offset);
    return {
      items: toItems(rest.slice(0, limit)),
      ...tail,
      ...(rest.length > limit ? { nextPageToken: String(offset + limit) } : {}),
    };
  }
  const last = request.pageToken === undefined ? undefined : (JSON.parse(request.pageToken) as Row);
  const rest = last === undefined ? sorted : sorted.filter((row) => compare(row, last) > 0);
  const scanned = rest.slice(0, limit);
  // A server that filters after reading: its pages have holes, sometimes nothing but.
  const shown = server.style === 'emptyPages' ? scanned.filter((row) => Number(row.id) % 3 === 0) : scanned;
  const end = scanned.at(-1);
  return {
    items: toItems(shown),
    ...tail,
    ...(rest.length > limit && end !== undefined ? { nextPageToken: JSON.stringify(end) } : {}),
  };
}

const visibleRows = (server: Server): readonly Row[] =>
  server.rows.filter((row) => server.style !== 'emptyPages' || Number(row.id) % 3 === 0);

/**
 * What happens after a page: it is committed and the pull goes on; committed, then a crash; lost before it was
 * committed.
 */
type Fate = 'goesOn' | 'crashesAfter' | 'crashesBefore';

/**
 * Pulls to the end, with crashes by script. Gives the rows in the order they were applied, and the position left
 * behind.
 */
function pull(
  server: Server,
  from: PullPosition,
  options: PagingOptions,
  fates: readonly Fate[],
  meanwhile: (step: number) => void = () => undefined,
) {
  const applied: string[] = [];
  let committed = from;
  let state: PagingState = startPaging(from, options);
  for (let step = 0; step < 400; step += 1) {
    const result = onPage(state, answer(server, requestOf(state, options)), readers, options);
    if (result.type === 'protocolError') throw new Error(result.message);
    const fate = fates[step] ?? 'goesOn';
    if (fate !== 'crashesBefore') {
      applied.push(...result.toApply.items.map((item) => `${String(item.id)}@${String(item.updated_at)}`));
      committed = result.toApply.next;
      if (result.done) return { applied, committed };
    }
    state = fate === 'goesOn' ? result.state : startPaging(committed, options);
    meanwhile(step);
  }
  throw new Error('the pull did not end');
}

const rowsArb = (times: number) =>
  fc.uniqueArray(fc.record({ id: fc.nat(40).map(String), ts: fc.nat(times) }), {
    maxLength: 25,
    selector: ({ id }) => id,
  });
const serverArb = (rows: fc.Arbitrary<Row[]>, styles: readonly Style[]): fc.Arbitrary<Server> =>
  fc.record({
    rows,
    style: fc.constantFrom(...styles),
    collation: fc.constantFrom(...Object.keys(collations)),
    cap: fc.integer({ min: 1, max: 9 }),
    honoursAfterId: fc.constant(true),
    tellsLimit: fc.boolean(),
    tellsMore: fc.boolean(),
  });
const optionsArb = fc.record({
  kind: fc.constant('todos'),
  pageSize: fc.integer({ min: 1, max: 6 }),
  overlapMs: fc.constant(0),
  maxEmptyPages: fc.constant(50),
  resync: fc.boolean(),
});
const fatesArb = fc.array(fc.constantFrom<Fate>('goesOn', 'goesOn', 'crashesAfter', 'crashesBefore'), {
  maxLength: 30,
});
const begin: PullPosition = { cursor: undefined, maxPage: 0, resync: false };
const names = (rows: readonly Row[]): readonly string[] => rows.map(({ id, ts }) => `${id}@${text(ts)}`).sort();
const all: readonly Style[] = ['offset', 'cursor', 'keyset', 'emptyPages'];

test('F-60, F-61, F-62, F-138: applies every row exactly once in all four styles, with and without a crash at any page', () => {
  fc.assert(
    fc.property(serverArb(rowsArb(6), all), optionsArb, fatesArb, (server, options, fates) => {
      expect(pull(server, begin, options, fates).applied.sort()).toEqual(names(visibleRows(server)));
    }),
    { numRuns: 600 },
  );
});

test('F-66: tokens over rows not sorted by time skip no row, with and without a crash at any page', () => {
  fc.assert(
    fc.property(serverArb(rowsArb(6_000_000), ['byId']), optionsArb, fatesArb, (given, options, fates) => {
      const server = { ...given, rows: given.rows.map((row) => ({ ...row, ts: row.ts % 400_000 })) };
      // A single full page out of order, and nothing to follow: refused.
      fc.pre(server.rows.length !== Math.min(options.pageSize, server.cap));
      const { applied, committed } = pull(server, begin, options, fates);
      expect([...new Set(applied)].sort()).toEqual(names(server.rows));
      expect(committed.sequence).toBeUndefined();
    }),
    { numRuns: 300 },
  );
});

test('I6: the next pull repeats nothing and then brings exactly the changes', () => {
  fc.assert(
    fc.property(
      serverArb(rowsArb(6), all),
      optionsArb,
      fc.array(fc.nat(40), { maxLength: 8 }),
      (server, options, edits) => {
        const first = pull(server, begin, options, []);
        const second = pull(server, first.committed, options, []);
        expect(second.applied).toEqual([]);
        const changed = [...new Set(edits)].map((id, index) => ({ id: String(id), ts: 10 + Math.floor(index / 3) }));
        server.rows = [...server.rows.filter(({ id }) => !changed.some((row) => row.id === id)), ...changed];
        const third = pull(server, second.committed, options, []);
        expect(third.applied.sort()).toEqual(
          names(changed.filter((row) => server.style !== 'emptyPages' || Number(row.id) % 3 === 0)),
        );
      },
    ),
    { numRuns: 300 },
  );
});

test('I5: rows that change during the pull arrive in their newest version', () => {
  // Offset tokens cannot promise that: a row that moves shifts the others.
  fc.assert(
    fc.property(
      serverArb(rowsArb(6), ['cursor', 'keyset', 'emptyPages']),
      optionsArb,
      fatesArb,
      fc.array(fc.nat(40), { maxLength: 20 }),
      (server, options, fates, edits) => {
        let now = 10;
        const meanwhile = (step: number): void => {
          const id = edits[step];
          if (id === undefined) return;
          now += 1;
          server.rows = [...server.rows.filter((row) => row.id !== String(id)), { id: String(id), ts: now }];
        };
        const replica = new Map<string, string>();
        let position = begin;
        for (let round = 0; round < 3; round += 1) {
          const { applied, committed } = pull(
            server,
            position,
            options,
            round === 0 ? fates : [],
            round === 0 ? meanwhile : undefined,
          );
          for (const name of applied) replica.set(name.split('@')[0] ?? '', name);
          position = committed;
        }
        expect([...replica.values()].sort()).toEqual(names(visibleRows(server)));
      },
    ),
    { numRuns: 400 },
  );
});

test('F-64: with an overlap window no row is missed, and late ones inside it arrive', () => {
  fc.assert(
    fc.property(
      serverArb(rowsArb(2_000), all),
      optionsArb,
      fatesArb,
      fc.nat(40),
      fc.nat(999),
      (server, given, fates, lateId, lateness) => {
        const options = { ...given, resync: false, overlapMs: 1 };
        const first = pull(server, begin, options, fates);
        // After a crash the window is read again.
        expect([...new Set(first.applied)].sort()).toEqual(names(visibleRows(server)));
        const cursor = first.committed.cursor;
        if (cursor === undefined) return;
        const late = { id: String(lateId), ts: Math.max(0, timeOf(cursor.ts) - lateness) };
        server.rows = [...server.rows.filter(({ id }) => id !== late.id), late];
        const second = pull(server, first.committed, options, fates);
        if (visibleRows(server).includes(late)) expect(second.applied).toContain(`${late.id}@${text(late.ts)}`);
      },
    ),
    { numRuns: 300 },
  );
});

test('a server that ignores afterId still delivers every row and lets every pull end', () => {
  // Tokens page through equal timestamps; without tokens they must fit into a page (F-14).
  fc.assert(
    fc.property(
      serverArb(rowsArb(6), ['offset', 'cursor', 'emptyPages']),
      optionsArb,
      fatesArb,
      (given, options, fates) => {
        const server = { ...given, honoursAfterId: false };
        // A page that is exactly full of one timestamp looks like F-14 from outside.
        const newest = Math.max(...given.rows.map(({ ts }) => ts));
        fc.pre(given.rows.filter(({ ts }) => ts === newest).length !== Math.min(options.pageSize, given.cap));
        const first = pull(server, begin, options, fates);
        expect([...new Set(first.applied)].sort()).toEqual(names(visibleRows(server)));
        pull(server, first.committed, options, []);
      },
    ),
    { numRuns: 300 },
  );
  fc.assert(
    fc.property(serverArb(rowsArb(100_000), ['keyset']), optionsArb, fatesArb, (given, options, fates) => {
      const distinct = given.rows.filter((row, index) => given.rows.findIndex(({ ts }) => ts === row.ts) === index);
      const server = {
        ...given,
        rows: distinct,
        honoursAfterId: false,
        tellsMore: false,
        tellsLimit: false,
        cap: Math.max(2, given.cap),
      };
      const sized = { ...options, pageSize: Math.max(2, options.pageSize) };
      const first = pull(server, begin, sized, fates);
      expect([...new Set(first.applied)].sort()).toEqual(names(server.rows));
    }),
    { numRuns: 200 },
  );
});

test('I8: the pull ends, whatever pages a server invents', () => {
  const pageArb: fc.Arbitrary<PullPage> = fc.record({
    items: fc.array(
      fc.oneof(
        fc.record({ id: fc.nat(4).map(String), updated_at: fc.nat(3).map(text) }) as fc.Arbitrary<JsonObject>,
        fc.constant<JsonObject>({ id: 'x' }),
      ),
      { maxLength: 3 },
    ),
    nextPageToken: fc.option(fc.constantFrom('fresh', 'T1', 'T2'), { nil: undefined }),
    hasMore: fc.option(fc.boolean(), { nil: undefined, freq: 2 }),
  });
  fc.assert(
    fc.property(
      fc.array(pageArb, { minLength: 1, maxLength: 6 }),
      optionsArb,
      fc.boolean(),
      (pages, options, alwaysMore) => {
        let state = startPaging(begin, options);
        for (let step = 0; step < 1_000; step += 1) {
          const drawn = pages[step % pages.length] ?? { items: [] };
          const token = drawn.nextPageToken === 'fresh' ? `F${step}` : drawn.nextPageToken;
          const page: PullPage = {
            items: drawn.items,
            nextPageToken: token,
            hasMore: alwaysMore && token === undefined ? true : drawn.hasMore,
          };
          const result = onPage(state, page, readers, options);
          if (result.type === 'protocolError' || result.done) return;
          state = result.state;
        }
        throw new Error('the pull did not end');
      },
    ),
    { numRuns: 500 },
  );
});
