import { expect, test } from 'vitest';
import { hazards, promises } from './hazard-sentences.ts';
import { filesBelow, hazardsPage, textOf } from './hazards-page.ts';

test('docs: the page lists each promise and hazard with its tests (after a change: npm run docs:hazards)', async () => {
  await expect(hazardsPage()).toMatchFileSnapshot('../../docs/hazards.md');
});

const everything = filesBelow(['src', 'test', 'stories', 'docs', 'examples', 'bench', 'extension'], /\.(tsx?|md)$/);

/** The places that cite a number which nothing explains. */
function unexplained(pattern: RegExp, known: ReadonlySet<string>): readonly string[] {
  return everything.flatMap((path) =>
    [...textOf(path).matchAll(pattern)]
      .map(([number]) => number)
      .filter((number) => !known.has(number))
      .map((number) => `${path}: ${number}`),
  );
}

test('docs: explains every cited promise and hazard', () => {
  expect(unexplained(/\b(?:F-\d+|I\d{1,2})\b/g, new Set([...promises, ...hazards].map(([number]) => number)))).toEqual(
    [],
  );
});

test('docs: the parity table contains every cited behaviour', () => {
  const known = new Set(
    [...textOf('docs/parity.md').matchAll(/^\| ([A-Z]{2,4}-\d+) \|/gm)].map(([, number = '']) => number),
  );
  const letters = new Set([...known].map((number) => number.split('-')[0]));
  const cited = new RegExp(`\\b(?:${[...letters].join('|')})-\\d+\\b`, 'g');
  expect(unexplained(cited, known)).toEqual([]);
});

test('docs: no page or comment refers to a document outside the repository', () => {
  const known = new Set(
    [
      ...filesBelow(['src', 'test', 'stories', 'docs', 'examples', 'bench', 'extension'], /\.md$/),
      'README.md',
      'CHANGELOG.md',
      'CONTRIBUTING.md',
    ].map((path) => path.split('/').at(-1)),
  );
  const broken = everything.flatMap((path) =>
    [...textOf(path).matchAll(/\b([A-Za-z_-]+\.md)\b/g)]
      .map(([, name = '']) => name)
      .filter((name) => !known.has(name))
      .map((name) => `${path}: ${name}`),
  );
  expect(broken).toEqual([]);
});

test('docs: numbers are unique and in order, and few hazards have no test', () => {
  const numbers = hazards.map(([number]) => Number(number.slice(2)));
  expect(numbers).toEqual([...new Set(numbers)].sort((a, b) => a - b));
  expect(hazardsPage().match(/no test by number/g)?.length ?? 0).toBeLessThanOrEqual(12);
});

test('docs: every cited protocol section exists, and nothing cites a document by another name', () => {
  const sections = new Set([...textOf('docs/protocol.md').matchAll(/^## (\d+)\. /gm)].map(([, number]) => number));
  const cited = everything.flatMap((path) =>
    [
      ...textOf(path).matchAll(
        /\b(PROTOCOL|ARCHITECTURE|HAZARDS|BEHAVIOURS|PERFORMANCE|SERVER|BROWSER|API)(?: ?, \*| ?§(\d+)(?:–§(\d+))?)/g,
      ),
    ].map(([text, name, from, to]) => ({
      path,
      text,
      name,
      numbers: [from, to].filter((number) => number !== undefined),
    })),
  );
  const broken = cited.filter(
    ({ name, numbers }) =>
      name !== 'PROTOCOL' || numbers.length === 0 || numbers.some((number) => !sections.has(number)),
  );
  expect(broken.map(({ path, text }) => `${path}: ${text}`)).toEqual([]);
  expect(cited.length).toBeGreaterThan(50);
});
