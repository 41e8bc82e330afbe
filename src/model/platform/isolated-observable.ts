import { Observable, Subscriber, type Observer, type Subscription } from 'rxjs';
import { reportQuietly } from './report-quietly.ts';

/**
 * An Observable that protects the run and the process from its listeners. It reports the first error of a listener and
 * stops it there (F-112). It also reports an error that has no listener. Plain RxJS throws both from a timer, which
 * ends a Node process.
 */
export class IsolatedObservable<T> extends Observable<T> {
  override subscribe(
    observer?: Partial<Observer<T>> | ((value: T) => void) | null,
    error?: ((error: unknown) => void) | null,
    complete?: (() => void) | null,
  ): Subscription {
    // Operators bring their own subscriber, which handles errors of their callbacks.
    if (observer instanceof Subscriber) return super.subscribe(observer);
    const given: Partial<Observer<T>> =
      typeof observer === 'function' || observer === undefined || observer === null
        ? { ...(observer ? { next: observer } : {}), ...(error ? { error } : {}), ...(complete ? { complete } : {}) }
        : observer;
    let isReported = false;
    const shielded =
      <A extends unknown[]>(listener: ((...args: A) => void) | undefined) =>
      (...args: A): void => {
        try {
          listener?.apply(given, args);
        } catch (thrown) {
          if (!isReported) reportQuietly(thrown);
          isReported = true;
        }
      };
    return super.subscribe({
      next: shielded(given.next),
      error: shielded(given.error ?? reportQuietly),
      complete: shielded(given.complete),
    });
  }
}

/** A source with many listeners. Calls after the end have no effect (F-111). */
export interface Hub<T> {
  readonly stream: Observable<T>;
  tell(value: T): void;
  complete(): void;
}

/** Creates a hub. With `current`, each new listener first receives the value that `current` returns. */
export function createHub<T>(current?: () => T): Hub<T> {
  const listeners = new Set<Subscriber<T>>();
  let isOver = false;
  return {
    stream: new IsolatedObservable<T>((subscriber) => {
      if (current !== undefined) subscriber.next(current());
      if (isOver) {
        subscriber.complete();
        return undefined;
      }
      listeners.add(subscriber);
      return () => listeners.delete(subscriber);
    }),
    tell: (value) => {
      if (isOver) return;
      for (const listener of [...listeners]) listener.next(value);
    },
    complete: () => {
      isOver = true;
      for (const listener of [...listeners]) listener.complete();
      listeners.clear();
    },
  };
}
