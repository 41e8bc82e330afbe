import { BrowserStorageError } from './storage-error.ts';

/** Without Web Locks nobody learns that a tab is gone, so tabs cannot share a database. Plain http has none. */
export const hasLocks = (): boolean => 'locks' in navigator;

/** What stands against any durable database in this page; undefined where nothing is known to. */
export function supportProblem(): BrowserStorageError | undefined {
  if (typeof Worker === 'undefined') {
    return new BrowserStorageError(
      'noDurableStorage',
      'openBrowserDatabase runs in web pages, and this platform has no workers. On Node use openDatabase',
    );
  }
  const lacks = [
    ...(typeof WebAssembly === 'undefined' ? ['WebAssembly (Lockdown Mode switches it off)'] : []),
    ...(typeof BroadcastChannel === 'undefined' ? ['BroadcastChannel'] : []),
  ];
  if (lacks.length === 0) return undefined;
  return new BrowserStorageError(
    'noDurableStorage',
    `This browser has no durable storage for a database: it lacks ${lacks.join(', ')}. With allowMemory: true the database lives in memory and ends with the tab`,
  );
}
