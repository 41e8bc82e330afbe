import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const root = fileURLToPath(new URL('../../', import.meta.url));
const text = readFileSync(`${root}CONTRIBUTING.md`, 'utf8');
const scripts = Object.keys(
  (JSON.parse(readFileSync(`${root}package.json`, 'utf8')) as { readonly scripts: object }).scripts,
);

/** What stands in code spans and code blocks, word by word, and where links lead. */
const words = [...text.matchAll(/```sh\n([^]*?)```|`([^`\n]+)`/g)].flatMap(([, block, span]) =>
  (block ?? span ?? '').replaceAll(/#.*$/gm, '').split(/\s+/),
);
const links = [...text.matchAll(/\]\(([^)#]+)/g)].map(([, target]) => target ?? '');
const isPath = (word: string): boolean =>
  /^\.?[\w-]+(\/[\w.-]+)+\/?$/.test(word) || /^\.?[\w.-]+\.(md|ts|cjs|json)$/.test(word);
/** Names of files that must not exist. */
const unwanted = ['utils.ts', 'index.ts'];

test('docs: every path that CONTRIBUTING.md names exists', () => {
  const paths = [...new Set([...words.filter(isPath), ...links])].filter((path) => !unwanted.includes(path));
  expect(paths.length).toBeGreaterThan(60);
  expect(paths.filter((path) => !existsSync(root + path))).toEqual([]);
});

test('docs: every script that CONTRIBUTING.md names exists', () => {
  const named = [...text.matchAll(/npm run ([\w:]+)/g)].map(([, name]) => name ?? '');
  expect(named.length).toBeGreaterThan(10);
  expect(named.filter((name) => !scripts.includes(name))).toEqual([]);
});

test('docs: the workflow runs the checks that a change must pass', () => {
  expect(readFileSync(`${root}.github/workflows/ci.yml`, 'utf8')).toMatch(/^ +- run: \.ci\/run$/m);
});
