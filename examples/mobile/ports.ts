import type { ConnectivityPort, VisibilityPort } from 'synchart';

/** The part of `@react-native-community/netinfo` that is used. */
export interface NetInfo {
  addEventListener(listener: (state: { readonly isConnected: boolean | null }) => void): () => void;
}

/** What the phone knows of the network. NetInfo tells its state at once when somebody listens. */
export function netInfoConnectivity(netInfo: NetInfo): ConnectivityPort {
  let isOnline = true;
  const listeners = new Set<(online: boolean) => void>();
  // `null` means that the phone does not know yet: the engine finds out by trying.
  netInfo.addEventListener(({ isConnected }) => {
    const now = isConnected !== false;
    if (now === isOnline) return;
    isOnline = now;
    for (const listener of [...listeners]) listener(now);
  });
  return {
    isOnline: () => isOnline,
    subscribe: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

/** The part of React Native's `AppState` that is used. */
export interface AppState {
  readonly currentState: string;
  addEventListener(type: 'change', listener: (state: string) => void): { remove(): void };
}

/** Whether somebody sees the app: an app in the background pushes at once what waits, and syncs when it comes back. */
export const appStateVisibility = (appState: AppState): VisibilityPort => ({
  isVisible: () => appState.currentState === 'active',
  subscribe: (listener) => {
    // `inactive` is a phone call or the app switcher: the app is still there.
    const subscription = appState.addEventListener('change', (state) => {
      if (state !== 'inactive') listener(state === 'active');
    });
    return () => subscription.remove();
  },
});
