import type { TriggerName } from '../../rules/diagnosis/diagnosis-facts.ts';
import type { EndTrigger } from './trigger-site.ts';

/** Knows what may start a sync by itself, so that a diagnosis can say when nothing will. */
export interface InstalledTriggers {
  /** Notes a trigger; returns the function that takes it off the list. */
  note(name: TriggerName): EndTrigger;
  names(): readonly TriggerName[];
  /** Calls the listener after each change; returns the function that ends it. */
  subscribe(listener: () => void): () => void;
}

export function createInstalledTriggers(): InstalledTriggers {
  const installed = new Map<symbol, TriggerName>();
  const listeners = new Set<() => void>();
  const changed = (): void => listeners.forEach((listener) => listener());
  return {
    note: (name) => {
      const key = Symbol(name);
      installed.set(key, name);
      changed();
      return () => {
        if (installed.delete(key)) changed();
      };
    },
    names: () => [...new Set(installed.values())].sort(),
    subscribe: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}
