import { type Cursor, epochTimestamp } from '../../model/cursor.ts';
import type { PageToApply, PullPosition } from '../../model/ports.ts';
import type { PullPage, PullRequest } from '../../model/transport.ts';
import {
  fingerprint,
  isSorted,
  newestOf,
  type PageRow,
  type PageRows,
  readPage,
  type RowReaders,
  type UnusableRow,
} from './page-rows.ts';
import { ListedRows } from './listed-rows.ts';
import { compareTimestamps, minusMs } from '../values/timestamp.ts';

export interface PagingOptions {
  readonly kind: string;
  readonly pageSize: number;
  readonly overlapMs: number;
  readonly maxEmptyPages: number;
  /** In a full resync a short page is not the end, because the sweep removes rows that were not listed (F-137). */
  readonly resync: boolean;
}

/**
 * The state of a pull in memory: what is committed with the last page, and what the next request and its verdict need.
 */
export interface PagingState {
  readonly position: PullPosition;
  /**
   * Start of the next request. `lastId` '': without afterId. In a token sequence, the filter of the first request
   * (F-60).
   */
  readonly filter: Cursor | undefined;
  readonly token: string | undefined;
  readonly sequence: SequenceOrder | undefined;
  /** Holds the cursor here until the pull ends, because its listing may have skipped rows behind it (F-156). */
  readonly hold: { readonly cursor: Cursor | undefined } | undefined;
  /** With an overlap window: the cursor up to which rows are re-reads. `passed`: the pull is beyond it. */
  readonly rereadUntil: Cursor | undefined;
  readonly passed: boolean;
  readonly warned: boolean;
  readonly previousKeys: ReadonlySet<string>;
  readonly seenTokens: ReadonlySet<string>;
  /**
   * The newest timestamp of this pull across its sequences. A page that does not exceed it must be new, or a server
   * could loop forever.
   */
  readonly highest: Cursor | undefined;
  /** Fingerprints of the pages since `highest` last changed. */
  readonly seenPages: ReadonlySet<string>;
  readonly emptyPages: number;
  /** Number of different pages of the largest size in this pull. Two of them suggest a page limit of the server. */
  readonly fullPages: number;
}

/** What is known about the order of a token sequence. `held`: the cursor stays at `restore` until the end. */
interface SequenceOrder {
  readonly held: boolean;
  readonly restore: Cursor | undefined;
  readonly newest: Cursor | undefined;
  /** End of the first page. Its request had no token, so it cannot have skipped a row. */
  readonly safe: Cursor | undefined;
  /** When the first page was answered, by the server's clock, if known. Newer rows were written during the listing. */
  readonly begunAt: string | undefined;
  /** The newest row that is not newer than that. */
  readonly settled: Cursor | undefined;
  /**
   * The rows that this sequence listed. A row that returns in a newer version has moved, and another row may have been
   * skipped.
   */
  readonly listed: ListedRows;
}

/** A numeric token is an offset of rows or pages. It is only correct while no row before it moves. */
const countsRows = (token: string): boolean => /^\d+$/.test(token);

export type PageStep =
  | {
      readonly type: 'apply';
      readonly toApply: PageToApply;
      readonly state: PagingState;
      readonly done: boolean;
      /** The page is not sorted; reported once per pull (F-66). */
      readonly unsorted: boolean;
      /** Rows for the quarantine. `toApply.items` also contains them, because the page's transaction stores them. */
      readonly unusable: readonly UnusableRow[];
      /** Rows that are new to this pull. The store decides which rows of the overlap window are unchanged. */
      readonly pulled: number;
    }
  | { readonly type: 'protocolError'; readonly message: string };

