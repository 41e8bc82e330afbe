import { Observable, Subscriber, type Observer, type Subscription } from 'rxjs';
import { reportQuietly } from './report-quietly.ts';

/**
 * An Observable whose listeners cannot harm each other, the run, or the process: what one throws is reported the first
 * time and goes no further (F-112), and an error that nobody listens to is reported as well. RxJS alone would throw
 * both from a timer, which ends a Node process.
 */
export class IsolatedObservable<T> extends Observable<T> {
  override subscribe(
    observer?: Partial<Observer<T>> | ((value: T) => void) | null,
    error?: ((error: unknown) => void) | null,
    complete?: (() => void) | null,
  ): Subscription {
    // Operators bring their own subscriber; what their callbacks throw goes their way.
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

/** A source that many listen to. Telling after the end does nothing (F-111). */
export interface Hub<T> {
  readonly stream: Observable<T>;
  tell(value: T): void;
  complete(): void;
}

/** Makes a hub; with `current`, each new listener begins with what that gives. */
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
