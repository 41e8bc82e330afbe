import type { VisibilityPort } from '../../model/ports.ts';

/** The part of `document` that tells whether the page is seen. */
export interface VisibilityEventSource {
  readonly visibilityState: string;
  addEventListener(type: 'visibilitychange', listener: () => void): void;
  removeEventListener(type: 'visibilitychange', listener: () => void): void;
}

/** Tells whether the page is seen. Without a document (Node, a worker) it always is, and nothing ever changes. */
export function browserVisibility(
  source: VisibilityEventSource | undefined = typeof document === 'undefined' ? undefined : document,
): VisibilityPort {
  const isVisible = (): boolean => source?.visibilityState !== 'hidden';
  return {
    isVisible,
    subscribe: (listener) => {
      const look = (): void => listener(isVisible());
      source?.addEventListener('visibilitychange', look);
      return () => source?.removeEventListener('visibilitychange', look);
    },
  };
}
