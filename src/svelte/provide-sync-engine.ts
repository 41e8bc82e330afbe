import { getContext, setContext } from 'svelte';
import type { SyncEngine } from '../engine/api/sync-engine.ts';
import { readGetter, type ValueOrGetter } from '../queries/live-query.ts';
import { neededEngine } from '../queries/needed-engine.ts';
import { syncStores, type SyncStores } from '../queries/sync-stores.ts';
import type { Current } from './use-store.ts';

/** `null` until the app has an engine, as on a server or while the database opens. Keep it in `$state.raw`. */
export type EngineSource = ValueOrGetter<SyncEngine | null>;

type StoresGetter = () => SyncStores | null;
const storesKey = Symbol('synchart');

/** Gives this component and those below it an engine. Whoever made the engine starts and disposes it. */
export function provideSyncEngine(source: EngineSource): void {
  setContext<StoresGetter>(storesKey, () => {
    const engine = readGetter(source);
    return engine === null ? null : syncStores(engine);
  });
}

/** The stores of the nearest provider; `null` while its engine is not there. Throws without a provider. */
export function useStores(name: string): StoresGetter {
  const stores = getContext<StoresGetter | undefined>(storesKey);
  if (stores === undefined)
    throw new Error(
      `${name} needs a provider: call provideSyncEngine(engine) in the script of this component or one above`,
    );
  return stores;
}

/** The engine of the nearest provider. Reading it while it is `null` throws: read it once there is one. */
export function useSyncEngine(): Current<SyncEngine> {
  const stores = useStores('useSyncEngine');
  return {
    get current() {
      return neededEngine(stores(), 'useSyncEngine', 'provideSyncEngine', 'read it');
    },
  };
}
