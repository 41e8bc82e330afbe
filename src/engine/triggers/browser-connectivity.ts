import type { ConnectivityPort } from '../../model/ports.ts';

/** The part of `window`, or of a worker's `self`, that reports the network state. */
export interface NetworkEventSource {
  readonly navigator?: { readonly onLine?: boolean | undefined } | undefined;
  addEventListener?(type: 'online' | 'offline', listener: () => void): void;
  removeEventListener?(type: 'online' | 'offline', listener: () => void): void;
}

/**
 * Reports the browser's network state, also within a worker. Without a browser it reports online and never changes, so
 * the same code runs in Node. A browser's "online" means that some network exists, not that the server is reachable.
 * The engine detects that itself.
 */
export function browserConnectivity(source: NetworkEventSource = globalThis): ConnectivityPort {
  // Some platforms lack `onLine`. An unknown state counts as online.
  const isOnline = (): boolean => source.navigator?.onLine !== false;
  return {
    isOnline,
    subscribe: (listener) => {
      const online = (): void => listener(true);
      const offline = (): void => listener(false);
      source.addEventListener?.('online', online);
      source.addEventListener?.('offline', offline);
      return () => {
        source.removeEventListener?.('online', online);
        source.removeEventListener?.('offline', offline);
      };
    },
  };
}

/** The browser's network state in a page; undefined elsewhere. */
export const pageConnectivity = (): ConnectivityPort | undefined =>
  typeof document === 'undefined' ? undefined : browserConnectivity();
