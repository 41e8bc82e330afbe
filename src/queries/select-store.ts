import { keepEqual } from './keep-equal.ts';
import type { ReadableStore } from './readable-store.ts';

/**
 * What a selector makes of a store. Listeners hear only when that differs; objects with equal members count as equal.
 * The selector runs on each read, so it may read signals of its framework.
 */
export function selectStore<T, S>(store: ReadableStore<T>, selector: (value: T) => S): ReadableStore<S> {
  let kept: S | undefined;
  const getSnapshot = (): S => (kept = keepEqual<S | undefined>(kept, selector(store.getSnapshot())) as S);
  return {
    subscribe: (listener) => {
      let heard = getSnapshot();
      return store.subscribe(() => {
        const now = getSnapshot();
        if (Object.is(now, heard)) return;
        heard = now;
        listener();
      });
    },
    getSnapshot,
    getServerSnapshot: () => selector(store.getServerSnapshot()),
  };
}
