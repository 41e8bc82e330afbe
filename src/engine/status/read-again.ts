import type { Observable } from 'rxjs';
import { againIfAsked } from '../../model/platform/again-if-asked.ts';
import { IsolatedObservable } from '../../model/platform/isolated-observable.ts';
import { reportQuietly } from '../../model/platform/report-quietly.ts';

/**
 * Reads once per cause, never concurrently, and emits results that differ from the last one. Causes during a read share
 * one further read. A failed read is reported and repeated at the next cause. Completes with the first cause that
 * completes.
 */
export const readAgain = <T>(
  causes: readonly Observable<unknown>[],
  read: () => Promise<T>,
  isSame: (a: T, b: T) => boolean,
): Observable<T> =>
  new IsolatedObservable<T>((subscriber) => {
    let last: { readonly value: T } | undefined;
    const readOnce = async (): Promise<void> => {
      const value = await read();
      if (last === undefined || !isSame(last.value, value)) subscriber.next(value);
      last = { value };
    };
    const look = againIfAsked(readOnce, () => subscriber.closed, reportQuietly);
    const subscriptions = causes.map((cause) => cause.subscribe({ next: look, complete: () => subscriber.complete() }));
    return () => {
      for (const subscription of subscriptions) subscription.unsubscribe();
    };
  });
