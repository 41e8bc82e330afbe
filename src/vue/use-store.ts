import { computed, getCurrentInstance, onMounted, shallowRef, watch, type ShallowRef } from 'vue';
import type { ReadableStore } from '../queries/readable-store.ts';

/** Follows a store, also when another takes its place, until the scope ends. */
export function useStore<T>(storeOf: () => ReadableStore<T>): Readonly<ShallowRef<T>> {
  const store = computed(storeOf);
  const begin = (): void =>
    void watch(
      store,
      (followed, _, onCleanup) => {
        const show = (): void => void (value.value = followed.getSnapshot());
        onCleanup(followed.subscribe(show));
        show();
      },
      { immediate: true },
    );
  const instance = getCurrentInstance();
  // A component that hydrates has its element already. What it shows first must be what the server rendered.
  const isServed = typeof document === 'undefined' || (instance !== null && instance.vnode.el !== null);
  const value = shallowRef(isServed ? store.value.getServerSnapshot() : store.value.getSnapshot());
  if (!isServed) begin();
  else if (instance !== null) onMounted(begin);
  return value;
}
