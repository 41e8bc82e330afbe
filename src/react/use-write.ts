import { useMemo, useState } from 'react';
import type { ObjectLiteral } from 'typeorm';
import type { SyncEngine } from '../engine/api/sync-engine.ts';
import type { SyncTable } from '../persistence/tables/sync-table.ts';
import type { AwaitOptions } from '../persistence/writing/await-level.ts';
import type { SyncEntityWriter } from '../persistence/writing/writer.ts';
import {
  createTrackedWrites,
  repositoryWrites,
  writerWrites,
  type RepositoryWrites,
  type TrackedWrites,
} from '../queries/bound-writes.ts';
import { neededEngine } from '../queries/needed-engine.ts';
import type { WriteState } from '../queries/write-store.ts';
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
  const { stores, track, state, reset } = useTracked('useWrite');
  return {
    ...state,
    reset,
    run: (...given) => track(() => write(engineOf(stores, 'useWrite'), ...given)),
  };
}

/** Writes of one table, with their state. `await: 'acked'` makes each of them wait until the server has it. */
export type RepositoryHook<Entity extends ObjectLiteral> = RepositoryWrites<Entity> & WriteState & Reset;

/** The writes of `engine.repository(table)`. */
export function useRepository<Entity extends ObjectLiteral>(
  table: SyncTable<Entity>,
  options: AwaitOptions = {},
): RepositoryHook<Entity> {
  return useBound('useRepository', repositoryWrites<Entity>, table, options);
}

export type WriterHook<Entity extends ObjectLiteral> = SyncEntityWriter<Entity> & WriteState & Reset;

/** The writes of `engine.writer(table)`: deltas, and transactions of your own. */
export function useWriter<Entity extends ObjectLiteral>(
  table: SyncTable<Entity>,
  options: AwaitOptions = {},
): WriterHook<Entity> {
  return useBound('useWriter', writerWrites<Entity>, table, options);
}

type Stores = ReturnType<typeof useStores>;

const engineOf = (stores: Stores, hook: string): SyncEngine => neededEngine(stores, hook, '<SyncProvider>', 'write');

/** The state of the writes of one component. */
function useTracked(
  hook: string,
): Pick<TrackedWrites, 'track' | 'reset'> & { readonly stores: Stores; readonly state: WriteState } {
  const stores = useStores(hook);
  const [writes] = useState(createTrackedWrites);
  return { stores, state: useStore(writes), track: writes.track, reset: writes.reset };
}

/** The methods of a table with their state. They are the same functions in each render. */
function useBound<Table, Methods>(
  hook: string,
  bind: (engine: () => SyncEngine, table: Table, options: AwaitOptions, track: TrackedWrites['track']) => Methods,
  table: Table,
  { await: level, timeoutMs, signal }: AwaitOptions,
): Methods & WriteState & Reset {
  const { stores, track, state, reset } = useTracked(hook);
  const methods = useMemo(
    () => bind(() => engineOf(stores, hook), table, { await: level, timeoutMs, signal }, track),
    [stores, table, level, timeoutMs, signal, track],
  );
  return { ...methods, ...state, reset };
}
