import { createSubscriber } from 'svelte/reactivity';
import type { ReadableStore } from '../queries/readable-store.ts';

/** A value that changes: effects and templates that read `current` run again. */
export interface Current<T> {
  readonly current: T;
}

/** Follows the store of these inputs while an effect or a template reads it; other inputs make another store. */
export function useStore<T, const Inputs extends readonly unknown[]>(
  inputsOf: () => Inputs,
  make: (...inputs: Inputs) => ReadableStore<T>,
): Current<T> {
  let last: { readonly inputs: Inputs; readonly store: ReadableStore<T>; follow(): void } | undefined;
  return {
    get current() {
      const inputs = inputsOf();
      if (last === undefined || !inputs.every((input, index) => Object.is(input, last?.inputs[index]))) {
        const store = make(...inputs);
        last = { inputs, store, follow: createSubscriber(store.subscribe) };
      }
      last.follow();
      return last.store.getSnapshot();
    },
  };
}
