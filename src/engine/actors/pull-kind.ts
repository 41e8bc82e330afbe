import { Observable } from 'rxjs';
import type { SyncFact } from '../../model/events.ts';
import type { AppliedPage } from '../../model/ports.ts';
import type { PageReport } from '../../model/run.ts';
import type { EnginePorts } from '../ports/engine-ports.ts';
import { failStep } from '../ports/step-failure.ts';
import { yieldTurn } from '../../model/platform/yield-turn.ts';
import { noteClockOffset } from './clock-offset.ts';
import type { FetchedPage } from './page-fetcher.ts';
import { handOverIfWanted } from './hand-over.ts';
import type { PullAhead } from './pull-ahead.ts';
import type { RunMemory } from './run-memory.ts';

export interface PullKindInput {
  readonly kind: string;
  readonly resync: boolean;
  /** Rows of this kind that the run pulled before an interruption. */
  readonly totalDone: number;
}

/**
 * Pulls one kind completely and reports each page after its commit. Unsubscribing earlier aborts the pending requests.
 */
export const pullKind = (
  input: PullKindInput,
  ports: EnginePorts,
  memory: RunMemory,
  ahead: PullAhead,
): Observable<PageReport> =>
  new Observable((subscriber) => {
    const abort = new AbortController();
    let isDone = false;
    memory
      .during(() => pullPages(input, ports, memory, ahead, abort.signal, (report) => subscriber.next(report)))
      .then(
        () => {
          isDone = true;
          subscriber.complete();
        },
        (error: unknown) => subscriber.error(error),
      );
    return () => {
      abort.abort();
      if (!isDone) ahead.stop();
    };
  });

async function pullPages(
  { kind: name, resync, totalDone }: PullKindInput,
  ports: EnginePorts,
  memory: RunMemory,
  ahead: PullAhead,
  signal: AbortSignal,
  report: (page: PageReport) => void,
): Promise<void> {
  const { store, clock } = ports;
  const kind = ports.kinds.get(name);
  // Only registered kinds get here; an unregistered kind has nothing to pull (KND-07).
  if (kind === undefined) return;
  let done = totalDone;
  // The report of the last page includes the facts of the kind's completion.
  let last: PageReport | undefined;
  const tell = (page: PageReport): void => {
    if (last !== undefined) report(last);
    last = page;
  };
  try {
    const { position, fetcher, release } = await ahead.open({ kind: name, resync }, kind);
    if (signal.aborted) release();
    signal.addEventListener('abort', release, { once: true });
    let stored = position;
    let retention: number | undefined;
    for (let pages = await fetcher.next(); pages !== undefined && !signal.aborted; pages = await fetcher.next()) {
      // Lets the next request leave before the write begins.
      await yieldTurn();
      const work = pages.filter(({ toApply: { items, page, next } }) => {
        // A page without rows that does not move the position needs no transaction.
        const isMoved = JSON.stringify(next) !== JSON.stringify(stored);
        stored = next;
        return isMoved || items.length > 0 || page.items.length > 0;
      });
      const applied =
        work.length === 0
          ? []
          : await store.applyPages(
              name,
              work.map(({ toApply }) => toApply),
              { signal, totalDone: done },
            );
      // An interrupted application has committed the first pages. The rest is pulled again.
      if (applied.length < work.length) return;
      for (const page of pages) {
        const index = work.indexOf(page);
        const written = index === -1 ? undefined : applied[index];
        done += written?.pulled ?? 0;
        tell(reportOf(name, page, written));
      }
      retention = pages.at(-1)?.toApply.page.tombstoneRetentionMs ?? retention;
      await noteClockOffset(
        pages.map(({ toApply }) => toApply.page.clockOffsetMs),
        ports,
        memory,
      );
      await handOverIfWanted(ports);
    }
    if (signal.aborted) return;
    const facts = await store.completePull(name, { resync, tombstoneRetentionMs: retention });
    if (last !== undefined) report({ ...last, facts: [...last.facts, ...facts] });
    last = undefined;
  } catch (error) {
    if (last !== undefined) report(last);
    failStep(error, { phase: 'pull', kind: name, at: clock.now() });
  }
}

function reportOf(kind: string, page: FetchedPage, applied: AppliedPage | undefined): PageReport {
  const facts: SyncFact[] = [...(applied?.facts ?? []), ...page.facts];
  const pulled = Math.min(page.pulled, applied?.pulled ?? 0);
  return { kind, pageSize: page.toApply.page.items.length, pulled, ignored: applied?.ignored ?? 0, facts };
}
