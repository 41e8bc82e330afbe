import type { SyncEngine } from '../engine/api/sync-engine.ts';
import type { SyncStores } from './sync-stores.ts';

/** The engine of a provider. Throws while there is none, and says what to do. */
export function neededEngine(stores: SyncStores | null, hook: string, provider: string, todo: string): SyncEngine {
  if (stores === null) throw new Error(`${hook}: the engine of ${provider} is null; ${todo} once there is one`);
  return stores.engine;
}
