import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { mutants } from '../mutants/mutants.ts';

const pathOf = (path: string): string => fileURLToPath(new URL(`../../${path}`, import.meta.url));
const source = (file: string): string => readFileSync(pathOf(`src/${file}`), 'utf8');

test('planted faults: the text that each one changes occurs exactly once in the sources', () => {
  const lost = mutants.flatMap(({ fault, file, edits }) =>
    edits
      .filter(([from]) => source(file).split(from).length !== 2)
      .map(([from]) => `${fault}: '${from}' does not occur exactly once in src/${file}`),
  );
  expect(lost).toEqual([]);
});

test('planted faults: the tests that should catch each one exist', () => {
  const missing = mutants.flatMap(({ tests }) => tests.filter((file) => !existsSync(pathOf(`test/${file}`))));
  expect([...new Set(missing)]).toEqual([]);
});
