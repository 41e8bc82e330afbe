import type { SyncEngine } from '../../src/engine/api/sync-engine.ts';
import type { SyncStatus } from '../../src/model/status.ts';
import type { LiveQueryOptions } from '../../src/queries/live-query.ts';
import type { GuardWhen } from '../../src/queries/unsent-guard.ts';
import type { Todo } from '../support/todo.ts';

/** What a mounted component follows; a framework reads each in its own way. */
export type Reading =
  | {
      readonly type: 'query';
      readonly query: (engine: SyncEngine, ...deps: readonly unknown[]) => Promise<unknown>;
      readonly deps: readonly unknown[];
      readonly options: LiveQueryOptions<unknown>;
    }
  | { readonly type: 'status'; readonly select: (status: SyncStatus) => unknown }
  | { readonly type: 'row'; readonly id: string }
  | { readonly type: 'liveRow'; readonly id: string }
  | { readonly type: 'guard'; readonly when: GuardWhen }
  | { readonly type: 'write'; readonly await?: 'acked'; take(writes: Writes): void }
  | { readonly type: 'diagnosis' | 'conflicts' | 'rejected' | 'storage' | 'engine' };

export type ReadingOf<Type extends Reading['type']> = Extract<Reading, { readonly type: Type }>;

/** The functions that a component with writes has. */
export interface Writes {
  create(row: Partial<Todo>): Promise<unknown>;
  update(id: string, patch: Partial<Todo>): Promise<unknown>;
  increment(id: string, column: 'priority', by: number): Promise<unknown>;
  /** A write of its own: it renames a row. */
  run(id: string, title: string): Promise<unknown>;
  reset(): void;
}

export interface Mounted {
  /** What was rendered and committed, oldest first. Writes show `{ pending, error }`. */
  readonly shown: readonly unknown[];
  /** Resolves with the first committed value that suits, also an earlier one. */
  until(suits: (value: unknown) => boolean): Promise<unknown>;
  /** Another reading of the same type. */
  update(reading: Reading): Promise<void>;
  /** Gives the provider another engine. */
  provide(engine: SyncEngine): Promise<void>;
  unmount(): void;
}

/** One framework, as the conformance suite uses it. */
export interface FrameworkAdapter {
  /** Mounts a component that follows `reading`, under a provider of `engine`, in the strictest mode there is. */
  mount(engine: SyncEngine | null, reading: Reading): Promise<Mounted>;
  /** Mounts it without a provider; resolves with what that throws. */
  mountAlone(reading: Reading): Promise<unknown>;
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
          if (found === undefined && !shown.some(suits)) return;
          waits.delete(look);
          resolve(found);
        };
        waits.add(look);
        look();
      }),
  };
}
