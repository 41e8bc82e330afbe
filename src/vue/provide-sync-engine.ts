import {
  computed,
  hasInjectionContext,
  inject,
  provide,
  toRaw,
  toValue,
  type ComputedRef,
  type InjectionKey,
  type MaybeRefOrGetter,
  type Plugin,
} from 'vue';
import type { SyncEngine } from '../engine/api/sync-engine.ts';
import { neededEngine } from '../queries/needed-engine.ts';
import { syncStores, type SyncStores } from '../queries/sync-stores.ts';

/** `null` until the app has an engine, as on a server or while the database opens. Keep it in a `shallowRef`. */
export type EngineSource = MaybeRefOrGetter<SyncEngine | null>;

type StoresRef = ComputedRef<SyncStores | null>;
const storesKey: InjectionKey<StoresRef> = Symbol('synchart');

const storesOf = (source: EngineSource): StoresRef =>
  computed(() => {
    const engine = toRaw(toValue(source));
    return engine === null ? null : syncStores(engine);
  });

/** Gives the components below this one an engine. Whoever made the engine starts and disposes it. */
export const provideSyncEngine = (engine: EngineSource): void => provide(storesKey, storesOf(engine));

/** Gives a whole app an engine: `app.use(createSyncPlugin(engine))`. */
export const createSyncPlugin = (engine: EngineSource): Plugin => ({
  install: (app) => void app.provide(storesKey, storesOf(engine)),
});

/** The stores of the nearest provider; `null` while its engine is not there. Throws without a provider. */
export function useStores(name: string): StoresRef {
  const stores = hasInjectionContext() ? inject(storesKey, undefined) : undefined;
  if (stores === undefined)
    throw new Error(
      `${name} needs a provider: call provideSyncEngine(engine) in a component above, or app.use(createSyncPlugin(engine)); and call ${name} in setup`,
    );
  return stores;
}

/** The engine of the nearest provider. Reading it while it is `null` throws: read it once there is one. */
export function useSyncEngine(): ComputedRef<SyncEngine> {
  const stores = useStores('useSyncEngine');
  return computed(() => neededEngine(stores.value, 'useSyncEngine', 'provideSyncEngine', 'read it'));
}
