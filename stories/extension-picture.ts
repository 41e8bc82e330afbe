/**
 * Takes the picture of the browser extension that the guide shows: `npm run build:extension && npx tsx
 * stories/extension-picture.ts [file]`.
 */
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { inspectPage } from '../test/support/browser-devtools.ts';
import { buildPage } from '../test/support/build-page.ts';
import { servePage } from '../test/support/serve-page.ts';
import type { ExposedPage } from '../test/devtools/page/exposed-page.ts';

declare const window: { readonly exposedPage?: ExposedPage };

const pathOf = (path: string): string => fileURLToPath(new URL(`../${path}`, import.meta.url));
const [file = pathOf('docs/images/extension.png')] = process.argv.slice(2);
const built = await buildPage('test/devtools/page/exposed-page.ts');
const html =
  '<!doctype html><meta charset="utf-8"><title>app</title><link rel="icon" href="data:,"><script type="module" src="/page.js"></script>';
const served = await servePage([built.folder, pathOf('node_modules/sql.js/dist/')], { documents: { '/': html } });
const { page, devtools, panel, close } = await inspectPage(pathOf('dist-extension'), served.url);
await page.waitForFunction(() => window.exposedPage !== undefined);
await page.evaluate(async () => {
  await window.exposedPage?.open('todo app');
  window.exposedPage?.expose('todo app');
  const app = window.exposedPage?.of('todo app');
  app?.refuse(['bread']);
  await app?.add('milk');
  await app?.add('bread');
  await app?.engine.sync();
  for (const id of ['eggs', 'flour']) await app?.add(id);
});
await panel.until(`document.body.innerText.includes('todos/bread')`);
await panel.evaluate(
  `[...document.querySelectorAll('.sc-row')].find((row) => row.innerText.includes('todos/bread')).click()`,
);
await panel.until(`document.querySelector('.sc-detail .sc-note') !== null`);
const size = { width: 1200, height: 640 };
await devtools.call('Emulation.setDeviceMetricsOverride', { ...size, deviceScaleFactor: 1, mobile: false });
await new Promise((resolve) => setTimeout(resolve, 1_500));
const width = await panel.evaluate<number>('innerWidth');
const { data } = await devtools.call('Page.captureScreenshot', {
  clip: { x: size.width - width, y: 0, width, height: size.height, scale: 1 },
});
writeFileSync(file, Buffer.from(String(data), 'base64'));
await close();
await served.close();
await built.remove();
