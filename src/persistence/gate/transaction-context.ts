import type { AsyncLocalStorage } from 'node:async_hooks';

/** Carries a value through everything that a function starts, awaited or not. */
export interface AsyncContext<T> {
  current(): T | undefined;
  /** Runs `fn` and everything it starts with `value`; `undefined` leaves the context. */
  run<R>(value: T | undefined, fn: () => R): R;
}

type AsyncHooks = { readonly AsyncLocalStorage: new () => AsyncLocalStorage<unknown> };

/** Loaded at run time, because bundlers for browsers must not see an import of `node:async_hooks`. */
function nodeAsyncHooks(): AsyncHooks | undefined {
  if (typeof process === 'undefined' || typeof process.getBuiltinModule !== 'function') return undefined;
  return process.getBuiltinModule('node:async_hooks');
}

/** An empty context, for browsers. */
export const noAsyncContext = <T>(): AsyncContext<T> => ({ current: () => undefined, run: (_, fn) => fn() });

/** Values by context. Immutable; another value creates another map. */
type Values = ReadonlyMap<object, unknown>;

let shared: AsyncLocalStorage<Values | undefined> | undefined;

/**
 * Creates a context on `AsyncLocalStorage`; always empty on platforms without it. All contexts share one storage. Each
 * further storage would slow every promise of the process, even after its database is closed.
 */
export function createAsyncContext<T extends object>(): AsyncContext<T> {
  const hooks = nodeAsyncHooks();
  if (hooks === undefined) return noAsyncContext();
  const storage = (shared ??= new hooks.AsyncLocalStorage() as AsyncLocalStorage<Values | undefined>);
  const key = {};
  return {
    current: () => storage.getStore()?.get(key) as T | undefined,
    run: (value, fn) => {
      const outer = storage.getStore();
      if (outer?.get(key) === value) return fn();
      const others = [...(outer ?? [])].filter(([context]) => context !== key);
      return storage.run(
        value === undefined && others.length === 0
          ? undefined
          : new Map(value === undefined ? others : [...others, [key, value]]),
        fn,
      );
    },
  };
}
