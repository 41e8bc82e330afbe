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
import { useStores } from './provide-sync-engine.ts';
import { useStore } from './use-store.ts';

/** How the writes of a component stand. Taken apart, `pending` and `error` do not change any more. */
export interface WriteStatus {
  /** A write has begun and not ended. */
  readonly pending: boolean;
  /** Why the last write that ended failed; undefined where it did not. */
  readonly error: unknown;
  /** Forgets the error. */
  readonly reset: () => void;
}

function useTracked<Methods>(
  name: string,
  bind: (engine: () => SyncEngine, track: TrackedWrites['track']) => Methods,
): Methods & WriteStatus {
  const stores = useStores(name);
  const writes = createTrackedWrites();
  const state = useStore(
    () => [],
    () => writes,
  );
  const engine = (): SyncEngine => neededEngine(stores(), name, 'provideSyncEngine', 'write');
  return {
    ...bind(engine, writes.track),
    get pending() {
      return state.current.pending;
    },
    get error() {
      return state.current.error;
    },
    reset: writes.reset,
  };
}

/** A write of your own, with its state. It gets the engine of the provider, then what `run` is given. */
export const useWrite = <Arguments extends readonly unknown[], Result>(
  write: (engine: SyncEngine, ...given: Arguments) => Promise<Result>,
): WriteStatus & { readonly run: (...given: Arguments) => Promise<Result> } =>
  useTracked('useWrite', (engine, track) => ({
    /** Rejects with what the write rejects with; unawaited it harms nothing. */
    run: (...given) => track(() => write(engine(), ...given)),
  }));

/** The writes of `engine.repository(table)`. `await: 'acked'` makes each of them wait until the server has it. */
export const useRepository = <Entity extends ObjectLiteral>(
  table: SyncTable<Entity>,
  options: AwaitOptions = {},
): RepositoryWrites<Entity> & WriteStatus =>
  useTracked('useRepository', (engine, track) => repositoryWrites(engine, table, options, track));

/** The writes of `engine.writer(table)`: deltas, and transactions of your own. */
export const useWriter = <Entity extends ObjectLiteral>(
  table: SyncTable<Entity>,
  options: AwaitOptions = {},
): SyncEntityWriter<Entity> & WriteStatus =>
  useTracked('useWriter', (engine, track) => writerWrites(engine, table, options, track));
