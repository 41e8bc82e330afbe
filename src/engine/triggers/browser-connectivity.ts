import type { ConnectivityPort } from '../../model/ports.ts';

/** The part of `window`, or of a worker's `self`, that tells of the network. */
export interface NetworkEventSource {
  readonly navigator?: { readonly onLine?: boolean | undefined } | undefined;
  addEventListener?(type: 'online' | 'offline', listener: () => void): void;
  removeEventListener?(type: 'online' | 'offline', listener: () => void): void;
}

/**
 * Tells what the browser knows of the network, also inside a worker. Where there is no browser it says online and never
 * changes, so the same code runs in Node. "Online" of a browser means that there is some network, not that the server
 * can be reached: the engine still finds out.
 */
export function browserConnectivity(source: NetworkEventSource = globalThis): ConnectivityPort {
  // Some platforms know no `onLine`; not to know is no reason to stay silent.
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

/** What the browser says, inside a page; undefined elsewhere. */
export const pageConnectivity = (): ConnectivityPort | undefined =>
  typeof document === 'undefined' ? undefined : browserConnectivity();
