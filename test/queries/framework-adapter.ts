import type { SyncEngine } from '../../src/engine/api/sync-engine.ts';
import type { SyncStatus } from '../../src/model/status.ts';
import type { QueryOptions } from '../../src/queries/query-store.ts';

/** What a mounted component follows; a framework reads each in its own way. */
export type Reading =
  | {
      readonly type: 'query';
      readonly query: (engine: SyncEngine) => Promise<unknown>;
      readonly deps: readonly unknown[];
      readonly options: QueryOptions<unknown> & { readonly key?: string };
    }
  | { readonly type: 'status'; readonly select: (status: SyncStatus) => unknown }
  | { readonly type: 'row'; readonly kind: string; readonly id: string }
  | { readonly type: 'diagnosis' | 'conflicts' | 'rejected' };

export interface Mounted {
  /** What was rendered and committed, oldest first. */
  readonly shown: readonly unknown[];
  /** Resolves with the first committed value that suits, also an earlier one. */
  until(suits: (value: unknown) => boolean): Promise<unknown>;
  update(reading: Reading): Promise<void>;
  unmount(): void;
}

/** One framework, as the conformance suite uses it. */
export interface FrameworkAdapter {
  /** Mounts a component that follows `reading`, under a provider of `engine`, in the strictest mode there is. */
  mount(engine: SyncEngine, reading: Reading): Promise<Mounted>;
}

/** Keeps what a component shows. */
export function createShown(): Pick<Mounted, 'shown' | 'until'> & { show(value: unknown): void } {
  const shown: unknown[] = [];
  const waits = new Set<() => void>();
  return {
    shown,
    show: (value) => {
      if (shown.length > 0 && Object.is(shown.at(-1), value)) return;
      shown.push(value);
      for (const look of [...waits]) look();
    },
    until: (suits) =>
      new Promise((resolve) => {
        const look = (): void => {
          const found = shown.find(suits);
          if (found === undefined) return;
          waits.delete(look);
          resolve(found);
        };
        waits.add(look);
        look();
      }),
  };
}