/** Starts a pull at the stored position, or continues an interrupted token sequence (PROTOCOL §2). */
export function startPaging(position: PullPosition, options: PagingOptions): PagingState {
  const fresh = {
    position,
    warned: false,
    hold: undefined,
    previousKeys: new Set<string>(),
    seenTokens: new Set<string>(),
    seenPages: new Set<string>(),
    emptyPages: 0,
    fullPages: 0,
  };
  const { cursor, sequence } = position;
  if (sequence === undefined) {
    const filter = overlapped(cursor, options.overlapMs);
    const rereads = filter !== cursor;
    return {
      ...fresh,
      filter,
      highest: filter,
      token: undefined,
      sequence: undefined,
      rereadUntil: rereads ? cursor : undefined,
      passed: !rereads,
    };
  }
  const { start, token } = sequence;
  // The first request of an overlapping pull has no afterId. Whether its re-reads are complete is unknown after an
  // interruption.
  const rereads = start?.lastId === '';
  // A cursor that left the start has proven the order so far. One that did not may have been restored, so it is held
  // until the end.
  const moved = !rereads && cursor !== undefined && (cursor.ts !== start?.ts || cursor.lastId !== start.lastId);
  return {
    ...fresh,
    filter: start,
    highest: start,
    token,
    seenTokens: new Set([token]),
    sequence: {
      held: !moved,
      restore: rereads ? cursor : start,
      newest: moved ? cursor : undefined,
      safe: rereads ? cursor : start,
      begunAt: undefined,
      settled: undefined,
      listed: new ListedRows(),
    },
    // The interrupted listing was not observed in between. The committed cursor is the end of its first page.
    hold: countsRows(token) ? { cursor } : undefined,
    rereadUntil: rereads ? cursor : undefined,
    passed: !rereads,
  };
}

/**
 * Returns the position without its token sequence, for a server that no longer knows the token. The cursor stays where
 * the order was proven.
 */
export const abandonSequence = ({
  position: { cursor, maxPage, resync },
  hold,
}: Pick<PagingState, 'position' | 'hold'>): PullPosition => ({
  cursor: hold === undefined ? cursor : hold.cursor,
  maxPage,
  resync,
});

/** The next request. Depends only on the state, so an interrupted request is repeated verbatim. */
export function requestOf(state: PagingState, options: PagingOptions): Omit<PullRequest, 'signal'> {
  const { filter, token } = state;
  return {
    kind: options.kind,
    updatedSince: filter?.ts ?? epochTimestamp,
    pageSize: options.pageSize,
    includeDeleted: true,
    ...(token === undefined ? {} : { pageToken: token }),
    ...(filter === undefined || filter.lastId === '' ? {} : { afterId: filter.lastId }),
  };
}

/**
 * Processes one page. Returns what to apply, the next state, and whether the pull has ended. After a protocol error the
 * pull stops, and nothing of the page counts. `answeredAt`: server time of the answer, rather too early than too late.
 */
