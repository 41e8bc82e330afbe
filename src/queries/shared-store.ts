import type { Clock } from '../model/platform/clock.ts';
import { reportQuietly } from '../model/platform/report-quietly.ts';
import type { ReadableStore } from './readable-store.ts';

export interface SharedStoreParts<T> {
  /** Before the source has said anything. */
  readonly initial: T;
  readonly server: T;
  /** Begins to follow the source; returns the function that ends it. */
  start(set: (value: T) => void): () => void;
  readonly clock: Clock;
  /** How long the source is followed after the last subscriber has gone. */
  readonly graceMs: number;
  /** Nobody follows it any more, or nobody did within the grace. */
  onEnd?(): void;
}

export interface SharedStore<T> extends ReadableStore<T> {
  /** Follows the source as if somebody had subscribed for a moment: who asks before subscribing finds it at work. */
  touch(): void;
}

/**
 * Makes a store whose source is followed once for all subscribers. The grace lets a component be unmounted and mounted
 * again, as StrictMode does, without asking the source anew.
 */
export function createSharedStore<T>(parts: SharedStoreParts<T>): SharedStore<T> {
  const { clock, graceMs } = parts;
  const listeners = new Set<() => void>();
  let value = parts.initial;
  let end: (() => void) | undefined;
  let timer: unknown;

  const set = (next: T): void => {
    if (Object.is(next, value)) return;
    value = next;
    for (const listener of [...listeners]) {
      try {
        listener();
      } catch (error) {
        reportQuietly(error);
      }
    }
  };
  const begin = (): void => {
    clock.clearTimeout(timer);
    end ??= parts.start(set);
  };
  const endLater = (): void => {
    clock.clearTimeout(timer);
    timer = clock.setTimeout(() => {
      end?.();
      end = undefined;
      parts.onEnd?.();
    }, graceMs);
  };
  if (parts.onEnd !== undefined) endLater();
  return {
    subscribe: (listener) => {
      // Each subscription counts, also of the same function.
      const own = (): void => listener();
      listeners.add(own);
      begin();
      return () => {
        if (listeners.delete(own) && listeners.size === 0) endLater();
      };
    },
    touch: () => {
      if (listeners.size > 0) return;
      begin();
      endLater();
    },
    getSnapshot: () => value,
    getServerSnapshot: () => parts.server,
  };
}
