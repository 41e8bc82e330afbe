import { useMemo, useState } from 'react';
import type { ObjectLiteral } from 'typeorm';
import type { SyncEngine } from '../engine/api/sync-engine.ts';
import type { SyncRepository } from '../engine/api/sync-repository.ts';
import type { SyncTable } from '../persistence/tables/sync-table.ts';
import type { AwaitOptions } from '../persistence/writing/await-level.ts';
import type { SyncEntityWriter } from '../persistence/writing/writer.ts';
import { createWriteStore, type WriteState } from '../queries/write-store.ts';
import { useStores } from './sync-provider.ts';
import { useStore } from './use-sync-status.ts';

interface Reset {
  /** Forgets the error. */
  readonly reset: () => void;
}

export interface WriteHook<Arguments extends readonly unknown[], Result> extends WriteState, Reset {
  /** Writes. Rejects with what the write rejects with; unawaited it harms nothing. */
  readonly run: (...given: Arguments) => Promise<Result>;
}

/** A write of your own, with its state. It gets the engine of the provider, then what `run` is given. */
export function useWrite<Arguments extends readonly unknown[], Result>(
  write: (engine: SyncEngine, ...given: Arguments) => Promise<Result>,
): WriteHook<Arguments, Result> {
  const { stores, tracked, state, reset } = useTracked('useWrite');
  return {
    ...state,
    reset,
    run: (...given) => tracked(() => write(engineOf(stores, 'useWrite'), ...given)),
  };
}

/** Writes of one table, with their state. `await: 'acked'` makes each of them wait until the server has it. */
export type RepositoryHook<Entity extends ObjectLiteral> = Pick<
  SyncRepository<Entity>,
  'create' | 'update' | 'remove' | 'restore'
> &
  WriteState &
  Reset;

/** Where each method takes its options; `update(id, patch, options)` takes them one later. */
const repositoryOptions = { create: 1, update: 1, remove: 1, restore: 1 } as const;

/** The writes of `engine.repository(table)`. */
export function useRepository<Entity extends ObjectLiteral>(
  table: SyncTable<Entity>,
  options: AwaitOptions = {},
): RepositoryHook<Entity> {
  const { stores, tracked, state, reset } = useTracked('useRepository');
  const methods = useBound(
    repositoryOptions,
    options,
    tracked,
    () => engineOf(stores, 'useRepository').repository(table),
    [stores, table],
  );
  return { ...methods, ...state, reset };
}

export type WriterHook<Entity extends ObjectLiteral> = SyncEntityWriter<Entity> & WriteState & Reset;

const writerOptions = {
  insertAndEnqueue: 1,
  replaceAndEnqueue: 1,
  replaceAndEnqueueDiff: 2,
  applyDeltas: 2,
  increment: 3,
  addToSet: 3,
  removeFromSet: 3,
  enqueueDelete: 1,
  restore: 1,
  writeAndEnqueueOp: 2,
  writeAndEnqueueDelete: 2,
} as const satisfies Readonly<Record<keyof SyncEntityWriter<ObjectLiteral>, number>>;

/** The writes of `engine.writer(table)`: deltas, and transactions of your own. */
export function useWriter<Entity extends ObjectLiteral>(
  table: SyncTable<Entity>,
  options: AwaitOptions = {},
): WriterHook<Entity> {
  const { stores, tracked, state, reset } = useTracked('useWriter');
  const methods = useBound(writerOptions, options, tracked, () => engineOf(stores, 'useWriter').writer(table), [
    stores,
    table,
  ]);
  return { ...methods, ...state, reset };
}

type Stores = ReturnType<typeof useStores>;
type Track = <T>(work: () => Promise<T>) => Promise<T>;

function engineOf(stores: Stores, hook: string): SyncEngine {
  if (stores === null) throw new Error(`${hook}: the engine of <SyncProvider> is null; write once there is one`);
  return stores.engine;
}

/** The state of the writes of one component. */
function useTracked(hook: string): {
  readonly stores: Stores;
  readonly tracked: Track;
  readonly state: WriteState;
  readonly reset: () => void;
} {
  const stores = useStores(hook);
  // An async function, so that a write that throws at once rejects, too.
  const [store] = useState(() => createWriteStore(async (work: () => Promise<unknown>) => work()));
  return { stores, tracked: store.run as Track, state: useStore(store), reset: store.reset };
}

type Method = (...given: readonly unknown[]) => Promise<unknown>;

/** The methods of a target, tracked, with `options` where a call gives none. They are the same ones in each render. */
function useBound<Target extends object, Name extends keyof Target & string>(
  optionsAt: Readonly<Record<Name, number>>,
  { await: level, timeoutMs, signal }: AwaitOptions,
  tracked: Track,
  target: () => Target,
  deps: readonly unknown[],
): Pick<Target, Name> {
  return useMemo(() => {
    const methods = Object.entries<number>(optionsAt).map(([name, index]): [string, Method] => [
      name,
      (...given) =>
        tracked(() => {
          const bound = target();
          const at = name === 'update' && !isObject(given[0]) ? index + 1 : index;
          const own = given[at];
          const complete = [...given.slice(0, at), { await: level, timeoutMs, signal, ...(isObject(own) ? own : {}) }];
          return (bound[name as Name] as Method).apply(bound, complete);
        }),
    ]);
    return Object.fromEntries(methods) as Pick<Target, Name>;
  }, [level, timeoutMs, signal, tracked, ...deps]);
}

const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null;
