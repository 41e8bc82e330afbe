import type { VisibilityPort } from '../../model/ports.ts';

/** The part of `document` that reports the visibility of the page. */
export interface VisibilityEventSource {
  readonly visibilityState: string;
  addEventListener(type: 'visibilitychange', listener: () => void): void;
  removeEventListener(type: 'visibilitychange', listener: () => void): void;
}

/** Reports whether the page is visible. Without a document (Node, a worker) it always is, and never changes. */
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
