import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { hazards, promises } from './hazard-sentences.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));

/** The files below some folders whose names end so, as paths from the repository's root. */
export function filesBelow(folders: readonly string[], endings: RegExp): readonly string[] {
  return folders
    .flatMap((folder) => readdirSync(join(root, folder), { recursive: true, withFileTypes: true }))
    .filter((entry) => entry.isFile() && endings.test(entry.name) && !entry.parentPath.includes('node_modules'))
    .map(({ parentPath, name }) => relative(root, join(parentPath, name)).replaceAll('\\', '/'))
    .sort();
}

export const textOf = (path: string): string => readFileSync(join(root, path), 'utf8');

const titled = /\b(?:test|describe|it)(?:\.\w+)*(?:\([^)]*\))?\(\s*(['"`])([\s\S]*?)\1/g;

/** The test files with a title that cites a number, by number. */
function testsByNumber(): ReadonlyMap<string, readonly string[]> {
  const found = new Map<string, string[]>();
  for (const path of filesBelow(['test'], /\.test\.tsx?$/)) {
    const titles = [...textOf(path).matchAll(titled)].map(([, , title = '']) => title).join('\n');
    for (const number of new Set(titles.match(/\b(?:F-\d+|I\d{1,2})\b/g)))
      found.set(number, [...(found.get(number) ?? []), path]);
  }
  return found;
}

/** A page that names many files is read by nobody. */
const shownAtMost = 3;

export function hazardsPage(): string {
  const tests = testsByNumber();
  const cited = (number: string): string => {
    const paths = tests.get(number) ?? [];
    if (paths.length === 0) return 'no test by number';
    const shown = paths.slice(0, shownAtMost).map((path) => `\`${path.slice('test/'.length)}\``);
    const more = paths.length - shown.length;
    return shown.join(', ') + (more > 0 ? `, and ${more} more` : '');
  };
  const table = (rows: readonly (readonly [string, string])[]): string =>
    ['| number | what holds | tests |', '|---|---|---|']
      .concat(rows.map(([number, sentence]) => `| ${number} | ${sentence} | ${cited(number)} |`))
      .join('\n');
  return `# Promises and hazards

The code and the tests cite two kinds of numbers. A *promise* (I1 to I13) holds at all times, whatever happens. A *hazard* (F-01 and on) is one
way in which a sync engine loses data, hangs or misleads; the table says what synchart does about it. A test makes this page from the titles of
the tests, and fails when code or docs cite a number that is not here. The paths of the tests begin in \`test/\`. Numbers such as OP-16 stand in
\`docs/parity.md\` of the repository, and \`PROTOCOL §3\` is section 3 of [protocol.md](protocol.md).

## Promises

${table(promises)}

## Hazards

${table(hazards)}
`;
}
