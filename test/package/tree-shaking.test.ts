import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { buildPage } from '../support/build-page.ts';

/** Texts that only the devtools have: of the panel, of the agent, of their packages. */
const marks = ['sc-tabs', 'synchart-bundle', '"attachDevtools")', 'react-flow', 'org.eclipse.elk'];

async function bundled(isDevelopment: boolean): Promise<string> {
  const page = await buildPage('test/package/app-page.ts', { __DEVELOPMENT__: String(isDevelopment) });
  onTestFinished(page.remove);
  const files = await readdir(page.folder);
  return (await Promise.all(files.map((file) => readFile(join(page.folder, file), 'utf8')))).join('\n');
}

test('I13: an app that mounts the devtools in development only has nothing of them in production', {
  timeout: 240_000,
}, async () => {
  const [development, production] = [await bundled(true), await bundled(false)];
  expect(marks.filter((mark) => !development.includes(mark))).toEqual([]);
  expect(marks.filter((mark) => production.includes(mark))).toEqual([]);
  expect(production).toContain('createSyncEngine');
});
