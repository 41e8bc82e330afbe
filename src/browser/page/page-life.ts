/** What the browser does with a page that still exists. */
interface PageLife {
  /** The page is put into the back/forward cache or frozen. It has no time to wait for an answer. */
  onHide(): void;
  onShow(): void;
  onVisibility(isVisible: boolean): void;
}

export const isPageVisible = (): boolean => document.visibilityState !== 'hidden';

/** Follows the life of this page until the returned function is called. */
export function watchPage({ onHide, onShow, onVisibility }: PageLife): () => void {
  const look = (): void => onVisibility(isPageVisible());
  globalThis.addEventListener('pagehide', onHide);
  globalThis.addEventListener('pageshow', onShow);
  document.addEventListener('freeze', onHide);
  document.addEventListener('resume', onShow);
  document.addEventListener('visibilitychange', look);
  return () => {
    globalThis.removeEventListener('pagehide', onHide);
    globalThis.removeEventListener('pageshow', onShow);
    document.removeEventListener('freeze', onHide);
    document.removeEventListener('resume', onShow);
    document.removeEventListener('visibilitychange', look);
  };
}
