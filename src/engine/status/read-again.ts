import type { Observable } from 'rxjs';
import { againIfAsked } from '../../model/platform/again-if-asked.ts';
import { IsolatedObservable } from '../../model/platform/isolated-observable.ts';
import { reportQuietly } from '../../model/platform/report-quietly.ts';

/**
 * Reads once per cause, never two at a time, and gives what differs from the last. Causes that come while it reads are
 * answered by one more reading. A reading that fails is reported and tried with the next cause. Ends with the first
 * cause that ends.
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
