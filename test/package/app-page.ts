/**
 * An app as users write it: the devtools are mounted in development only. The test of tree shaking bundles it for
 * production.
 */
import { attachDevtools, mountSyncDevtools } from '../../src/devtools.ts';
import { createSyncEngine, type SyncEngineOptions } from '../../src/index.ts';

declare const __DEVELOPMENT__: boolean;

export function startApp(options: SyncEngineOptions): void {
  const engine = createSyncEngine(options);
  if (__DEVELOPMENT__) {
    attachDevtools(engine);
    mountSyncDevtools(engine);
  }
}

Object.assign(globalThis, { startApp });
