import { BrowserStorageError } from './storage-error.ts';

/** What stands against a durable database in this page; undefined where nothing is known to. */
export function supportProblem(): BrowserStorageError | undefined {
  if (typeof Worker === 'undefined') {
    return new BrowserStorageError(
      'noDurableStorage',
      'openBrowserDatabase runs in web pages, and this platform has no workers. On Node use openDatabase',
    );
  }
  if (!globalThis.isSecureContext) {
    return new BrowserStorageError(
      'insecureContext',
      'Browsers give durable storage to secure pages only: serve the page over https or from localhost. With allowMemory: true the database lives in memory and ends with the tab',
    );
  }
  const storage = navigator.storage as Partial<StorageManager> | undefined;
  const lacks = [
    ...(typeof WebAssembly === 'undefined' ? ['WebAssembly (Lockdown Mode switches it off)'] : []),
    ...(typeof storage?.getDirectory === 'function' ? [] : ['the origin private file system']),
    ...('locks' in navigator ? [] : ['Web Locks']),
    ...(typeof BroadcastChannel === 'undefined' ? ['BroadcastChannel'] : []),
  ];
  if (lacks.length === 0) return undefined;
  return new BrowserStorageError(
    'noDurableStorage',
    `This browser has no durable storage for a database: it lacks ${lacks.join(', ')}. Private windows and old releases do. With allowMemory: true the database lives in memory and ends with the tab`,
  );
}
