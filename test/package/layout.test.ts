import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const root = fileURLToPath(new URL('../../', import.meta.url));
const maxLines = 500;
const maxFiles = 20;

const filesUnder = (folder: string): string[] =>
  readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !entry.parentPath.includes('node_modules'))
    .map((entry) => relative(root, join(entry.parentPath, entry.name)).replaceAll('\\', '/'));

const sources = filesUnder('src').filter((file) => /\.tsx?$/.test(file));
/** With all folders inside them. */
const foldersOfSrc = [
  ...new Set(sources.flatMap((file) => [...file.matchAll(/\//g)].map(({ index }) => file.slice(0, index)))),
].filter((folder) => folder !== 'src');
const tests = filesUnder('test').filter((file) => file.endsWith('.test.ts'));
const read = (file: string): string => readFileSync(join(root, file), 'utf8');
const having = (files: readonly string[], pattern: RegExp): string[] =>
  files.filter((file) => pattern.test(read(file)));

test('layout: every folder of src has a README that describes its content', () => {
  expect(foldersOfSrc.filter((folder) => !existsSync(join(root, folder, 'README.md')))).toEqual([]);
});

test('layout: a folder of src holds few files, so that its names are readable at a glance', () => {
  const filesIn = (folder: string): number =>
    sources.filter((file) => file.slice(0, file.lastIndexOf('/')) === folder).length;
  expect(foldersOfSrc.filter((folder) => filesIn(folder) > maxFiles)).toEqual([]);
});

test('layout: store tests lie in folders named like those of the store', () => {
  const folderOf = (file: string): string => file.slice('test/persistence/'.length, file.lastIndexOf('/'));
  const ofStore = tests.filter((file) => file.startsWith('test/persistence/'));
  expect(ofStore.filter((file) => !foldersOfSrc.includes(`src/persistence/${folderOf(file)}`))).toEqual([]);
});

test('layout: a file has one purpose, so it stays short', () => {
  const long = sources.filter((file) => read(file).split('\n').length > maxLines);
  expect(long).toEqual([]);
});

test('layout: files have kebab-case names after their content, never catch-all names', () => {
  const misnamed = sources.filter(
    (file) => !/^[a-z0-9]+(-[a-z0-9]+)*\.tsx?$/.test(file.slice(file.lastIndexOf('/') + 1)),
  );
  const drawers = sources.filter((file) => /\/(utils?|helpers?|types|common|misc)\.tsx?$/.test(file));
  expect([...misnamed, ...drawers]).toEqual([]);
});

test('layout: the sources contain no unfinished work', () => {
  expect(having(sources, /\b(TODO|FIXME|XXX|HACK)\b/)).toEqual([]);
});

test('layout: no check is disabled', () => {
  expect(
    having(
      [...sources, ...tests.filter((file) => file !== 'test/package/layout.test.ts')],
      /eslint-disable|@ts-ignore|@ts-nocheck|biome-ignore/,
    ),
  ).toEqual([]);
});

test('layout: no test is skipped, focused or a todo', () => {
  const suspended = /\b(it|test|describe|suite)\.(skip|only|todo|fails|skipIf|runIf)\b|\bxit\(|\bxdescribe\(/;
  expect(having(tests, suspended)).toEqual([]);
});

test('layout: one module each creates ids and turns, which supports pages on plain HTTP and fake timers', () => {
  const outside = (homes: readonly string[], pattern: RegExp): string[] =>
    having(sources, pattern).filter((file) => !homes.includes(file));
  const nodeOnly = ['src/testing/test-server-http.ts'];
  expect(outside(['src/model/platform/random-id.ts', ...nodeOnly], /(?<!such as crypto\.)\brandomUUID\b/)).toEqual([]);
  expect(outside(['src/model/platform/yield-turn.ts'], /\bsetImmediate\b/)).toEqual([]);
  expect(outside(['src/model/platform/after-this-call.ts'], /\bqueueMicrotask\b/)).toEqual([]);
});