export function onPage(
  state: PagingState,
  page: PullPage,
  readers: RowReaders,
  options: PagingOptions,
  answeredAt?: string,
): PageStep {
  const bad = (what: string): PageStep => ({ type: 'protocolError', message: `Pull of ${options.kind}: ${what}` });
  if (!Array.isArray(page.items)) return bad('the page has no list of items');

  const token = page.hasMore === false ? undefined : page.nextPageToken || undefined;
  const read = readPage(page.items, state.previousKeys, readers);
  const before = state.position.cursor;
  const sequence: SequenceOrder | undefined =
    state.sequence ??
    (token === undefined
      ? undefined
      : {
          held: false,
          restore: before,
          newest: undefined,
          safe: advance(before, newestOf(read.rows), countRows(read, state).passed),
          begunAt: answeredAt,
          settled: undefined,
          listed: new ListedRows(),
        });
  const sorted = isSorted(read.rows, sequence?.newest?.ts);
  const newest = newestOf(read.rows);
  // An unsorted keyset page continues after its last row. Rows between that one and the newest may not have been
  // listed.
  const end = sorted || sequence !== undefined ? newest : lastOf(read.rows);
  const movesOn = end !== undefined && isNewer(end, state.highest);
  const name = fingerprint(read.keys);
  const hasNews = [...read.keys].some((key) => !state.previousKeys.has(key));
  const progress = movesOn || (hasNews && !state.seenPages.has(name));

  const { passed, pulled } = countRows(read, state);
  const next = whatNext({ state, page, token, options, progress, hasNews, passed });
  if (next.type === 'error') return bad(next.what);
  const done = next.type === 'done';
  if (!done && sequence === undefined && !sorted && isFull(page, options) && isFarBehind(end, newest)) {
    return bad(
      'a full page without token is not sorted by timestamp, so the rows after it cannot be requested; sort by (updated_at, id)',
    );
  }

  const later = laterOf(sequence?.newest, newest);
  const settled = laterOf(
    sequence?.settled,
    newestOf(
      read.rows.filter(({ ts }) => sequence?.begunAt === undefined || compareTimestamps(ts, sequence.begunAt) <= 0),
    ),
  );
  // A row written during a listing by position may have moved another row into a page that was already answered
  // (F-156).
  const last =
    sequence?.begunAt !== undefined && state.token !== undefined && countsRows(state.token) ? settled : later;
  const held = sequence !== undefined && (sequence.held || !sorted);
  const { cursor: committed, maxPage, resync } = state.position;
  const isMoved = sequence?.listed.add(read.rows) === true;
  const hold =
    state.hold ??
    (isMoved ? { cursor: sequence?.held === true || !sorted ? sequence?.restore : sequence?.safe } : undefined);
  const reached =
    done || sequence === undefined || token === undefined
      ? advance(committed, done ? last : sequence === undefined ? end : later, passed)
      : held
        ? sequence.restore
        : countsRows(token)
          ? sequence.safe
          : advance(committed, newest, passed);
  const cursor = hold === undefined ? reached : hold.cursor;
  const inSequence = token !== undefined && sequence !== undefined;
  // During a token sequence the filter stays that of the request whose answer brought the first token.
  const filter = inSequence ? state.filter : advance(state.filter, sequence === undefined ? end : later, true);
  const position: PullPosition = {
    cursor,
    maxPage: Math.max(maxPage, page.items.length),
    resync,
    ...(inSequence ? { sequence: { token, start: state.filter } } : {}),
  };
  const empty = page.items.length === 0;
  return {
    type: 'apply',
    toApply: {
      page,
      items: read.work,
      next: position,
      ...(state.rereadUntil === undefined ? {} : { rereadUntil: state.rereadUntil.ts }),
    },
    state: {
      position,
      filter,
      highest: laterOf(state.highest, end),
      token,
      sequence: inSequence ? { ...sequence, held, newest: later, settled } : undefined,
      hold,
      rereadUntil: state.rereadUntil,
      passed,
      warned: state.warned || !sorted,
      previousKeys: empty ? state.previousKeys : read.keys,
      seenTokens: inSequence ? new Set([...state.seenTokens, token]) : new Set(),
      seenPages: movesOn ? new Set([name]) : new Set([...state.seenPages, name]),
      emptyPages: empty ? state.emptyPages + 1 : 0,
      fullPages: countFullPages(state, page.items.length, hasNews),
    },
    done,
    unsorted: !sorted && !state.warned,
    unusable: read.unusable,
    pulled,
  };
}

type Next = { readonly type: 'done' | 'more' } | { readonly type: 'error'; readonly what: string };
const ended: Next = { type: 'done' };
const more: Next = { type: 'more' };
const error = (what: string): Next => ({ type: 'error', what });

