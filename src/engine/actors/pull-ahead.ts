import type { PullPosition } from '../../model/ports.ts';
import type { SyncKind } from '../../model/kind.ts';
import type { EnginePorts } from '../ports/engine-ports.ts';
import { createPageFetcher, type PageFetcher } from './page-fetcher.ts';

export interface OpenPull {
  readonly position: PullPosition;
  readonly fetcher: PageFetcher;
}

interface Wanted {
  readonly kind: string;
  readonly resync: boolean;
}

/**
 * Fetches several kinds at the same time (`pullConcurrency`), while the chart applies one after another: pages of the
 * kinds that come next are on their way already, within a share of `maxBufferedBytes` (I10). Only requests run side by
 * side; the order of writing stays the plan's.
 */
export class PullAhead {
  readonly #ports: EnginePorts;
  readonly #open = new Map<
    string,
    { readonly resync: boolean; readonly abort: AbortController; readonly pull: Promise<OpenPull> }
  >();
  #plan: readonly Wanted[] = [];

  constructor(ports: EnginePorts) {
    this.#ports = ports;
  }

  /** What the run will pull, in its order; ends what an earlier plan had begun. */
  plan(kinds: readonly Wanted[]): void {
    this.stop();
    this.#plan = kinds;
  }

  /** The pull of a kind, begun earlier or now, and begins those that come next. `release` ends its requests. */
  async open(wanted: Wanted, kind: SyncKind): Promise<OpenPull & { readonly release: () => void }> {
    const known = this.#open.get(wanted.kind);
    const own = known?.resync === wanted.resync ? known : this.#begin(wanted, kind);
    const at = this.#plan.findIndex((planned) => planned.kind === wanted.kind);
    const share = this.#ports.config.pullConcurrency;
    for (const next of at === -1 ? [] : this.#plan.slice(at + 1, at + share)) {
      const nextKind = this.#ports.kinds.get(next.kind);
      if (nextKind !== undefined && !this.#open.has(next.kind)) this.#begin(next, nextKind);
    }
    this.#open.delete(wanted.kind);
    return { ...(await own.pull), release: () => own.abort.abort() };
  }

  /** Aborts what was begun ahead; it is fetched again when its turn comes. */
  stop(): void {
    for (const { abort } of this.#open.values()) abort.abort();
    this.#open.clear();
  }

  #begin(
    { kind: name, resync }: Wanted,
    kind: SyncKind,
  ): { readonly resync: boolean; readonly abort: AbortController; readonly pull: Promise<OpenPull> } {
    const { store, transport, config, clock } = this.#ports;
    const abort = new AbortController();
    const start = async (): Promise<OpenPull> => {
      const position = await store.pullPosition(name, { resync });
      const paging = {
        kind: name,
        pageSize: config.pageSize,
        overlapMs: config.pullOverlapMs,
        maxEmptyPages: config.maxEmptyPages,
        resync,
      };
      const maxBufferedBytes = Math.ceil(config.maxBufferedBytes / config.pullConcurrency);
      return {
        position,
        fetcher: createPageFetcher({
          kind,
          position,
          paging,
          transport,
          maxBufferedBytes,
          signal: abort.signal,
          clock,
        }),
      };
    };
    const pull = start();
    // Whoever opens it learns of a failure; nobody else does.
    pull.catch(() => undefined);
    const begun = { resync, abort, pull };
    this.#open.set(name, begun);
    return begun;
  }
}
