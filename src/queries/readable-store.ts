/**
 * A value that changes, as every framework can follow it. `getSnapshot` returns the same object until something
 * differs. `getServerSnapshot` never changes: it is what a server renders, and a page while it hydrates.
 */
export interface ReadableStore<T> {
  /** Calls the listener after each change; returns the function that ends it. */
  subscribe(listener: () => void): () => void;
  getSnapshot(): T;
  getServerSnapshot(): T;
}
