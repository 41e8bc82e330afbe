import type { TriggerName } from '../../rules/diagnosis/diagnosis-facts.ts';
import type { EndTrigger } from './trigger-site.ts';

/** Lists what may start a sync automatically, so that a diagnosis can report when nothing will. */
export interface InstalledTriggers {
  /** Adds a trigger to the list. Returns a function that removes it. */
  note(name: TriggerName): EndTrigger;
  names(): readonly TriggerName[];
  /** Calls the listener after each change. Returns a function that unsubscribes. */
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
