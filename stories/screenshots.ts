/**
 * Takes a picture of every story: `npx storybook build && npx tsx stories/screenshots.ts [folder] [part of a story's
 * id]`. Pictures go to `storybook-static/screenshots` unless told otherwise. With `readme` in the place of the folder,
 * those that the README shows, to `docs/images`.
 */
import { mkdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { extname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright';
import { chromiumArguments, findChromium } from '../test/support/find-chromium.ts';

const root = fileURLToPath(new URL('../storybook-static/', import.meta.url));
/** What the README shows, by the names of its pictures. */
const pictures: Readonly<Record<string, string>> = {
  'devtools-outbox--operation-opened': 'outbox',
  'devtools-chart--pushing': 'chart',
};
const [given = join(root, 'screenshots'), part = ''] = process.argv.slice(2);
const isForReadme = given === 'readme';
const folder = isForReadme ? fileURLToPath(new URL('../docs/images/', import.meta.url)) : given;
const types: Readonly<Record<string, string>> = {
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.json': 'application/json',
  '.svg': 'image/svg+xml',
};

const server = createServer((request, response) => {
  const path = normalize(decodeURIComponent((request.url ?? '/').split('?')[0] ?? '/')).replace(/^(\.\.[/\\])+/, '');
  try {
    const body = readFileSync(join(root, path === '/' ? 'index.html' : path));
    response.writeHead(200, { 'content-type': types[extname(path)] ?? 'application/octet-stream' }).end(body);
  } catch {
    response.writeHead(404).end();
  }
});
await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
const address = server.address();
if (address === null || typeof address === 'string') throw new Error('the server of the stories has no port');

const index = JSON.parse(readFileSync(join(root, 'index.json'), 'utf8')) as {
  entries: Record<string, { id: string; type: string }>;
};
const stories = Object.values(index.entries).filter(
  ({ id, type }) => type === 'story' && (isForReadme ? id in pictures : id.includes(part)),
);
mkdirSync(folder, { recursive: true });
const browser = await chromium.launch({ executablePath: findChromium(), args: [...chromiumArguments] });
const page = await browser.newPage({ deviceScaleFactor: 1 });
for (const { id } of stories) {
  await page.setViewportSize({ width: id.endsWith('wide') ? 1600 : 1200, height: 900 });
  await page.goto(`http://127.0.0.1:${address.port}/iframe.html?id=${id}&viewMode=story`);
  const panel = page.locator('#storybook-root > *').first();
  await panel.waitFor();
  await page.waitForLoadState('networkidle');
  // Play functions run on their own; what they click is to be seen.
  await page.waitForTimeout(1_500);
  const path = join(folder, `${pictures[isForReadme ? id : ''] ?? id}.png`);
  // An open dialog is in the middle of the page, not of the panel.
  if ((await page.locator('dialog[open]').count()) > 0) await page.screenshot({ path });
  else await panel.screenshot({ path });
  process.stdout.write(`${id}\n`);
}
await browser.close();
server.close();
