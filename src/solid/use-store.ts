import { createEffect, createMemo, createSignal, onCleanup, sharedConfig, untrack, type Accessor } from 'solid-js';
import type { ReadableStore } from '../queries/readable-store.ts';

/** Follows a store, also when another takes its place, until the owner is disposed. */
export function useStore<T>(storeOf: () => ReadableStore<T>): Accessor<T> {
  const followed = createMemo(() => {
    const store = storeOf();
    return untrack(() => {
      // On a server, and while a page hydrates: what is shown first must be what the server rendered.
      const isServed = sharedConfig.context != null;
      const [value, setValue] = createSignal<T>(isServed ? store.getServerSnapshot() : store.getSnapshot());
      const show = (): void => void setValue(() => store.getSnapshot());
      const begin = (): void => {
        onCleanup(store.subscribe(show));
        show();
      };
      if (isServed) createEffect(() => untrack(begin));
      else begin();
      return value;
    });
  });
  return () => followed()();
}
