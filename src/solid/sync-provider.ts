import { createComponent, createContext, createMemo, useContext, type Accessor, type JSX } from 'solid-js';
import type { SyncEngine } from '../engine/api/sync-engine.ts';
import { neededEngine } from '../queries/needed-engine.ts';
import { syncStores, type SyncStores } from '../queries/sync-stores.ts';

type StoresAccessor = Accessor<SyncStores | null>;
const StoresContext = createContext<StoresAccessor>();

export interface SyncProviderProps {
  /** `null` until the app has an engine, as on a server or while the database opens. */
  readonly engine: SyncEngine | null;
  readonly children?: JSX.Element;
}

/** Gives the components below it an engine. Whoever made the engine starts and disposes it. */
export function SyncProvider(props: SyncProviderProps): JSX.Element {
  const value = createMemo(() => (props.engine === null ? null : syncStores(props.engine)));
  return createComponent(StoresContext.Provider, {
    value,
    get children() {
      return props.children;
    },
  });
}

/** The stores of the nearest provider; `null` while its engine is not there. Throws without a provider. */
export function useStores(name: string): StoresAccessor {
  const stores = useContext(StoresContext);
  if (stores === undefined)
    throw new Error(`${name} needs a provider: put <SyncProvider engine={engine}> around this component`);
  return stores;
}

/** The engine of the nearest provider. Reading it while it is `null` throws: read it once there is one. */
export function useSyncEngine(): Accessor<SyncEngine> {
  const stores = useStores('useSyncEngine');
  return () => neededEngine(stores(), 'useSyncEngine', '<SyncProvider>', 'read it');
}
