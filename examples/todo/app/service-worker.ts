/** Keeps the built app in the browser, so that a reload without a network works. Rows are not its business. */
import { cacheNames } from 'workbox-core';
import { cleanupOutdatedCaches, createHandlerBoundToURL, precacheAndRoute } from 'workbox-precaching';
import { NavigationRoute, registerRoute } from 'workbox-routing';

/** The files of this build, each with a digest of its content; `build-app.ts` fills it in. */
declare const builtFiles: { readonly url: string; readonly revision: string }[];
declare function skipWaiting(): Promise<void>;

const earlierFiles = 'earlier-files-';
const keptMs = 30 * 86_400_000;
const isHashed = ({ pathname }: URL): boolean => pathname.startsWith('/assets/');

// Registered before Workbox, which drops the files of the earlier release when this one becomes active.
addEventListener('install', (event) =>
  (event as Event & { waitUntil(work: Promise<void>): void }).waitUntil(keepEarlierFiles()),
);
precacheAndRoute(builtFiles);
cleanupOutdatedCaches();
registerRoute(
  new NavigationRoute(createHandlerBoundToURL('/index.html'), {
    denylist: [/^\/(api|session|actions|users|certificate)\b/],
  }),
);
// Chunks, worker and wasm of a tab that runs an earlier release. Workbox answers for those of this one.
registerRoute(
  ({ url, sameOrigin }) => sameOrigin && isHashed(url),
  async ({ request }) => (await caches.match(request)) ?? fetch(request),
);

// A new release waits until the user agrees: `messageSkipWaiting` of workbox-window sends this.
addEventListener('message', ({ data }: MessageEvent<unknown>) => {
  if (typeof data === 'object' && data !== null && 'type' in data && data.type === 'SKIP_WAITING') void skipWaiting();
});

/** Tabs go on with an earlier release until they are reloaded, and load parts of it only when they need them. */
async function keepEarlierFiles(): Promise<void> {
  for (const name of await caches.keys())
    if (name.startsWith(earlierFiles) && Date.now() - Number(name.slice(earlierFiles.length)) > keptMs)
      await caches.delete(name);
  const built = new Set(builtFiles.map(({ url }) => url));
  const active = await caches.open(cacheNames.precache);
  const keeper = `${earlierFiles}${Date.now()}`;
  for (const request of await active.keys()) {
    const url = new URL(request.url);
    if (!isHashed(url) || built.has(url.pathname)) continue;
    const file = await active.match(request);
    if (file !== undefined) await (await caches.open(keeper)).put(url.pathname, file);
  }
}
