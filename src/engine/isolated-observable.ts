/** What streams of engine and store have in common lives with the store. */
export { createHub, IsolatedObservable, reportQuietly, type Hub } from '../persistence/isolated-observable.ts';
