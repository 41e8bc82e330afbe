import type { AsyncLocalStorage } from 'node:async_hooks';

/** Carries a value through everything that a function starts, awaited or not. */
export interface AsyncContext<T> {
  current(): T | undefined;
  /** Runs `fn` and all it starts with `value`; `undefined` leaves the context. */
  run<R>(value: T | undefined, fn: () => R): R;
}

type AsyncHooks = { readonly AsyncLocalStorage: new () => AsyncLocalStorage<unknown> };

/** Bundlers for browsers must not see an import of `node:async_hooks`, so it is asked for at run time. */
function nodeAsyncHooks(): AsyncHooks | undefined {
  if (typeof process === 'undefined' || typeof process.getBuiltinModule !== 'function') return undefined;
  return process.getBuiltinModule('node:async_hooks');
}

/** Knows no context: what browsers get. */
export const noAsyncContext = <T>(): AsyncContext<T> => ({ current: () => undefined, run: (_, fn) => fn() });

/** Creates a context on `AsyncLocalStorage`; where the platform has none, it is always empty. */
export function createAsyncContext<T extends object>(): AsyncContext<T> {
  const hooks = nodeAsyncHooks();
  if (hooks === undefined) return noAsyncContext();
  const storage = new hooks.AsyncLocalStorage() as AsyncLocalStorage<T | undefined>;
  return { current: () => storage.getStore(), run: (value, fn) => storage.run(value, fn) };
}