/** The end rules of PROTOCOL §2, in order of precedence. */
function whatNext({
  state,
  page,
  token,
  options,
  progress,
  hasNews,
  passed,
}: {
  state: PagingState;
  page: PullPage;
  token: string | undefined;
  options: PagingOptions;
  progress: boolean;
  hasNews: boolean;
  passed: boolean;
}): Next {
  const count = page.items.length;
  const nothingNew =
    'the page brings nothing new and does not move the cursor; the server must honour updatedSince with afterId, or pageToken';
  if (page.hasMore === false) return ended;
  if (token !== undefined) {
    if (state.seenTokens.has(token)) return error('the server gave the same page token twice');
    if (count > 0) return progress ? more : error(nothingNew);
    // Empty pages in the middle do not end a pull (F-61).
    return state.emptyPages < options.maxEmptyPages
      ? more
      : error(`more than ${options.maxEmptyPages} empty pages in a row`);
  }
  if (count === 0)
    return page.hasMore === true
      ? error('the server says that it has more, but sends neither rows nor a token')
      : ended;
  if (page.hasMore === true) return progress ? more : error(nothingNew);
  if (state.token !== undefined) return ended;
  // A pull must reach the cursor of the last one. Otherwise a server that limits pages by bytes would return the first
  // page of the window forever.
  if (!options.resync && passed && count < fullSize(state, page, options)) return ended;
  if (progress) return more;
  // A server that ignores afterId answers the last request with the final rows again. That means the end, unless all
  // its pages have this size because of a limit.
  const looksCut = isFull(page, options) || (count >= state.position.maxPage && state.fullPages >= 2);
  return hasNews || looksCut ? error(nothingNew) : ended;
}

/**
 * A page of at least this size may have a successor. If the server gives no limit, this is the largest page seen so far
 * (F-62).
 */
const fullSize = (state: PagingState, page: PullPage, options: PagingOptions): number =>
  Math.min(options.pageSize, page.pageLimit ?? state.position.maxPage);

const isFull = (page: PullPage, options: PagingOptions): boolean =>
  page.items.length >= Math.min(options.pageSize, page.pageLimit ?? options.pageSize);

function countFullPages(state: PagingState, count: number, hasNews: boolean): number {
  if (count > state.position.maxPage) return 1;
  return state.fullPages + (count === state.position.maxPage && hasNews ? 1 : 0);
}

/**
 * The rows that count, and whether the pull has passed the cursor of the overlap: it returned that row, or a newer one.
 */
function countRows(read: PageRows, state: PagingState): { readonly passed: boolean; readonly pulled: number } {
  const work = new Set(read.work);
  let { passed } = state;
  let pulled = 0;
  for (const { item, id, ts } of read.rows) {
    if (!passed && state.rereadUntil !== undefined) {
      const order = compareTimestamps(ts, state.rereadUntil.ts);
      passed = order > 0 || (order === 0 && id === state.rereadUntil.lastId);
    }
    if (work.has(item)) pulled += 1;
  }
  return { passed, pulled };
}

/**
 * A cursor never moves backwards (I6). At equal timestamps the page order decides, after the cursor's own row has
 * passed.
 */
function advance(cursor: Cursor | undefined, end: Cursor | undefined, passed: boolean): Cursor | undefined {
  if (cursor === undefined || end === undefined) return end ?? cursor;
  const order = compareTimestamps(end.ts, cursor.ts);
  return order > 0 || (order === 0 && passed) ? end : cursor;
}

const laterOf = (a: Cursor | undefined, b: Cursor | undefined): Cursor | undefined => advance(a, b, true);

const isNewer = (end: Cursor, before: Cursor | undefined): boolean =>
  before === undefined || compareTimestamps(end.ts, before.ts) > 0;

/** A server may sort by whole seconds and send fractions. A larger difference means that the page is not sorted. */
const isFarBehind = (end: Cursor | undefined, newest: Cursor | undefined): boolean =>
  end !== undefined && newest !== undefined && compareTimestamps(end.ts, minusMs(newest.ts, 1_000)) < 0;

const lastOf = (rows: readonly PageRow[]): Cursor | undefined => {
  const last = rows.at(-1);
  return last === undefined ? undefined : { ts: last.ts, lastId: last.id };
};

function overlapped(cursor: Cursor | undefined, overlapMs: number): Cursor | undefined {
  if (cursor === undefined || !(overlapMs > 0)) return cursor;
  const ts = minusMs(cursor.ts, overlapMs);
  return ts === cursor.ts ? cursor : { ts, lastId: '' };
}
