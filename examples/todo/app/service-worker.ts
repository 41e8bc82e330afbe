/** Keeps the built app in the browser, so that a reload without a network works. Rows are not its business. */
import { cleanupOutdatedCaches, createHandlerBoundToURL, precacheAndRoute } from 'workbox-precaching';
import { NavigationRoute, registerRoute } from 'workbox-routing';

/** The files of this build, each with a digest of its content; `build-app.ts` fills it in. */
declare const builtFiles: { readonly url: string; readonly revision: string }[];
declare function skipWaiting(): Promise<void>;

precacheAndRoute(builtFiles);
cleanupOutdatedCaches();
registerRoute(
  new NavigationRoute(createHandlerBoundToURL('/index.html'), { denylist: [/^\/(api|session|actions|users)\b/] }),
);

// A new release waits until the user agrees: `messageSkipWaiting` of workbox-window sends this.
addEventListener('message', ({ data }: MessageEvent<unknown>) => {
  if (typeof data === 'object' && data !== null && 'type' in data && data.type === 'SKIP_WAITING') void skipWaiting();
});
