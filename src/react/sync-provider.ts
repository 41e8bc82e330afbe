import { createContext, createElement, useContext, type ReactNode } from 'react';
import type { SyncEngine } from '../engine/api/sync-engine.ts';
import { neededEngine } from '../queries/needed-engine.ts';
import { syncStores, type SyncStores } from '../queries/sync-stores.ts';

/** `null`: there is a provider, and its engine is not there yet. `undefined`: there is no provider. */
const StoresContext = createContext<SyncStores | null | undefined>(undefined);

export interface SyncProviderProps {
  /** `null` until the app has an engine, as on a server or while the database opens. */
  readonly engine: SyncEngine | null;
  readonly children?: ReactNode;
}

/** Gives the components below it an engine. Whoever made the engine starts and disposes it. */
export function SyncProvider({ engine, children }: SyncProviderProps): ReactNode {
  return createElement(StoresContext.Provider, { value: engine === null ? null : syncStores(engine) }, children);
}

/** The stores of the nearest provider; `null` while its engine is not there. Throws without a provider. */
export function useStores(hook: string): SyncStores | null {
  const stores = useContext(StoresContext);
  if (stores === undefined)
    throw new Error(`${hook} needs a provider: put <SyncProvider engine={engine}> around this component`);
  return stores;
}

/**
 * The engine of the nearest `SyncProvider`. Throws without a provider, and while its engine is `null`: render what needs
 * an engine once there is one.
 */
export function useSyncEngine(): SyncEngine {
  return neededEngine(useStores('useSyncEngine'), 'useSyncEngine', '<SyncProvider>', 'render this component');
}
