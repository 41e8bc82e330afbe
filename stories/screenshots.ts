/**
 * Takes a picture of every story: `npx storybook build && npx tsx stories/screenshots.ts [folder] [part of a story's id]`. Pictures go to
 * `storybook-static/screenshots` unless told otherwise.
 */
import { mkdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { extname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright';
import { chromiumArguments, findChromium } from '../test/support/find-chromium.ts';

const root = fileURLToPath(new URL('../storybook-static/', import.meta.url));
const [folder = join(root, 'screenshots'), part = ''] = process.argv.slice(2);
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

const index = JSON.parse(readFileSync(join(root, 'index.json'), 'utf8')) as { entries: Record<string, { id: string; type: string }> };
const stories = Object.values(index.entries).filter(({ id, type }) => type === 'story' && id.includes(part));
mkdirSync(folder, { recursive: true });
const browser = await chromium.launch({ executablePath: findChromium(), args: [...chromiumArguments] });
const page = await browser.newPage({ viewport: { width: 1200, height: 600 }, deviceScaleFactor: 1 });
for (const { id } of stories) {
  await page.goto(`http://127.0.0.1:${address.port}/iframe.html?id=${id}&viewMode=story`);
  await page.locator('#storybook-root > *').first().waitFor();
  await page.waitForLoadState('networkidle');
  // Play functions run on their own; what they click is to be seen.
  await page.waitForTimeout(1_500);
  await page.screenshot({ path: join(folder, `${id}.png`) });
  process.stdout.write(`${id}\n`);
}
await browser.close();
server.close();
