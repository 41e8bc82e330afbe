import type { Observable } from 'rxjs';
import { IsolatedObservable } from '../../model/platform/isolated-observable.ts';

/** The stream, which completes at the latest when `life` completes. */
export const untilOver = <T>(stream: Observable<T>, life: Observable<unknown>): Observable<T> =>
  new IsolatedObservable((subscriber) => {
    subscriber.add(life.subscribe({ complete: () => subscriber.complete() }));
    if (!subscriber.closed) subscriber.add(stream.subscribe(subscriber));
  });
