import { ParseError, TransportError } from '../../model/errors/errors.ts';
import type { SyncFact } from '../../model/events.ts';
import type { Clock } from '../../model/platform/clock.ts';
import type { SyncKind } from '../../model/kind.ts';
import type { PageToApply, PullPosition } from '../../model/ports.ts';
import type { PullPage, TransportAdapter } from '../../model/transport.ts';
import { jsonText } from '../../rules/values/json-text.ts';
import { abandonSequence, onPage, requestOf, startPaging, type PagingOptions } from '../../rules/pages/paging.ts';
import { unlessAborted } from '../ports/unless-aborted.ts';

/** A received and judged page that is not applied yet. `facts` are findings of the paging itself. */
export interface FetchedPage {
  readonly toApply: PageToApply;
  /** Rows that count; excludes re-reads of the overlap window. */
  readonly pulled: number;
  readonly facts: readonly SyncFact[];
  readonly bytes: number;
}

export interface FetchOptions {
  readonly kind: SyncKind;
  readonly position: PullPosition;
  readonly paging: PagingOptions;
  readonly transport: TransportAdapter;
  readonly maxBufferedBytes: number;
  readonly signal: AbortSignal;
  readonly clock: Pick<Clock, 'now'>;
}

/** Returns the pages fetched since the last call, at least one; undefined at the end. */
export interface PageFetcher {
  next(): Promise<readonly FetchedPage[] | undefined>;
}

/**
 * Prefetches the pages of one kind. The next request is sent while earlier pages are written. It waits while more than
 * `maxBufferedBytes` are buffered (I10). A failure follows the pages that were received before it (PULL-16).
 */
export function createPageFetcher(options: FetchOptions): PageFetcher {
  const { signal, maxBufferedBytes } = options;
  let buffered: FetchedPage[] = [];
  let bytes = 0;
  let ended: { readonly error: unknown } | undefined;
  let isDone = false;
  // Each side wakes the other with its next step.
  let wake: () => void = () => undefined;
  const somethingNew = (): Promise<void> =>
    new Promise((resolve) => {
      wake = resolve;
    });

  const fill = async (): Promise<void> => {
    for await (const page of fetchPages(options)) {
      buffered.push(page);
      bytes += page.bytes;
      wake();
      while (bytes >= maxBufferedBytes && !signal.aborted) await unlessAborted(somethingNew(), signal);
      if (signal.aborted) return;
    }
  };
  void fill().then(
    () => {
      isDone = true;
      wake();
    },
    (error: unknown) => {
      ended = { error };
      wake();
    },
  );

  return {
    next: async () => {
      while (buffered.length === 0 && ended === undefined && !isDone && !signal.aborted)
        await unlessAborted(somethingNew(), signal);
      if (buffered.length > 0) {
        const pages = buffered;
        buffered = [];
        bytes = 0;
        wake();
        return pages;
      }
      if (ended !== undefined) throw ended.error;
      return undefined;
    },
  };
}

async function* fetchPages({
  kind,
  position,
  paging,
  transport,
  signal,
  clock,
}: FetchOptions): AsyncGenerator<FetchedPage> {
  let state = startPaging(position, paging);
  let mayStartAnew = true;
  for (;;) {
    let page: PullPage | undefined;
    try {
      page = await unlessAborted(transport.pull({ ...requestOf(state, paging), signal }), signal);
    } catch (error) {
      // A token may expire with the server instance that created it. The cursor is at a position with proven order, so
      // keyset paging continues from there.
      if (state.token === undefined || !mayStartAnew || !isUnknownToken(error)) throw error;
      mayStartAnew = false;
      state = startPaging(abandonSequence(state), paging);
      continue;
    }
    if (page === undefined || signal.aborted) return;
    const step = onPage(state, page, kind, paging, answeredAt(page, clock.now()));
    if (step.type === 'protocolError') throw new ParseError(step.message);
    const facts: SyncFact[] = step.unsorted ? [{ type: 'pages.unsorted', kind: kind.kind }] : [];
    state = step.state;
    yield { toApply: step.toApply, pulled: step.pulled, facts, bytes: page.bytes ?? estimateBytes(page) };
    if (step.done) return;
  }
}

/** The server's time of an answer minus one second, the precision of the estimate. */
const answeredAt = ({ clockOffsetMs }: PullPage, now: number): string | undefined =>
  clockOffsetMs === undefined ? undefined : new Date(now + clockOffsetMs - 1_000).toISOString();

const isUnknownToken = (error: unknown): boolean =>
  error instanceof TransportError && [400, 404, 410, 422].includes(error.statusCode);

/** For adapters that report no size: extrapolates from the first row. A row that is nested too deep is never stored. */
const estimateBytes = ({ items }: PullPage): number => items.length * (jsonText(items[0] ?? '', () => '').length + 1);
