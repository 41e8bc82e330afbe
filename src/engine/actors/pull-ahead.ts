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
 * Prefetches several kinds (`pullConcurrency`) while the chart applies them one after another, within a share of
 * `maxBufferedBytes` (I10). Only requests run concurrently; writes keep the order of the plan.
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

  /** Sets the kinds that the run will pull, in order. Ends the pulls of an earlier plan. */
  plan(kinds: readonly Wanted[]): void {
    this.stop();
    this.#plan = kinds;
  }

  /** Returns the pull of a kind and starts the next ones. `release` ends its requests. */
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

  /** Aborts prefetched pulls. They start again when their turn comes. */
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
    // Only the caller that opens the pull receives its failure.
    pull.catch(() => undefined);
    const begun = { resync, abort, pull };
    this.#open.set(name, begun);
    return begun;
  }
}
